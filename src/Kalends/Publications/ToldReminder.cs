using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Messages;
using Kalends.Messages.Json;
using Kalends.Reminders;
using Kalends.Storage;

namespace Kalends.Publications;

/// <summary>
/// What became of a reminder, told to whom it was for and to who sees the appointment's details in their calendar; to all others it is not told at all.
/// </summary>
internal sealed class ToldReminder(PublishedEntry published, CloudEventData data, AppointmentRow? row)
{
    public static CalendarId CalendarOf(PublishedEntry published) => DataOf(published).Calendar!.Value;

    /// <summary>By the numbers of their publications.</summary>
    public static async ValueTask<IReadOnlyDictionary<long, ToldReminder>> Of(IReadSession session, IEnumerable<PlacedEntry> entries)
    {
        var told = entries.Where(entry => entry.Change is null).Select(entry => (entry.Published, Data: DataOf(entry.Published))).ToList();
        var rows = told.Count == 0
            ? new Dictionary<Guid, AppointmentRow>()
            : await session.Rows<IAppointmentRows>().Find([.. told.Select(one => one.Data.Id).Distinct()]);
        return told.ToDictionary(one => one.Published.Seq, one => new ToldReminder(one.Published, one.Data, rows.GetValueOrDefault(one.Data.Id)));
    }

    /// <summary>An appointment that is there no more is as good as secret.</summary>
    public (string Type, byte[] Json)? Show(Sight sight, Caller caller, FeedFilter filter)
    {
        var calendar = data.Calendar!.Value;
        var seen = calendar == caller.Person ? Seen.Details
            : sight.Of(sight.On(calendar), row?.Privacy ?? Privacy.Secret, row?.Owner ?? AskedCalendars.NoKey);
        return seen == Seen.Details && filter.Takes(calendar) && filter.Types?.Contains(published.Type) != false
            ? (published.Type, CloudEvent.Full(published))
            : null;
    }

    private static CloudEventData DataOf(PublishedEntry published) => WireJson.Read<CloudEventData>(published.Data);
}
