using Kalends.Messages;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Availability;

/// <summary>
/// Who of up to 500 people is taken in a timespan, and by what. Only people who have any; each appointment on its own; held time
/// comes without an appointment. Titles only where the caller may see them. With a rule the timespan is the first occurrence of a series,
/// and every occurrence is looked at, up to five years ahead.
/// </summary>
public sealed record CheckForConflicts : PagedQuery<FoundConflicts>, IShowsCalendars
{
    public const int MostIgnored = 1_000;

    /// <summary>Rows that one page of a series' check looks through; where it ends before it is full, the cursor goes on.</summary>
    private const int MostReadForSeries = 200_000;

    private const int PerReadForSeries = 5_000;

    public required Timespan Timespan { get; init; }

    public required IReadOnlyList<CalendarId> Attendees { get; init; }

    /// <summary>Appointments to look past, such as the one that is being moved.</summary>
    public IReadOnlyList<Guid>? Ignore { get; init; }

    /// <summary>RRULE of a series whose first occurrence is the timespan.</summary>
    public string? Rule { get; init; }

    /// <summary>On whose wall the rule is read; the caller's own calendar's when absent.</summary>
    public string? TimeZone { get; init; }

    IEnumerable<CalendarId> IShowsCalendars.Shown => Attendees;

    public override void Validate(Errors errors)
    {
        base.Validate(errors);
        QueryLimits.Check(Timespan, errors);
        QueryLimits.Check(Attendees, errors);
        errors.AtMost(MostIgnored, Ignore?.Count ?? 0, "ignore");
        errors.Require(TimeZone is null || Zones.Canonical(TimeZone) is not null, "timeZone", "is not a time zone that IANA or Windows knows");
        errors.Require(TimeZone is null || Rule is not null, "timeZone", "says how a rule is read; give the rule, or leave it out");
    }

    public override async ValueTask<Outcome<FoundConflicts>> Execute(QueryContext context)
    {
        var cursor = await Cursors.Read<FoundConflicts, AttendancePlace>(this, context);
        if (cursor.Refusal is { } refusal)
        {
            return refusal;
        }

        if (Rule is null)
        {
            var (from, to) = (Timespan.From.ToUnixTimeSeconds(), Timespan.To.ToUnixTimeSeconds());
            var taken = await AskedCalendars.Look(context, Attendees, (from, to), MostRead, cursor.Value);
            return await Answer(context, taken, (from, to), taken.Held, null, cursor.Value);
        }

        var asked = await AskedCalendars.Find(context, Attendees);
        var series = WantedSeries.Of(Rule, Zones.Canonical(TimeZone ?? asked.ViewerZone)!, Timespan);
        if (series.Refusal is { } unfit)
        {
            return unfit;
        }

        var span = (series.Value.From, series.Value.To);
        var held = await context.Rows<IAttendanceRows>().Held(asked.Keys, span.From, span.To, context.Now.ToUnixTimeSeconds());
        return await Answer(context, asked, span, held, series.Value, cursor.Value);
    }

    /// <summary>
    /// Rows that are read, at most, for a page of single appointments: each ignored one may lie in every calendar, and then the reading goes on by
    /// a page.
    /// </summary>
    private int MostRead => LimitInForce + 1 + (Ignore is { Count: > 0 } ignored ? LimitInForce + 1 + (ignored.Count * Attendees.Count) : 0);

    private async ValueTask<FoundConflicts> Answer(
        QueryContext context, AskedCalendars asked, (long From, long To) span, IReadOnlyList<HeldTime> held, WantedSeries? series, AttendancePlace? after)
    {
        var blocking = new BlockingPage(LimitInForce, after);
        await Read(context, asked, span, series, blocking);
        var page = blocking.Rows(out var next);
        var heldOnPage = held.Where(hold =>
            IsOnPage(asked.PlaceOf(hold), after, next) && (series is null || series.Meeting(hold.From, hold.To) is not null));
        return new FoundConflicts(
            await Show(context.Rows<IAttendanceRows>(), asked, series, page, heldOnPage), asked.UnknownOrNull, series?.CheckedUntil,
            next is null ? null : await Cursors.Write(this, context, next));
    }

