using Kalends.Recurrence;
using NodaTime;

namespace Kalends.ICalendar;

/// <summary>
/// Asks the recurrence engine about one series of a file, within a share of the file's budget of steps: rules of a file may be made to be
/// slow, and what a text costs to read must not depend on them.
/// </summary>
internal sealed class SeriesOccurrences
{
    /// <summary>Every day of a thousand years, or every minute of two; a share is spent once for all questions about a series.</summary>
    public const int Share = 1_000_000;

    private readonly SeriesWall wall;
    private readonly StepBudget shared;
    private readonly Expansion expansion;
    private int left;

    public SeriesOccurrences(Appointments.Recurrence recurrence, SeriesWall wall, StepBudget shared)
        : this(SetOf(recurrence, wall), wall, shared)
    {
    }

    private SeriesOccurrences(RecurrenceSet set, SeriesWall wall, StepBudget shared)
    {
        (this.wall, this.shared, expansion) = (wall, shared, new(set));
        left = Share;
    }

    public static SeriesOccurrences OfRule(RecurrenceRule rule, SeriesWall wall, StepBudget shared) =>
        new(Empty(wall) with { Rules = [rule] }, wall, shared);

    public static List<RecurrenceRule> Rules(IEnumerable<string>? texts) => [.. (texts ?? []).Select(text =>
        RecurrenceRule.TryParse(text, RuleReading.Tolerant, out var rule, out var fault) ? rule : throw new ArgumentException($"{fault}", nameof(texts)))];

    /// <summary>Whether it occurs then. False where the budget does not reach to tell.</summary>
    public bool Has(LocalDateTime time)
    {
        var moment = wall.At(time);
        return Read(budget => expansion.Between(moment, moment + Duration.FromSeconds(1), budget), _ => false) is { Count: 1 };
    }

    /// <summary>How often it occurs before then; null where the budget does not reach to tell.</summary>
    public int? Before(LocalDateTime time)
    {
        var (moment, count) = (wall.At(time), 0);
        return Read(budget => expansion.Between(Instant.MinValue, moment, budget), _ => ++count > 0) is null ? null : count;
    }

    /// <summary>The first occurrences from then on; null where the budget does not reach to tell.</summary>
    public List<Instant>? From(LocalDateTime time, int most)
    {
        var count = 0;
        return Read(budget => expansion.From(wall.At(time), budget), _ => ++count < most);
    }

    private List<Instant>? Read(Func<StepBudget, Occurrences> begin, Func<Instant, bool> goesOn)
    {
        var budget = new StepBudget(Math.Min(left, shared.Left));
        var occurrences = begin(budget);
        var found = new List<Instant>();
        while (occurrences.MoveNext())
        {
            found.Add(occurrences.Instant);
            if (!goesOn(occurrences.Instant))
            {
                break;
            }
        }

        var used = budget.Steps - budget.Left;
        left -= used;
        shared.Spend(used);
        return occurrences.Fault is null ? found : null;
    }

    private static RecurrenceSet SetOf(Appointments.Recurrence recurrence, SeriesWall wall) => Empty(wall) with
    {
        Rules = Rules(RecurrenceLines.RulesOf(recurrence)),
        ExcludedRules = Rules(recurrence.ExcludedRules),
        AddedDates = [.. (recurrence.Added ?? []).Select(wall.At)],
        ExcludedDates = [.. (recurrence.Excluded ?? []).Select(wall.At)],
    };

    private static RecurrenceSet Empty(SeriesWall wall) =>
        new() { Start = wall.Start, Zone = wall.TimeZone, AllDay = wall.AllDay, StartReading = StartReading.KeptAndCounted };
}
