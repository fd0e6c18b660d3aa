using Kalends.Storage;

namespace Kalends.Availability;

/// <summary>
/// Attendances and open hours out of a look that is whole, in the place of the store's own, which are asked for all else. Everything is
/// as they would answer it, so that queries need not know.
/// </summary>
internal sealed class CachedRows(CachedLook look, IAttendanceRows rows, IOpenHoursRows openHours) : IAttendanceRows, IOpenHoursRows
{
    private readonly Dictionary<Guid, string?> titles = [];

    public ValueTask Scan(IReadOnlyList<long> calendars, long from, long to, Action<BlockingTime> visit)
    {
        if (!look.Covers(calendars, from, to))
        {
            return rows.Scan(calendars, from, to, visit);
        }

        foreach (var calendar in calendars)
        {
            look.Scan(calendar, SpanOf(from, to), visit);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<Attendance>> Page(
        IReadOnlyList<long> calendars, long from, long to, bool blockingOnly, AttendancePlace? after, int limit)
    {
        if (!blockingOnly || !look.Covers(calendars, from, to))
        {
            return rows.Page(calendars, from, to, blockingOnly, after, limit);
        }

        var page = new List<Attendance>();
        for (var place = after?.Calendar ?? 0; place < calendars.Count && page.Count < limit; place++)
        {
            // Of those before it in time nobody knows the names.
            page.AddRange(look.Blocks(calendars[place], SpanOf(from, to)).SkipWhile(block => place == after?.Calendar && IsBefore(after, block))
                .Select(block => Named(calendars[place], block))
                .Where(row => place != after?.Calendar || new AttendancePlace(place, row.From, row.To, row.Appointment).IsAfter(after))
                .Take(limit - page.Count));
        }

        return ValueTask.FromResult<IReadOnlyList<Attendance>>(page);
    }

    public ValueTask<IReadOnlyDictionary<Guid, string>> Titles(IReadOnlyCollection<Guid> appointments) =>
        !appointments.All(titles.ContainsKey)
            ? rows.Titles(appointments)
            : ValueTask.FromResult<IReadOnlyDictionary<Guid, string>>(
                appointments.Where(id => titles[id] is not null).Distinct().ToDictionary(id => id, id => titles[id]!));

    public ValueTask<IReadOnlyList<OpenHoursRow>> Find(IReadOnlyCollection<long> calendars) => !look.Covers(calendars)
        ? openHours.Find(calendars)
        : ValueTask.FromResult<IReadOnlyList<OpenHoursRow>>([.. calendars.Select(look.OpenHoursOf).OfType<OpenHoursRow>()]);

    public ValueTask<IReadOnlyList<Attendance>> Overlapping(IReadOnlyList<long> calendars, long from, long to, bool blockingOnly) =>
        rows.Overlapping(calendars, from, to, blockingOnly);

    public ValueTask<IReadOnlyList<HeldTime>> Held(IReadOnlyList<long> calendars, long from, long to, long now) => rows.Held(calendars, from, to, now);

    public ValueTask<Hold?> FindHold(Guid id) => rows.FindHold(id);

    public ValueTask<long> CountHolds(CalendarId person, long now) => rows.CountHolds(person, now);

    private Attendance Named(long calendar, (BusyFortnight Fortnight, int Index) block)
    {
        var named = block.Fortnight.NameOf(block.Index)
            ?? throw new InvalidOperationException("a page asks for more names than the look before it said");
        titles[named.Appointment] = named.Title;
        return new(
            calendar, block.Fortnight.From(block.Index), block.Fortnight.To(block.Index),
            named.Appointment, named.Busyness, named.Privacy, named.Owner, named.AllDay);
    }

    private static bool IsBefore(AttendancePlace after, (BusyFortnight Fortnight, int Index) block) =>
        (block.Fortnight.From(block.Index), block.Fortnight.To(block.Index)).CompareTo((after.From, after.To)) < 0;

    private static (long From, long To) SpanOf(long from, long to) => (from, Math.Max(to, from + 1));
}
