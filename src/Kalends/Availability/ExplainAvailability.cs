using Kalends.Messages;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Availability;

/// <summary>Why a time is free or not.</summary>
public enum AvailabilityReason
{
    Free,
    Busy,
    Tentative,
    OutsideOpenHours,
    Held,

    /// <summary>What is known of an outside calendar is too old to trust.</summary>
    Stale,
    NoPermission,
}

/// <summary>For each calendar every stretch of the timespan with its reason, without a hole: what openings are made of, laid open.</summary>
public sealed record ExplainAvailability : Query<ExplainedAvailability>, IShowsCalendars
{
    public required Timespan Timespan { get; init; }

    public required IReadOnlyList<CalendarId> Attendees { get; init; }

    IEnumerable<CalendarId> IShowsCalendars.Shown => Attendees;

    public override void Validate(Errors errors)
    {
        QueryLimits.Check(Timespan, errors);
        QueryLimits.Check(Attendees, errors);
    }

    public override async ValueTask<Outcome<ExplainedAvailability>> Execute(QueryContext context)
    {
        var (asked, timelines) = await CalendarTimelines.Load(
            context, Attendees, Timespan.From.ToUnixTimeSeconds(), Timespan.To.ToUnixTimeSeconds());
        if ((timelines.Refusal ?? QueryLimits.RefuseHuge(timelines.Value)) is { } refusal)
        {
            return refusal;
        }

        var explained = asked.Visible.Zip(timelines.Value, Explain).ToDictionary(calendar => calendar.Calendar);
        return new ExplainedAvailability([.. Attendees.Distinct().Select(id => explained.GetValueOrDefault(id) ?? Hidden(id))]);
    }

    /// <summary>The one word for a state on the wire.</summary>
    public static AvailabilityReason ReasonOf(BlockState state) => state switch
    {
        BlockState.Free => AvailabilityReason.Free,
        BlockState.Tentative => AvailabilityReason.Tentative,
        BlockState.Held => AvailabilityReason.Held,
        BlockState.Closed or BlockState.Unavailable => AvailabilityReason.OutsideOpenHours,
        _ => AvailabilityReason.Busy,
    };

    private static ExplainedCalendar Explain(CalendarId calendar, Timeline timeline)
    {
        var stretches = new List<ExplainedStretch>();
        foreach (var block in timeline.Stretches())
        {
            var (from, to) = (CalendarTimelines.InstantOf(block.From), CalendarTimelines.InstantOf(block.To));
            var reason = ReasonOf(block.State);
            if (stretches.Count > 0 && stretches[^1].Reason == reason)
            {
                // Busy and out of office are one reason here.
                stretches[^1] = stretches[^1] with { To = to };
            }
            else
            {
                stretches.Add(new(from, to, reason));
            }
        }

        return new(calendar, stretches);
    }

    private ExplainedCalendar Hidden(CalendarId calendar) => new(calendar, [new(Timespan.From, Timespan.To, AvailabilityReason.NoPermission)]);
}

public sealed record ExplainedAvailability(IReadOnlyList<ExplainedCalendar> Calendars);

public sealed record ExplainedCalendar(CalendarId Calendar, IReadOnlyList<ExplainedStretch> Stretches);

public readonly record struct ExplainedStretch(Instant From, Instant To, AvailabilityReason Reason);