    /// <summary>Reads on past what is to be ignored, and what no occurrence meets, until the page is full and one more, or nothing is left.</summary>
    private async ValueTask Read(
        QueryContext context, AskedCalendars asked, (long From, long To) span, WantedSeries? series, BlockingPage page)
    {
        var ignored = Ignore?.ToHashSet() ?? [];
        var (wanted, most) = series is null ? (LimitInForce + 1, int.MaxValue) : (PerReadForSeries, MostReadForSeries);
        for (var read = 0; !page.IsFull;)
        {
            context.Stopped.ThrowIfCancellationRequested();
            var found = await context.Rows<IAttendanceRows>().Page(asked.Keys, span.From, span.To, true, page.At, wanted);
            foreach (var attendance in found.TakeWhile(_ => !page.IsFull))
            {
                var counts = !ignored.Contains(attendance.Appointment) && (series is null || series.Meeting(attendance.From, attendance.To) is not null);
                page.Pass(attendance, asked.PlaceOf(attendance), counts);
            }

            read += found.Count;
            if (found.Count < wanted)
            {
                return;
            }

            if (read >= most)
            {
                page.BreakOff();
                return;
            }
        }
    }

    private static bool IsOnPage(AttendancePlace place, AttendancePlace? after, AttendancePlace? last) =>
        (after is null || place.IsAfter(after)) && (last is null || !place.IsAfter(last));

    private static async ValueTask<List<CalendarConflicts>> Show(
        IAttendanceRows rows, AskedCalendars asked, WantedSeries? series, List<Attendance> page, IEnumerable<HeldTime> held)
    {
        var shown = page.Where(attendance => asked.Sight.Of(attendance, asked.IdOf(attendance.Calendar)) == Seen.Details)
            .Select(attendance => attendance.Appointment).ToHashSet();
        var titles = await rows.Titles(shown);
        var busy = page.Select(attendance => (attendance.Calendar, Busy: new ConflictingTime(
                CalendarTimelines.InstantOf(attendance.From), CalendarTimelines.InstantOf(attendance.To),
                shown.Contains(attendance.Appointment) ? attendance.Appointment : null,
                shown.Contains(attendance.Appointment) ? titles.GetValueOrDefault(attendance.Appointment) : null,
                series?.Meeting(attendance.From, attendance.To))))
            .Concat(held.Select(hold => (hold.Calendar, Busy: new ConflictingTime(
                CalendarTimelines.InstantOf(hold.From), CalendarTimelines.InstantOf(hold.To), null, null, series?.Meeting(hold.From, hold.To)))))
            .ToLookup(pair => pair.Calendar, pair => pair.Busy);
        return [.. asked.Visible.Zip(asked.Keys).Where(pair => busy.Contains(pair.Second))
            .Select(pair => new CalendarConflicts(pair.First, [.. busy[pair.Second].OrderBy(time => time.From)]))];
    }
}

/// <summary>A page of rows that count, while it is read: up to the limit and one more, which says that another page follows.</summary>
internal sealed class BlockingPage(int limit, AttendancePlace? after)
{
    private readonly List<Attendance> rows = [];
    private AttendancePlace? lastShown = after;
    private bool brokenOff;

    /// <summary>How far was read.</summary>
    public AttendancePlace? At { get; private set; } = after;

    public bool IsFull => rows.Count > limit;

    public void Pass(Attendance row, AttendancePlace place, bool counts)
    {
        At = place;
        if (counts)
        {
            rows.Add(row);
            lastShown = rows.Count <= limit ? place : lastShown;
        }
    }

    /// <summary>Ends it though it is not full; the next page begins where this one was left.</summary>
    public void BreakOff() => brokenOff = true;

    /// <summary>What it shows, and where it ends when another follows.</summary>
    public List<Attendance> Rows(out AttendancePlace? next)
    {
        next = IsFull ? lastShown : brokenOff ? At : null;
        return IsFull ? rows[..limit] : rows;
    }
}

/// <summary><see cref="CheckedUntil"/>: how far a series was looked at that goes on beyond.</summary>
public sealed record FoundConflicts(
    IReadOnlyList<CalendarConflicts> Conflicts, IReadOnlyList<UnknownCalendar>? Unknown, Instant? CheckedUntil, string? Cursor);

public sealed record CalendarConflicts(CalendarId Calendar, IReadOnlyList<ConflictingTime> Busy);

/// <summary><see cref="Occurrence"/>: which occurrence of the series asked about it stands in the way of, the first if there are several.</summary>
public readonly record struct ConflictingTime(Instant From, Instant To, Guid? Appointment, string? Title, LocalDateTime? Occurrence);
