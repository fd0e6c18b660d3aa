using System.Runtime.CompilerServices;
using Kalends.Time;
using NodaTime;

namespace Kalends.Recurrence;

/// <summary>
/// One rule's instants, rising: its wall times read in a zone, ended by COUNT and UNTIL.
/// <para>
/// Where clocks change, RFC 5545 §3.3.10 reads the computed wall time as §3.3.5 reads a written one: skipped, with the offset before
/// the gap; repeated, the first. That holds for all frequencies, but for SECONDLY to HOURLY one thing is added: where the interval
/// divides the change (every hour, every 15 minutes; not every two hours), the walls before and after lie on one grid of elapsed
/// time, and the rule goes on along it: nothing is moved out of a gap, and what comes twice is twice. docs/recurrence.md says why.
/// </para>
/// </summary>
internal sealed class RuleInstants
{
    /// <summary>Farther than this the zone is asked directly, not change by change.</summary>
    private const long Far = 300 * CivilDays.SecondsPerDay;

    private readonly RulePlan plan;
    private readonly StepBudget budget;
    private readonly LocalTimes times;
    private readonly WallClock clock;
    private readonly Queue<long> held = new(0);
    private readonly long lastInstant;
    private readonly long lastWall;
    private readonly long stride;
    private long left;
    private long pending = LocalTimes.End;

    /// <summary>Nothing after <paramref name="stopAt"/> is looked for, so that what comes once in 1,000 years costs no more than its window.</summary>
    public RuleInstants(RulePlan plan, StepBudget budget, DateTimeZone zone, bool startCounts, long stopAt)
    {
        (this.plan, this.budget) = (plan, budget);
        times = LocalTimes.Of(plan, budget);
        clock = new(zone);
        (lastWall, lastInstant) = Ends(plan.Rule.Until);
        lastWall = stopAt == End ? lastWall : Math.Min(lastWall, stopAt + CivilDays.SecondsPerDay);
        stride = plan.Frequency switch { Frequency.Hourly => 3600L, Frequency.Minutely => 60, Frequency.Secondly => 1, _ => 0 } * plan.Interval;
        left = plan.Rule.Count ?? LocalTimes.End;
        times.Last = lastWall;
        times.Seek(plan.Start);
        if (startCounts && plan.Rule.Count is not null)
        {
            left -= times.Next() == plan.Start ? 0 : 1;
            times.Seek(plan.Start);
        }

        clock.SeekWall(plan.Start);
    }

    /// <summary>After the last instant.</summary>
    public const long End = LocalTimes.End;

    /// <summary>
    /// Goes near the first instant at or after this one: what is still before it is left to the caller to pass over. Without COUNT
    /// the price is the same however far it is. With it, occurrences are counted, whole years at a time (each one for SECONDLY to HOURLY).
    /// </summary>
    public void Seek(long instant)
    {
        clock.Seek(instant);
        if (clock.From > instant - (2 * CivilDays.SecondsPerDay))
        {
            instant -= 2 * CivilDays.SecondsPerDay;
            clock.Seek(instant);
        }

        var wall = instant + clock.Offset;
        if (wall <= plan.Start || (plan.Rule.Count is not null && stride > 0))
        {
            clock.SeekWall(plan.Start);
        }
        else if (plan.Rule.Count is not null)
        {
            left -= times.SkipTo(wall);
        }
        else
        {
            times.Seek(wall);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public long Next()
    {
        if (held.Count > 0)
        {
            return held.Dequeue();
        }

        var wall = pending;
        if (wall == LocalTimes.End)
        {
            wall = Pull();
        }

        pending = LocalTimes.End;
        var instant = wall < clock.WallTo ? wall - clock.Offset : Across(wall);
        return instant <= lastInstant ? instant : End;
    }

    /// <summary>Where the walls have come to their end, one that is put back may still show some of them again.</summary>
    private bool MayRepeat => stride > 0 && left > 0 && !budget.IsSpent && clock.WallTo <= lastWall + CivilDays.SecondsPerDay;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private long Pull()
    {
        if (left <= 0 || !budget.Spend())
        {
            return LocalTimes.End;
        }

        var wall = times.Next();
        left--;
        return wall <= lastWall ? wall : LocalTimes.End;
    }

    /// <summary>A wall time after the stretch of the clock: on to the stretch it lies in.</summary>
    private long Across(long wall)
    {
        while (wall >= clock.WallTo && (wall != LocalTimes.End || MayRepeat))
        {
            if (stride > 0 && clock.Shift != 0 && clock.Shift % stride == 0)
            {
                wall = AlongElapsedTime();
            }
            else if (wall < clock.WallTo + clock.Shift)
            {
                return OutOfGap(wall);
            }
            else if (stride == 0 && wall - clock.WallTo > Far)
            {
                clock.SeekWall(wall);
                if (wall >= clock.WallTo)
                {
                    return OutOfGap(wall);
                }
            }
            else
            {
                clock.Advance();
            }
        }

        return wall == LocalTimes.End ? End : wall - clock.Offset;
    }

    /// <summary>One grid on both sides: taken up again where the hands stand after the change. The wall that was pulled comes again.</summary>
    private long AlongElapsedTime()
    {
        clock.Advance();
        times.Seek(clock.From + clock.Offset);
        left++;
        return Pull();
    }

    /// <summary>
    /// Times that the gap skips come out after it, among those that are there anyway (02:30 beside 03:30): both are put in order, and
    /// what falls together is one.
    /// </summary>
    private long OutOfGap(long wall)
    {
        var (gapEnd, before) = (clock.WallTo + clock.Shift, clock.Offset);
        var merged = new SortedSet<long>();
        for (; wall < gapEnd; wall = Pull())
        {
            merged.Add(wall - before);
        }

        clock.Advance();
        for (; wall != LocalTimes.End && wall - clock.Offset <= merged.Max; wall = Pull())
        {
            merged.Add(wall - clock.Offset);
        }

        pending = wall;
        foreach (var instant in merged)
        {
            held.Enqueue(instant);
        }

        return held.Dequeue();
    }

    /// <summary>UNTIL as the last wall time and the last instant: a date is that whole day on the wall.</summary>
    private static (long Wall, long Instant) Ends(RuleUntil? until)
    {
        var never = CivilDays.EndSecond - 1;
        if (until is not { } end)
        {
            return (never, LocalTimes.End - 1);
        }

        var written = CivilDays.Seconds(end.Time);
        return end.IsUtc ? (Math.Min(written + CivilDays.SecondsPerDay, never), written)
            : (end.IsDate ? written + CivilDays.SecondsPerDay - 1 : written, LocalTimes.End - 1);
    }
}
