namespace Kalends.Recurrence;

/// <summary>
/// DAILY to YEARLY with BYSETPOS. The set that it counts in is all of one period, whatever its start (RFC 8984 §4.3.3): the day, the
/// week from WKST, the calendar month or year; the first period counts from its beginning too, and what lies before the start is
/// dropped afterwards. Positions are found by arithmetic on days and times, so a set of 86,400 times costs what one of three does.
/// </summary>
internal sealed class SelectedTimes : LocalTimes
{
    private readonly YearDays days;
    private readonly YearDays beside;
    private readonly DayBits week = new();
    private readonly TimesOfDay times;
    private readonly List<long> selected = [];
    private int year;
    private int next;

    public SelectedTimes(RulePlan plan, StepBudget budget)
        : base(plan, budget) => (days, beside, times) = (new(plan), new(plan), plan.Times);

    private bool MovesDays => Plan.Rule.Skip != SkipPolicy.Omit;

    public override long Next()
    {
        while (next == selected.Count)
        {
            if (year >= CivilDays.LastYear || CivilDays.YearStart(year + 1) * CivilDays.SecondsPerDay > Last || !Budget.Spend(Plan.StepsAYear))
            {
                return End;
            }

            Load(year + 1);
        }

        return selected[next++];
    }

    public override void Seek(long target)
    {
        target = Math.Max(target, Plan.Start);
        Load(Math.Min(CivilDays.YearOf(CivilDays.DayOf(target)), CivilDays.LastYear));
        var place = selected.BinarySearch(target);
        next = place < 0 ? ~place : place;
    }

    /// <summary>All selected times that lie in one year; a period at its edge may reach into the next.</summary>
    private void Load(int wanted)
    {
        year = wanted;
        next = 0;
        selected.Clear();
        switch (Plan.Frequency)
        {
            case Frequency.Yearly:
                SelectYears();
                break;
            case Frequency.Monthly:
                SelectMonths();
                break;
            case Frequency.Weekly:
                SelectWeeks();
                break;
            default:
                SelectDays();
                break;
        }

        if (MovesDays)
        {
            SortOnce();
        }
    }

    private void SelectYears()
    {
        for (var period = MovesDays ? year - 1 : year; period <= (MovesDays ? year + 1 : year); period++)
        {
            if ((period - Plan.StartYear) % Plan.Interval == 0)
            {
                days.Build(period);
                Select(days.Bits, 0, days.Length + 2, days.BitZero);
            }
        }
    }

    private void SelectMonths()
    {
        days.Build(year);
        var leap = days.Length == 366;
        for (var month = 1; month <= 12; month++)
        {
            var since = ((year - (long)Plan.StartYear) * 12) + month - Plan.StartMonth;
            if (since % Plan.Interval != 0 || (Plan.Months != 0 && (Plan.Months & (1 << month)) == 0))
            {
                continue;
            }

            var before = CivilDays.MonthStart(month, leap);
            var after = before + CivilDays.MonthLength(month, leap) + 1;
            if (MovesDays)
            {
                days.Build(year, 1 << month);
                Select(days.Bits, before, after + 1, days.BitZero);
            }
            else
            {
                Select(days.Bits, before + 1, after, days.BitZero);
            }
        }
    }

    private void SelectWeeks()
    {
        days.Build(year);
        var anchor = Plan.StartDay - CivilDays.Mod(CivilDays.Weekday(Plan.StartDay) - Plan.WeekStart, 7);
        var stride = Plan.Interval * 7L;
        var first = Math.Max(CivilDays.FloorDiv(days.BitZero + 1 - anchor, stride) * stride, 0) + anchor;
        for (; first <= days.BitZero + days.Length; first += stride)
        {
            var bit = (int)first - days.BitZero;
            if (bit >= 1 && bit + 6 <= days.Length)
            {
                Select(days.Bits, bit, bit + 7, days.BitZero);
            }
            else if (bit + 6 >= 1)
            {
                SelectWeekOfTwoYears((int)first);
            }
        }
    }

    private void SelectWeekOfTwoYears(int first)
    {
        week.Clear();
        for (var day = 0; day < 7; day++)
        {
            var inYear = CivilDays.YearOf(first + day);
            var source = inYear == year ? days : beside;
            if (source.Year != inYear)
            {
                source.Build(inYear);
            }

            if (source.Bits.Has(first + day - source.BitZero))
            {
                week.Add(day);
            }
        }

        Select(week, 0, 7, first);
    }

    private void SelectDays()
    {
        days.Build(year);
        for (var day = days.Bits.Next(1); day != DayBits.None && day <= days.Length; day = days.Bits.Next(day + 1))
        {
            if ((days.BitZero + day - (long)Plan.StartDay) % Plan.Interval == 0)
            {
                Select(days.Bits, day, day + 1, days.BitZero);
            }
        }
    }

    /// <summary>Positions of one period, in order; what lies in another year is left to that year.</summary>
    private void Select(DayBits bits, int from, int to, int bitZero)
    {
        Budget.Spend(1 + (Plan.Rule.BySetPos.Count / 4));
        var total = (long)bits.Count(from, to) * times.Count;
        var before = selected.Count;
        foreach (var position in SetPositions.In(total, Plan.Rule.BySetPos.Span))
        {
            Budget.Spend();
            var day = bitZero + bits.Select(from, (int)(position / times.Count));
            var time = (day * CivilDays.SecondsPerDay) + times[(int)(position % times.Count)];
            if (CivilDays.YearOf(day) == year && (selected.Count == before || selected[^1] < time))
            {
                selected.Add(time);
            }
        }
    }

    private void SortOnce()
    {
        selected.Sort();
        var kept = 0;
        for (var index = 0; index < selected.Count; index++)
        {
            if (kept == 0 || selected[kept - 1] != selected[index])
            {
                selected[kept++] = selected[index];
            }
        }

        selected.RemoveRange(kept, selected.Count - kept);
    }
}
