using Kalends.Availability;

namespace Kalends.Storage.Sqlite;

/// <summary>The first look of a query about availability. No round trips here, so nothing is saved by ending the moment with it.</summary>
internal sealed class AvailabilityRows(SqliteSession session) : IAvailabilityRows
{
    /// <summary>Nobody may put another file in the place of one that is open.</summary>
    private const string TheFile = "file";

    public async ValueTask<FirstLook> Look(LookFor wanted)
    {
        var calendars = await new CalendarRows(session).Find([.. wanted.Calendars.Append(wanted.Caller)]);
        List<long> keys = [.. wanted.Calendars.Where(calendars.ContainsKey).Select(id => calendars[id].Key)];
        return new(calendars, wanted.Now is { } now ? await new AttendanceRows(session).Held(keys, wanted.From, wanted.To, now) : []) { Lineage = TheFile };
    }

    public ValueTask<FirstLook> Glance(LookFor wanted) => Look(wanted);
}
