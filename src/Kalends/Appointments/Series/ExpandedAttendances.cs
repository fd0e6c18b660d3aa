using Kalends.Availability;
using Kalends.Messages.Json;
using Kalends.Storage;

namespace Kalends.Appointments;

/// <summary>
/// Attendances as far as anybody asks: those that are stored, and beyond a series' horizon those that follow from its rules. What ends
/// before any horizon, as nearly every query does, costs one look more. Put in front of the store's own rows by each store.
/// </summary>
public sealed class ExpandedAttendances(
    IAttendanceRows stored, ISeriesRows series, ICalendarRows calendarRows, IAppointmentRows appointmentRows) : IAttendanceRows
{
    public async ValueTask<IReadOnlyList<Attendance>> Overlapping(IReadOnlyList<long> calendars, long from, long to, bool blockingOnly)
    {
        var found = await stored.Overlapping(calendars, from, to, blockingOnly);
        var beyond = await BeyondHorizons.Find(series, calendarRows, calendars, to);
        if (beyond is null)
        {
            return found;
        }

        var more = beyond.Between(from, to, blockingOnly);
        return [.. InOrder(calendars, found.Concat(more))];
    }

    public async ValueTask Scan(IReadOnlyList<long> calendars, long from, long to, Action<BlockingTime> visit)
    {
        if (await BeyondHorizons.Find(series, calendarRows, calendars, to) is not { } beyond)
        {
            await stored.Scan(calendars, from, to, visit);
            return;
        }

        var more = beyond.Between(from, to, blockingOnly: true).ToLookup(attendance => attendance.Calendar);
        foreach (var calendar in calendars)
        {
            await stored.Scan([calendar], from, to, visit);
            foreach (var row in more[calendar].OrderBy(attendance => attendance.From))
            {
                visit(new(calendar, row.From, row.To, row.Busyness, row.Privacy, row.Owner));
            }
        }
    }

    public async ValueTask<IReadOnlyList<Attendance>> Page(
        IReadOnlyList<long> calendars, long from, long to, bool blockingOnly, AttendancePlace? after, int limit)
    {
        var found = await stored.Page(calendars, from, to, blockingOnly, after, limit);
        if (await BeyondHorizons.Find(series, calendarRows, calendars, to) is not { } beyond)
        {
            return found;
        }

        var places = PlacesOf(calendars);
        AttendancePlace PlaceOf(Attendance row) => new(places[row.Calendar], row.From, row.To, row.Appointment);
        var more = beyond.Between(from, to, blockingOnly, row => after is null || PlaceOf(row).IsAfter(after), limit);
        return [.. InOrder(calendars, found.Concat(more)).Take(limit)];
    }

    public ValueTask<IReadOnlyList<HeldTime>> Held(IReadOnlyList<long> calendars, long from, long to, long now) => stored.Held(calendars, from, to, now);

    public ValueTask<Hold?> FindHold(Guid id) => stored.FindHold(id);

    public ValueTask<long> CountHolds(CalendarId person, long now) => stored.CountHolds(person, now);

    public async ValueTask<IReadOnlyDictionary<Guid, string>> Titles(IReadOnlyCollection<Guid> appointments)
    {
        var found = await stored.Titles(appointments);
        var missing = found.Count == appointments.Count ? [] : appointments.Where(id => !found.ContainsKey(id) && OccurrenceIds.MayBe(id)).ToList();
        if (missing.Count == 0)
        {
            return found;
        }

        var rows = await appointmentRows.Find(missing);
        return found.Concat(rows.Where(pair => pair.Value.Title is not null).Select(pair => KeyValuePair.Create(pair.Key, pair.Value.Title!))).ToDictionary();
    }

    private static IEnumerable<Attendance> InOrder(IReadOnlyList<long> calendars, IEnumerable<Attendance> attendances)
    {
        var places = PlacesOf(calendars);
        return attendances.OrderBy(row => places[row.Calendar]).ThenBy(row => row.From).ThenBy(row => row.To).ThenBy(row => row.Appointment);
    }

    private static Dictionary<long, int> PlacesOf(IReadOnlyList<long> calendars) =>
        calendars.Select((key, place) => (key, place)).DistinctBy(pair => pair.key).ToDictionary(pair => pair.key, pair => pair.place);
}
