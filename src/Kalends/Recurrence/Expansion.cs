using Kalends.Time;
using NodaTime;

namespace Kalends.Recurrence;

/// <summary>
/// A recurrence set, ready to be read: from its start, or from any moment for the price of that moment's year. Nothing is worked out
/// before it is asked for. Immutable; may be shared between threads, its readings may not.
/// </summary>
public sealed class Expansion
{
    private readonly RulePlan[] rules;
    private readonly RulePlan[] excludedRules;
    private readonly long[] added;
    private readonly long[] excluded;
    private readonly DateTimeZone zone;
    private readonly bool keepsStart;

    /// <summary>Refuses a rule of hours, minutes or seconds for whole days; everything else has a meaning.</summary>
    public Expansion(RecurrenceSet set)
    {
        if (Check(set) is { } fault)
        {
            throw new ArgumentException(fault.ToString(), nameof(set));
        }

        var start = CivilDays.Seconds(set.Start);
        zone = set.AllDay ? DateTimeZone.Utc : set.Zone ?? DateTimeZone.Utc;
        rules = [.. set.Rules.Select(rule => new RulePlan(rule, start, !set.AllDay))];
        excludedRules = [.. set.ExcludedRules.Select(rule => new RulePlan(rule, start, !set.AllDay))];
        keepsStart = set.Rules.Count > 0 && set.StartReading == StartReading.KeptAndCounted;
        added = Ordered(set.AddedDates);
        excluded = Ordered(set.ExcludedDates);
        if (keepsStart || rules.Length == 0)
        {
            var first = new WallClock(zone).Resolve(start);
            added = Array.BinarySearch(added, first) >= 0 ? added : [.. added.Append(first).Order()];
        }
    }

    /// <summary>What stands against expanding a set, or null.</summary>
    public static RuleFault? Check(RecurrenceSet set) =>
        set.AllDay && set.Rules.Concat(set.ExcludedRules).FirstOrDefault(rule => rule.Frequency < Frequency.Daily) is { } rule
            ? new("FREQ", $"{RuleWriter.Name(rule.Frequency)} needs a start with a time of day")
            : set.Start.Year is < CivilDays.FirstYear or > CivilDays.LastYear ? new("DTSTART", "must lie in the years 1 to 9999") : null;

    /// <summary>All occurrences, in order.</summary>
    public Occurrences All(StepBudget? budget = null) => Read(null, null, budget);

    /// <summary>The occurrences that start in [from, to).</summary>
    public Occurrences Between(Instant from, Instant to, StepBudget? budget = null) =>
        Read(from, to, budget);

    /// <summary>The occurrences that start at this moment or later.</summary>
    public Occurrences From(Instant from, StepBudget? budget = null) => Read(from, null, budget);

    private Occurrences Read(Instant? first, Instant? last, StepBudget? budget)
    {
        budget ??= new();
        var from = first is { } earliest && earliest > Instant.MinValue ? CeilingSeconds(earliest) : long.MinValue;
        var to = last is { } latest && latest < Instant.MaxValue ? CeilingSeconds(latest) : long.MaxValue;
        RuleInstants[] including = [.. rules.Select(plan => Begin(plan, keepsStart))];
        RuleInstants[] excluding = [.. excludedRules.Select(plan => Begin(plan, false))];
        return new(zone, budget, including, excluding, new(added, from), new(excluded, from)) { From = from, To = to };

        RuleInstants Begin(RulePlan plan, bool startCounts)
        {
            var instants = new RuleInstants(plan, budget, zone, startCounts, stopAt: to);
            if (from != long.MinValue)
            {
                instants.Seek(from);
            }

            return instants;
        }
    }

    private static long[] Ordered(IReadOnlyList<Instant> dates) =>
        dates.Count == 0 ? [] : [.. dates.Select(date => date.ToUnixTimeSeconds()).Distinct().Order()];

    private static long CeilingSeconds(Instant instant)
    {
        var seconds = instant.ToUnixTimeSeconds();
        return Instant.FromUnixTimeSeconds(seconds) < instant ? seconds + 1 : seconds;
    }
}
