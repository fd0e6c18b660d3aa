using Kalends.Messages;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Availability;

/// <summary>
/// Who of up to 500 people is taken in a timespan, and by what. Only people who have any; each appointment on its own; held time
/// comes without an appointment. Titles only where the caller may see them.
/// </summary>
public sealed record CheckForConflicts : PagedQuery<FoundConflicts>
{
    public const int MostIgnored = 1_000;

    public required Timespan Timespan { get; init; }

    public required IReadOnlyList<CalendarId> Attendees { get; init; }

    /// <summary>Appointments to look past, such as the one that is being moved.</summary>
    public IReadOnlyList<Guid>? Ignore { get; init; }

    public override void Validate(Errors errors)
    {
        base.Validate(errors);
        QueryLimits.Check(Timespan, errors);
        QueryLimits.Check(Attendees, errors);
        errors.AtMost(MostIgnored, Ignore?.Count ?? 0, "ignore");
    }

    public override async ValueTask<Outcome<FoundConflicts>> Execute(QueryContext context)
    {
        var cursor = Cursors.Read<FoundConflicts, AttendancePlace>(this, context);
        if (cursor.Refusal is { } refusal)
        {
            return refusal;
        }

        var asked = await AskedCalendars.Find(context, Attendees);
        var (from, to) = (Timespan.From.ToUnixTimeSeconds(), Timespan.To.ToUnixTimeSeconds());
        var rows = context.Rows<IAttendanceRows>();
        var blocking = await Blocking(rows, asked, (from, to), cursor.Value);
        var more = blocking.Count > LimitInForce;
        var page = more ? blocking[..LimitInForce] : blocking;
        var next = more ? asked.PlaceOf(page[^1]) : null;
        var held = (await rows.Held(asked.Keys, from, to, context.Now.ToUnixTimeSeconds()))
            .Where(hold => IsOnPage(asked.PlaceOf(hold), cursor.Value, next));
        return new FoundConflicts(
            await Show(rows, asked, page, held), asked.UnknownOrNull, next is null ? null : Cursors.Write(this, context, next));
    }

    /// <summary>Reads on past what is to be ignored until the page is full and one more, or nothing is left.</summary>
    private async ValueTask<List<Attendance>> Blocking(IAttendanceRows rows, AskedCalendars asked, (long From, long To) span, AttendancePlace? after)
    {
        var ignored = Ignore?.ToHashSet() ?? [];
        var blocking = new List<Attendance>();
        var wanted = LimitInForce + 1;
        while (true)
        {
            var found = await rows.Page(asked.Keys, span.From, span.To, true, after, wanted);
            blocking.AddRange(found.Where(attendance => !ignored.Contains(attendance.Appointment)));
            if (found.Count < wanted || blocking.Count >= wanted)
            {
                return blocking.Count > wanted ? blocking[..wanted] : blocking;
            }

            after = asked.PlaceOf(found[^1]);
        }
    }

    private static bool IsOnPage(AttendancePlace place, AttendancePlace? after, AttendancePlace? last) =>
        (after is null || place.IsAfter(after)) && (last is null || !place.IsAfter(last));

    private static async ValueTask<List<CalendarConflicts>> Show(
        IAttendanceRows rows, AskedCalendars asked, List<Attendance> page, IEnumerable<HeldTime> held)
    {
        var shown = page.Where(attendance => asked.Sight.Of(attendance, asked.IdOf(attendance.Calendar)) == Seen.Details)
            .Select(attendance => attendance.Appointment).ToHashSet();
        var titles = await rows.Titles(shown);
        var busy = page.Select(attendance => (attendance.Calendar, Busy: new ConflictingTime(
                CalendarTimelines.InstantOf(attendance.From), CalendarTimelines.InstantOf(attendance.To),
                shown.Contains(attendance.Appointment) ? attendance.Appointment : null,
                shown.Contains(attendance.Appointment) ? titles.GetValueOrDefault(attendance.Appointment) : null)))
            .Concat(held.Select(hold => (hold.Calendar, Busy: new ConflictingTime(
                CalendarTimelines.InstantOf(hold.From), CalendarTimelines.InstantOf(hold.To), null, null))))
            .ToLookup(pair => pair.Calendar, pair => pair.Busy);
        return [.. asked.Visible.Zip(asked.Keys).Where(pair => busy.Contains(pair.Second))
            .Select(pair => new CalendarConflicts(pair.First, [.. busy[pair.Second].OrderBy(time => time.From)]))];
    }
}

public sealed record FoundConflicts(IReadOnlyList<CalendarConflicts> Conflicts, IReadOnlyList<UnknownCalendar>? Unknown, string? Cursor);

public sealed record CalendarConflicts(CalendarId Calendar, IReadOnlyList<ConflictingTime> Busy);

public readonly record struct ConflictingTime(Instant From, Instant To, Guid? Appointment, string? Title);
