using Kalends.Availability;
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

        var byCalendar = found.ToLookup(row => row.Calendar);
        return [.. calendars.SelectMany(calendar => InOrder(byCalendar[calendar].Concat(beyond.Between(calendar, from, to, blockingOnly))))];
    }

    public async ValueTask Scan(IReadOnlyList<long> calendars, long from, long to, Action<BlockingTime> visit)
    {
        if (await BeyondHorizons.Find(series, calendarRows, calendars, to) is not { } beyond)
        {
            await stored.Scan(calendars, from, to, visit);
            return;
        }

        foreach (var calendar in calendars)
        {
            await stored.Scan([calendar], from, to, visit);
            foreach (var row in beyond.Between(calendar, from, to, blockingOnly: true).OrderBy(attendance => attendance.From))
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

        var byCalendar = found.ToLookup(row => row.Calendar);
        var page = new List<Attendance>();
        for (var place = after?.Calendar ?? 0; place < calendars.Count && page.Count < limit; place++)
        {
            var (calendar, at) = (calendars[place], place == after?.Calendar ? after : null);
            var more = beyond.InOrder(calendar, Math.Max(from, at?.From ?? from), to, blockingOnly)
                .Where(row => row.Overlaps(from, to) && (at is null || new AttendancePlace(place, row.From, row.To, row.Appointment).IsAfter(at)));
            page.AddRange(InOrder(byCalendar[calendar].Concat(more.Take(limit - page.Count))).Take(limit - page.Count));
        }

        return page;
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

    private static IEnumerable<Attendance> InOrder(IEnumerable<Attendance> ofOneCalendar) =>
        ofOneCalendar.OrderBy(row => row.From).ThenBy(row => row.To).ThenBy(row => row.Appointment);
}
