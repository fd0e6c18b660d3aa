using System.Numerics;
using System.Runtime.CompilerServices;

namespace Kalends.Recurrence;

/// <summary>BYHOUR, BYMINUTE and BYSECOND where they limit: which hours, minutes or seconds of a day a rule's period may be.</summary>
internal sealed class PeriodLimits
{
    private readonly long unit;
    private readonly ulong hours;
    private readonly ulong minutes;
    private readonly ulong seconds;

    public PeriodLimits(RecurrenceRule rule, long unit, int interval, long first)
    {
        this.unit = unit;
        hours = Mask(rule.ByHour, 24);
        minutes = unit <= 60 ? Mask(rule.ByMinute, 60) : 1;
        seconds = unit == 1 ? Mask(TimesOfDay.Capped(rule.BySecond), 60) : 1;
        Any = !rule.ByHour.IsEmpty || (unit <= 60 && !rule.ByMinute.IsEmpty) || (unit == 1 && !rule.BySecond.IsEmpty);
        NeverFits = Any && !Reaches(interval, first);
    }

    public bool Any { get; }

    /// <summary>The steps of the interval never come to a time that fits, on no day (every fourth hour from 09:00, at 11:00).</summary>
    public bool NeverFits { get; }

    /// <summary>The first period that fits, this one or a later one, on this day or at the latest on the next.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public long AtOrAfter(long period, int day)
    {
        var midnight = day * (CivilDays.SecondsPerDay / unit);
        var time = TimeAtOrAfter((int)((period - midnight) * unit));
        return time >= 0 ? midnight + (time / unit) : midnight + (CivilDays.SecondsPerDay / unit) + (TimeAtOrAfter(0) / unit);
    }

    private static ulong Mask(NumberList numbers, int all)
    {
        var mask = numbers.IsEmpty ? (1UL << all) - 1 : 0;
        foreach (var number in numbers.Span)
        {
            mask |= 1UL << number;
        }

        return mask;
    }

    /// <summary>Times of day come round after a day, so only their rest by the greatest common divisor of interval and day matters.</summary>
    private bool Reaches(int interval, long first)
    {
        var perDay = CivilDays.SecondsPerDay / unit;
        var common = (long)BigInteger.GreatestCommonDivisor(interval, perDay);
        for (var period = first - (CivilDays.FloorDiv(first, common) * common); period < perDay; period += common)
        {
            if (TimeAtOrAfter((int)(period * unit)) == period * unit)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The first second of the day that fits, at or after this one; -1 when the day has none left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int TimeAtOrAfter(int time)
    {
        var (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
        if (Has(hours, hour))
        {
            if (Has(minutes, minute) && From(seconds, second) is var nextSecond and < 64)
            {
                return (hour * 3600) + (minute * 60) + nextSecond;
            }

            if (From(minutes, minute + 1) is var nextMinute and < 64)
            {
                return (hour * 3600) + (nextMinute * 60) + From(seconds, 0);
            }
        }

        return From(hours, hour + 1) is var nextHour and < 64 ? (nextHour * 3600) + (From(minutes, 0) * 60) + From(seconds, 0) : -1;
    }

    private static bool Has(ulong mask, int bit) => (mask & (1UL << bit)) != 0;

    /// <summary>The first bit at or after this one; 64 for none.</summary>
    private static int From(ulong mask, int bit) => BitOperations.TrailingZeroCount(mask & (ulong.MaxValue << bit));
}
