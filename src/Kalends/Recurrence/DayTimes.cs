namespace Kalends.Recurrence;

/// <summary>
/// DAILY to YEARLY without BYSETPOS: the days of a year as a set of bits, the times of a day as a table, and two counters. Laying out a
/// year costs some hundred nanoseconds, an occurrence two or three; nothing is made on the way.
/// </summary>
internal sealed class DayTimes : LocalTimes
{
    private readonly YearDays days;
    private readonly YearDays? beside;
    private readonly TimesOfDay times;
    private readonly DayBits interval = new();
    private int day = DayBits.None;
    private int time;

    public DayTimes(RulePlan plan, StepBudget budget)
        : base(plan, budget)
    {
        days = new(plan);
        times = plan.Times;
        var reachesOut = plan.Rule.Skip != SkipPolicy.Omit && !plan.Rule.ByYearDay.IsEmpty && plan.Frequency == Frequency.Yearly;
        beside = reachesOut ? new(plan) : null;
    }

    private DayBits Bits => days.Bits;

    public override long Next()
    {
        while (day == DayBits.None)
        {
            if (!NextYear())
            {
                return End;
            }
        }

        var next = ((days.BitZero + day) * CivilDays.SecondsPerDay) + times[time];
        if (++time == times.Count)
        {
            time = 0;
            day = Bits.Next(day + 1);
        }

        return next;
    }

    public override void Seek(long target)
    {
        target = Math.Max(target, Plan.Start);
        var targetDay = CivilDays.DayOf(target);
        Load(Math.Min(CivilDays.YearOf(targetDay), CivilDays.LastYear));
        (day, time) = Place(target, targetDay);
    }

    /// <summary>Whole years are counted, not walked: a year's bits times the times of a day.</summary>
    public override long SkipTo(long target)
    {
        long passed = 0;
        var targetDay = CivilDays.DayOf(target);
        while (targetDay > days.BitZero + days.Length)
        {
            passed += LeftBefore(days.Length + 1);
            if (!NextYear())
            {
                day = DayBits.None;
                return passed;
            }
        }

        var (toDay, toTime) = Place(target, targetDay);
        if (toDay == DayBits.None)
        {
            passed += LeftBefore(days.Length + 1);
            day = DayBits.None;
        }
        else if (toDay > day || (toDay == day && toTime > time))
        {
            passed += LeftBefore(toDay) + toTime;
            (day, time) = (toDay, toTime);
        }

        return passed;
    }

    /// <summary>How many are left in this year before a day.</summary>
    private long LeftBefore(int bit) => day == DayBits.None ? 0 : (Bits.Count(day, bit) * (long)times.Count) - time;

    /// <summary>The first day and time in the year that is loaded, at or after a wall time.</summary>
    private (int Day, int Time) Place(long target, int targetDay)
    {
        var first = Bits.Next(Math.Max(targetDay - days.BitZero, 1));
        if (first != targetDay - days.BitZero || first == DayBits.None)
        {
            return (first, 0);
        }

        var before = times.Before((int)(target - (targetDay * CivilDays.SecondsPerDay)));
        return before < times.Count ? (first, before) : (Bits.Next(first + 1), 0);
    }

    private bool NextYear()
    {
        var year = days.Year + 1L;
        if (Plan.Frequency == Frequency.Yearly && beside is null)
        {
            year += CivilDays.Mod(Plan.StartYear - (int)year, Plan.Interval);
        }

        if (year > CivilDays.LastYear || CivilDays.YearStart((int)year) * CivilDays.SecondsPerDay > Last || !Budget.Spend(Plan.StepsAYear))
        {
            return false;
        }

        Load((int)year);
        (day, time) = (Bits.Next(1), 0);
        return true;
    }

    /// <summary>The days of this year that fall in one of the rule's periods.</summary>
    private void Load(int year)
    {
        days.Build(year);
        Bits.Remove(0);
        Bits.Remove(days.Length + 1);
        switch (Plan.Frequency)
        {
            case Frequency.Yearly when !IsPeriod(year):
                Bits.Clear();
                break;
            case Frequency.Monthly when Plan.Interval > 1:
                KeepMonths();
                break;
            case Frequency.Weekly or Frequency.Daily when Plan.Interval > 1:
                KeepStretches();
                break;
        }

        AddFromBeside(year);
    }

    private bool IsPeriod(int year) => (year - (long)Plan.StartYear) % Plan.Interval == 0;

    private void KeepMonths()
    {
        var months = 0;
        for (var month = 1; month <= 12; month++)
        {
            var since = ((days.Year - (long)Plan.StartYear) * 12) + month - Plan.StartMonth;
            months |= since % Plan.Interval == 0 ? 1 << month : 0;
        }

        months &= Plan.Months == 0 ? RulePlan.AllMonths : Plan.Months;
        if (months == 0)
        {
            Bits.Clear();
            return;
        }

        days.Build(days.Year, months);
    }

    /// <summary>Every n-th day, or the seven days of every n-th week; weeks begin on WKST.</summary>
    private void KeepStretches()
    {
        var (unit, anchor) = Plan.Frequency == Frequency.Daily
            ? (1, Plan.StartDay)
            : (7, Plan.StartDay - CivilDays.Mod(CivilDays.Weekday(Plan.StartDay) - Plan.WeekStart, 7));
        var stride = Plan.Interval * (long)unit;
        var first = (CivilDays.FloorDiv(days.BitZero + 1 - anchor, stride) * stride) + anchor - days.BitZero;
        interval.Clear();
        for (; first <= days.Length; first += stride)
        {
            if (first + unit > 1)
            {
                interval.AddRange(Math.Max((int)first, 1), Math.Min((int)first + unit - 1, days.Length));
            }
        }

        Bits.KeepOnly(interval);
    }

    /// <summary>Day ±366 of a neighbouring year that does not have it, where SKIP carries it into this one.</summary>
    private void AddFromBeside(int year)
    {
        if (beside is null)
        {
            return;
        }

        var forward = Plan.Rule.Skip == SkipPolicy.Forward;
        var other = forward ? year - 1 : year + 1;
        if (!IsPeriod(other))
        {
            return;
        }

        beside.Build(other);
        if (beside.Bits.Has(forward ? beside.Length + 1 : 0))
        {
            Bits.Add(forward ? 1 : days.Length);
        }
    }
}
