using BenchmarkDotNet.Attributes;
using Ical.Net.CalendarComponents;
using Ical.Net.DataTypes;
using Kalends.Recurrence;
using NodaTime;

namespace Kalends.Bench.Engines;

/// <summary>
/// From rules that are read to instants in UTC over two years, beside Ical.Net in one run. Divide by <see cref="Occurrences"/> for the
/// time an occurrence takes; making the plan of a rule is part of it on our side, and not of reading its text on either.
/// </summary>
[MemoryDiagnoser]
public class RecurrenceBenchmark
{
    private static readonly CalDateTime From = new(RecurrenceInput.From.ToDateTimeUtc());

    private static readonly DateTime To = RecurrenceInput.To.ToDateTimeUtc();

    private readonly RecurrenceSet[] sets = RecurrenceInput.Sets();

    private readonly CalendarEvent[] events = [.. RecurrenceInput.Cases.Select(Event)];

    private readonly Expansion[] ready;

    private readonly RecurrenceSet old = RecurrenceInput.Set(new(2015, 1, 5, 9, 0), "Europe/Paris", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE,FR");

    private readonly RecurrenceSet young = RecurrenceInput.Set(new(2025, 12, 1, 9, 0), "Europe/Paris", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE,FR");

    public RecurrenceBenchmark() => ready = Array.ConvertAll(sets, set => new Expansion(set));

    /// <summary>How many occurrences the two years of all rules have.</summary>
    public static int Occurrences() => RecurrenceInput.Sets().Sum(Read);

    [Benchmark(Baseline = true)]
    public int AllRules() => sets.Sum(Read);

    [Benchmark]
    public int AllRulesPlanned() => ready.Sum(Read);

    [Benchmark]
    public int AllRulesByIcalNet() => events.Sum(Read);

    [Benchmark]
    public int TwoYearsBegun2015() => Read(old);

    [Benchmark]
    public int TwoYearsBegunLastMonth() => Read(young);

    /// <summary>All instants as a number that changes when one of them does.</summary>
    public static ulong Hash()
    {
        var hash = new AnswerHash();
        foreach (var set in RecurrenceInput.Sets())
        {
            var occurrences = new Expansion(set).Between(RecurrenceInput.From, RecurrenceInput.To);
            while (occurrences.MoveNext())
            {
                hash.Add(occurrences.UnixSeconds);
            }
        }

        return hash.Value;
    }

    /// <summary>How many occurrences of each rule; the other engine must have as many, or the two do not do the same work.</summary>
    public static IEnumerable<(string Rule, int Ours, int Theirs)> Counts() =>
        RecurrenceInput.Cases.Select(of => ($"{of.Rule} from {of.Start} in {of.Zone}", Read(RecurrenceInput.Set(of.Start, of.Zone, of.Rule)), Read(Event(of))));

    private static int Read(RecurrenceSet set) => Read(new Expansion(set));

    private static int Read(Expansion expansion)
    {
        var occurrences = expansion.Between(RecurrenceInput.From, RecurrenceInput.To);
        var (count, sum) = (0, 0L);
        while (occurrences.MoveNext())
        {
            count++;
            sum ^= occurrences.UnixSeconds;
        }

        return sum == long.MinValue ? 0 : count;
    }

    private static int Read(CalendarEvent of)
    {
        var (count, sum) = (0, 0L);
        foreach (var occurrence in of.GetOccurrences(From))
        {
            var start = occurrence.Period.StartTime.AsUtc;
            if (start >= To)
            {
                break;
            }

            count++;
            sum ^= start.Ticks;
        }

        return sum == long.MinValue ? 0 : count;
    }

    private static CalendarEvent Event((LocalDateTime Start, string Zone, string Rule) of) => new()
    {
        DtStart = new(of.Start.ToDateTimeUnspecified(), of.Zone),
        RecurrenceRule = new(of.Rule),
    };
}
