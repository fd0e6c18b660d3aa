namespace Kalends.Recurrence;

/// <summary>
/// The days of one year on which a rule may fall: one stage for each BY part, in the order of RFC 5545 §3.3.10. For its table (p. 44):
/// <code>
///             MINUTELY…DAILY   WEEKLY    MONTHLY    YEARLY
/// BYMONTH     limit            limit     limit      expand
/// BYWEEKNO    (limit)          (limit)   (limit)    expand
/// BYYEARDAY   limit            (limit)   (limit)    expand
/// BYMONTHDAY  limit            (limit)   expand     expand
/// BYDAY       limit            expand    note 1     note 2
/// </code>
/// In brackets: forbidden, and so taken when read tolerantly. Expanding to all days of a period and limiting all days of the period to
/// the same are one thing, so each stage keeps the days that fit its part; what a rule leaves open its plan has filled in. The notes
/// come down to where the n-th weekday is counted. SKIP acts after BYMONTHDAY and BYYEARDAY (RFC 7529 §4) and before BYDAY.
/// </summary>
internal sealed class YearDays(RulePlan plan)
{
    private readonly DayBits stage = new();

    private readonly DayBits days = new();

    /// <summary>What was built last; the bits are filled anew by the next build.</summary>
    public DayBits Bits => days;

    public int Year { get; private set; } = int.MinValue;

    /// <summary>The day number of bit 0: December 31 of the year before.</summary>
    public int BitZero { get; private set; }

    public int Length { get; private set; }

    private bool Leap => Length == 366;

    /// <summary>All days of the year that fit the BY parts, in the months of <paramref name="months"/> (0 for what the rule says).</summary>
    public void Build(int year, int months = 0)
    {
        Year = year;
        Length = CivilDays.YearLength(year);
        BitZero = CivilDays.YearStart(year) - 1;
        months = months != 0 ? months : plan.Months != 0 ? plan.Months : RulePlan.AllMonths;
        days.Clear();
        ByMonthAndMonthDay(months);
        ByWeekNo();
        ByYearDay();
        ByDay(months);
    }

    /// <summary>Two stages in one, since SKIP may carry a day out of its month: BYMONTH must not see where it lands.</summary>
    private void ByMonthAndMonthDay(int months)
    {
        if (!plan.LimitsMonthDays && months == RulePlan.AllMonths)
        {
            // With SKIP the two days beyond the year are BYYEARDAY's to reach.
            days.AddRange(plan.Rule.Skip == SkipPolicy.Omit ? 1 : 0, plan.Rule.Skip == SkipPolicy.Omit ? Length : Length + 1);
            return;
        }

        for (var month = 1; month <= 12; month++)
        {
            if ((months & (1 << month)) == 0)
            {
                continue;
            }

            var before = CivilDays.MonthStart(month, Leap);
            var length = CivilDays.MonthLength(month, Leap);
            days.AddMask(plan.LimitsMonthDays ? MonthDays(length) : ((1UL << length) - 1) << 1, before);
        }
    }

    /// <summary>The days of one month, bit 0 for the day before it: both ends counted, and what it does not have moved or left out.</summary>
    private ulong MonthDays(int length)
    {
        var within = ((1UL << length) - 1) << 1;
        ulong mask = plan.MonthDays;
        ulong fromEnd = 0;
        for (var rest = plan.MonthDaysFromEnd; rest != 0; rest &= rest - 1)
        {
            var day = length + 1 - System.Numerics.BitOperations.TrailingZeroCount(rest);
            fromEnd |= day >= 1 ? 1UL << day : plan.Rule.Skip switch { SkipPolicy.Backward => 1UL, SkipPolicy.Forward => 2UL, _ => 0UL };
        }

        if ((mask & ~within) != 0 && plan.Rule.Skip != SkipPolicy.Omit)
        {
            fromEnd |= plan.Rule.Skip == SkipPolicy.Backward ? 1UL << length : 1UL << (length + 1);
        }

        return (mask & within) | fromEnd;
    }

    private void ByWeekNo()
    {
        if (plan.Rule.ByWeekNo.IsEmpty)
        {
            return;
        }

        stage.Clear();
        WeekNumbers.Add(plan, Year, stage);
        days.KeepOnly(stage);
    }

    private void ByYearDay()
    {
        if (plan.Rule.ByYearDay.IsEmpty)
        {
            return;
        }

        stage.Clear();
        foreach (var day in plan.Rule.ByYearDay.Span)
        {
            var bit = day > 0 ? day : Length + 1 + day;
            if (bit >= 1 && bit <= Length)
            {
                stage.Add(bit);
            }
            else if (plan.Rule.Skip != SkipPolicy.Omit)
            {
                // Only ±366 is missing, at the end or before the beginning.
                var backward = plan.Rule.Skip == SkipPolicy.Backward;
                stage.Add(day > 0 ? (backward ? Length : Length + 1) : backward ? 0 : 1);
            }
        }

        days.KeepOnly(stage);
    }

    private void ByDay(int months)
    {
        if (!plan.LimitsWeekdays)
        {
            return;
        }

        stage.Clear();
        stage.AddWeekdays(plan.Weekdays, CivilDays.Weekday(BitZero));
        foreach (var numbered in plan.NumberedDays)
        {
            if (!plan.CountsWeekdaysInMonth)
            {
                AddNumbered(numbered, 0, Length);
                continue;
            }

            for (var month = 1; month <= 12; month++)
            {
                if ((months & (1 << month)) != 0)
                {
                    AddNumbered(numbered, CivilDays.MonthStart(month, Leap), CivilDays.MonthLength(month, Leap));
                }
            }
        }

        days.KeepOnly(stage);
    }

    /// <summary>The n-th weekday of a stretch of the year that begins after <paramref name="before"/> days.</summary>
    private void AddNumbered(NumberedDay numbered, int before, int length)
    {
        var weekday = (int)numbered.Day - 1;
        var firstBit = before + 1 + CivilDays.Mod(weekday - CivilDays.Weekday(BitZero + before + 1), 7);
        var lastBit = before + length - CivilDays.Mod(CivilDays.Weekday(BitZero + before + length) - weekday, 7);
        var bit = numbered.Ordinal > 0 ? firstBit + ((numbered.Ordinal - 1) * 7) : lastBit + ((numbered.Ordinal + 1) * 7);
        if (bit > before && bit <= before + length)
        {
            stage.Add(bit);
        }
    }
}
