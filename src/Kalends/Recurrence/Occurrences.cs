using System.Runtime.CompilerServices;
using NodaTime;

namespace Kalends.Recurrence;

/// <summary>Dates of a list that are still to come.</summary>
internal struct DateQueue(long[] dates, long from)
{
    private int next = Array.BinarySearch(dates, from) is var place && place < 0 ? ~place : place;

    public readonly long Head => next < dates.Length ? dates[next] : RuleInstants.End;

    public void PassTo(long instant)
    {
        while (Head < instant)
        {
            next++;
        }
    }

    public void PassOver(long instant) => next += Head == instant ? 1 : 0;
}

/// <summary>
/// A reading of a series, forward only: the instants of its rules and added dates as one set, rising, without what is excluded. No
/// allocation for an occurrence. When <see cref="MoveNext"/> is false, <see cref="Fault"/> says whether the series or the budget has
/// ended: an answer that was cut is never to be taken for a whole one.
/// </summary>
public sealed class Occurrences
{
    private readonly DateTimeZone zone;
    private readonly StepBudget budget;
    private readonly RuleInstants[] including;
    private readonly RuleInstants[] excluding;
    private readonly long[] heads;
    private readonly long[] excludedHeads;
    private readonly bool single;
    private DateQueue added;
    private DateQueue excluded;

    internal Occurrences(
        DateTimeZone zone, StepBudget budget, RuleInstants[] including, RuleInstants[] excluding, DateQueue added, DateQueue excluded)
    {
        (this.zone, this.budget, this.including, this.excluding) = (zone, budget, including, excluding);
        (this.added, this.excluded) = (added, excluded);
        single = including.Length == 1 && excluding.Length == 0 && added.Head == RuleInstants.End && excluded.Head == RuleInstants.End;
        heads = single ? [] : [.. including.Select(rule => rule.Next())];
        excludedHeads = [.. excluding.Select(rule => rule.Next())];
    }

    /// <summary>The occurrence's start in seconds since the Unix epoch, UTC (of the wall, where the series floats).</summary>
    public long UnixSeconds { get; private set; }

    public Instant Instant => Instant.FromUnixTimeSeconds(UnixSeconds);

    /// <summary>What the wall of the series shows then.</summary>
    public LocalDateTime Local => Instant.InZone(zone).LocalDateTime;

    /// <summary>Set when the reading ended because its budget was spent, and not because the series had.</summary>
    public RuleFault? Fault { get; private set; }

    internal long From { get; init; }

    internal long To { get; init; }

    public bool MoveNext()
    {
        long next;
        do
        {
            next = single ? including[0].Next() : NextOfMany();
        }
        while (next < From);

        if (budget.IsSpent)
        {
            Fault = budget.Fault;
            return false;
        }

        UnixSeconds = next;
        return next < To && next != RuleInstants.End;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private long NextOfMany()
    {
        while (true)
        {
            var least = added.Head;
            foreach (var head in heads)
            {
                least = Math.Min(least, head);
            }

            if (least == RuleInstants.End || budget.IsSpent)
            {
                return RuleInstants.End;
            }

            PassOver(least);
            if (least < From || !IsExcluded(least))
            {
                return least;
            }
        }
    }

    private void PassOver(long instant)
    {
        added.PassOver(instant);
        for (var rule = 0; rule < heads.Length; rule++)
        {
            if (heads[rule] == instant)
            {
                heads[rule] = including[rule].Next();
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool IsExcluded(long instant)
    {
        excluded.PassTo(instant);
        var found = excluded.Head == instant;
        for (var rule = 0; rule < excludedHeads.Length; rule++)
        {
            while (excludedHeads[rule] < instant)
            {
                excludedHeads[rule] = excluding[rule].Next();
            }

            found |= excludedHeads[rule] == instant;
        }

        return found;
    }
}
