using System.Runtime.CompilerServices;

namespace Kalends.Recurrence;

/// <summary>
/// SECONDLY, MINUTELY, HOURLY: every n-th second, minute or hour of the wall since the start's. Parts as coarse as the period or coarser
/// limit it, finer ones expand it. What the parts rule out is jumped over: to the next time of day that fits, or to the next day.
/// </summary>
internal sealed class ClockTimes : LocalTimes
{
    private readonly YearDays days;
    private readonly TimesOfDay times;
    private readonly PeriodLimits limits;
    private readonly List<int> places = [];
    private readonly long unit;
    private readonly long first;
    private readonly bool limitsDays;
    private long period;
    private int place;

    /// <summary>From this period on it is known that nothing fits any more: looked for once, though clocks that are put back ask again.</summary>
    private long emptyFrom = End;

    public ClockTimes(RulePlan plan, StepBudget budget)
        : base(plan, budget)
    {
        (days, times) = (new(plan), plan.Times);
        unit = plan.Frequency switch { Frequency.Hourly => 3600, Frequency.Minutely => 60, _ => 1 };
        first = CivilDays.FloorDiv(plan.Start, unit);
        limitsDays = plan.LimitsDays;
        limits = new(plan.Rule, unit, plan.Interval, first);
        Select(plan.Rule.BySetPos);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override long Next()
    {
        while (place == places.Count && period != End)
        {
            place = 0;
            period = NextFitting(period + Plan.Interval);
        }

        return period == End ? End : (period * unit) + times[places[place++]];
    }

    /// <summary>Also to before the start: where clocks are put back just after it, they show earlier times once more.</summary>
    public override void Seek(long target)
    {
        place = 0;
        if (limits.NeverFits || places.Count == 0)
        {
            period = End;
            return;
        }

        var wanted = CivilDays.FloorDiv(target, unit);
        period = NextFitting(OnGrid(wanted));
        while (period == wanted && place < places.Count && (period * unit) + times[places[place]] < target)
        {
            place++;
        }
    }

    /// <summary>The positions are the same in each period, since each has the same times.</summary>
    private void Select(NumberList positions)
    {
        if (positions.IsEmpty)
        {
            places.AddRange(Enumerable.Range(0, times.Count));
            return;
        }

        foreach (var position in SetPositions.In(times.Count, positions.Span))
        {
            places.Add((int)position);
        }
    }

    private long OnGrid(long wanted) => first + ((CivilDays.FloorDiv(wanted - first + Plan.Interval - 1, Plan.Interval)) * Plan.Interval);

    /// <summary>The first period of the grid at or after this one, itself on the grid, that the parts let be.</summary>
    /// <remarks>A rule may stay in here for all of its budget, in code that is at its best from the first time on.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private long NextFitting(long candidate)
    {
        var asked = candidate;
        while (candidate < emptyFrom && candidate * unit <= Last && Budget.Spend())
        {
            var day = limitsDays || limits.Any ? CivilDays.DayOf(candidate * unit) : 0;
            if (limitsDays && NextDay(day) is var fitting && fitting != day)
            {
                candidate = fitting == int.MaxValue ? End / unit : OnGrid(fitting * (CivilDays.SecondsPerDay / unit));
                continue;
            }

            var next = limits.Any ? limits.AtOrAfter(candidate, day) : candidate;
            if (next == candidate)
            {
                return candidate;
            }

            candidate = OnGrid(next);
        }

        emptyFrom = Math.Min(emptyFrom, asked);
        return End;
    }

    /// <summary>This day or the next one that fits; int.MaxValue when there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int NextDay(int day)
    {
        var year = day > days.BitZero && day <= days.BitZero + days.Length ? days.Year : CivilDays.YearOf(day);
        while (year <= CivilDays.LastYear && Budget.Spend(days.Year == year ? 1 : Plan.StepsAYear))
        {
            if (days.Year != year)
            {
                days.Build(year);
            }

            var bit = days.Bits.Next(Math.Max(day - days.BitZero, 1));
            if (bit != DayBits.None && bit <= days.Length)
            {
                return days.BitZero + bit;
            }

            year++;
        }

        return int.MaxValue;
    }
}
