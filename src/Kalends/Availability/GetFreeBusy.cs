using Kalends.Messages;
using Kalends.Storage;
using Kalends.Time;

namespace Kalends.Availability;

/// <summary>When each of up to 500 calendars is busy and when it is closed, merged and sorted, and never what with.</summary>
public sealed record GetFreeBusy : Query<FreeBusy>, IShowsCalendars
{
    public required Timespan Timespan { get; init; }

    public required IReadOnlyList<CalendarId> Attendees { get; init; }

    IEnumerable<CalendarId> IShowsCalendars.Shown => Attendees;

    public override void Validate(Errors errors)
    {
        QueryLimits.Check(Timespan, errors);
        QueryLimits.Check(Attendees, errors);
    }

    public override async ValueTask<Outcome<FreeBusy>> Execute(QueryContext context)
    {
        var (asked, timelines) = await CalendarTimelines.Load(
            context, Attendees, Timespan.From.ToUnixTimeSeconds(), Timespan.To.ToUnixTimeSeconds());
        return (timelines.Refusal ?? QueryLimits.RefuseHuge(timelines.Value)) is { } refusal
            ? refusal
            : new FreeBusy([.. asked.Visible.Zip(timelines.Value, Of)], asked.UnknownOrNull);
    }

    private static CalendarFreeBusy Of(CalendarId calendar, Timeline timeline) => new(
        calendar,
        [.. timeline.Busy().Select(block => new BusyTime(
            CalendarTimelines.InstantOf(block.From), CalendarTimelines.InstantOf(block.To), StatusOf(block.State)))],
        [.. timeline.Closed().Select(block => new Timespan(CalendarTimelines.InstantOf(block.From), CalendarTimelines.InstantOf(block.To)))]);

    private static FreeBusyStatus StatusOf(BlockState state) => state switch
    {
        BlockState.Tentative => FreeBusyStatus.Tentative,
        BlockState.OutOfOffice => FreeBusyStatus.OutOfOffice,
        _ => FreeBusyStatus.Busy,
    };
}

public sealed record FreeBusy(IReadOnlyList<CalendarFreeBusy> Calendars, IReadOnlyList<UnknownCalendar>? Unknown);

public sealed record CalendarFreeBusy(CalendarId Calendar, IReadOnlyList<BusyTime> Busy, IReadOnlyList<Timespan> Closed);

public readonly record struct BusyTime(NodaTime.Instant From, NodaTime.Instant To, FreeBusyStatus FreeBusyStatus);
