using Kalends.Messages;
using Kalends.Recurrence;

namespace Kalends.Availability;

/// <summary>
/// When the calendars of one query are closed: one statement says which have open hours at all, and each distinct statement of hours is
/// read and laid over the window once, however many calendars say the same.
/// </summary>
internal sealed class ClosedTimes
{
    private readonly Dictionary<long, Laid> byCalendar = [];
    private readonly Laid never;

    private ClosedTimes(long from, long to) => never = new([], Timeline.Build([], from, to));

    /// <summary>The closed stretches of a calendar, in order; none where no open hours are set.</summary>
    public Block[] Of(long calendar) => byCalendar.GetValueOrDefault(calendar, never).Blocks;

    /// <summary>The timeline of a calendar in which nothing else lies.</summary>
    public Timeline Alone(long calendar) => byCalendar.GetValueOrDefault(calendar, never).Timeline;

    public static async ValueTask<Outcome<ClosedTimes>> Load(QueryContext context, IReadOnlyCollection<long> calendars, long from, long to)
    {
        var times = new ClosedTimes(from, to);
        var distinct = new Dictionary<string, Laid>(StringComparer.Ordinal);
        var budget = new StepBudget(QueryLimits.OpenHoursSteps);
        foreach (var row in await context.Rows<IOpenHoursRows>().Find(calendars))
        {
            context.Stopped.ThrowIfCancellationRequested();
            if (!distinct.TryGetValue(row.Json, out var laid))
            {
                var closed = new OpenTimes(OpenHours.Read(row.Json)).ClosedIn(from, to, budget);
                if (budget.IsSpent)
                {
                    return Refusal.At(
                        RefusalCode.TooLarge, "/timespan",
                        $"takes more than {budget.Steps} steps to work out the open hours of these calendars: ask for fewer or a shorter time");
                }

                distinct[row.Json] = laid = new(closed, Timeline.Build(closed, from, to));
            }

            times.byCalendar[row.Calendar] = laid;
        }

        return times;
    }

    private sealed record Laid(Block[] Blocks, Timeline Timeline);
}
