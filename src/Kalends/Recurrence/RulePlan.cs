namespace Kalends.Recurrence;

/// <summary>
/// A rule with its start, ready to be run: parts as bit masks, and filled in what the rule leaves to its start. What that is, RFC 5545
/// shows by example only; RFC 8984 §4.3.3 says it in full for rules of the same meaning, and that is followed here.
/// </summary>
internal sealed class RulePlan
{
    public const int AllMonths = 0x1FFE;

    public RulePlan(RecurrenceRule rule, long start, bool hasTime)
    {
        (Rule, Start, HasTime) = (rule, start, hasTime);
        StartDay = CivilDays.DayOf(start);
        StartYear = CivilDays.YearOf(StartDay);
        var dayOfYear = StartDay - CivilDays.YearStart(StartYear) + 1;
        StartMonth = CivilDays.MonthOf(dayOfYear, CivilDays.IsLeap(StartYear));
        Months = Mask(rule.ByMonth);
        WeekStart = (int)rule.WeekStart - 1;
        ReadDays();
        FillIn(dayOfYear - CivilDays.MonthStart(StartMonth, CivilDays.IsLeap(StartYear)));
        Times = new(this, (int)(start - (StartDay * CivilDays.SecondsPerDay)));
    }

    public RecurrenceRule Rule { get; }

    /// <summary>The start on the wall, in seconds; nothing of the rule comes before it.</summary>
    public long Start { get; }

    /// <summary>False for whole days: BYHOUR, BYMINUTE and BYSECOND are ignored (RFC 5545 §3.3.10).</summary>
    public bool HasTime { get; }

    public int StartDay { get; }

    public int StartYear { get; }

    public int StartMonth { get; }

    public Frequency Frequency => Rule.Frequency;

    public int Interval => Rule.Interval;

    /// <summary>Bit 1 for January; 0 where any month will do.</summary>
    public int Months { get; private set; }

    /// <summary>Bit n for the n-th day, counted from the beginning and from the end of the month; both 0 where any day will do.</summary>
    public uint MonthDays { get; private set; }

    public uint MonthDaysFromEnd { get; private set; }

    public bool LimitsMonthDays => (MonthDays | MonthDaysFromEnd) != 0;

    /// <summary>Bit 0 for Monday: every such day. Without numbered ones too, 0 means that any weekday will do.</summary>
    public uint Weekdays { get; private set; }

    /// <summary>The n-th weekdays of the month or year.</summary>
    public NumberedDay[] NumberedDays { get; private set; } = [];

    public bool LimitsWeekdays => Weekdays != 0 || NumberedDays.Length > 0;

    /// <summary>Whether the n-th weekday is counted in each month or in the year (RFC 5545 §3.3.10, notes 1 and 2).</summary>
    public bool CountsWeekdaysInMonth => Frequency == Frequency.Monthly || Months != 0;

    public int WeekStart { get; }

    public TimesOfDay Times { get; }

    /// <summary>Steps to lay out a year: long lists of BYDAY and BYYEARDAY are walked for each.</summary>
    public int StepsAYear => 1 + (NumberedDays.Length * 2) + (Rule.ByYearDay.Count / 8);

    /// <summary>Whether the day matters at all; where it does not, hours and finer run on without a look at it.</summary>
    public bool LimitsDays =>
        Months != 0 || LimitsMonthDays || LimitsWeekdays || !Rule.ByYearDay.IsEmpty || !Rule.ByWeekNo.IsEmpty;

    /// <summary>
    /// The rule with all of it written out and with neither interval nor end: what a date must be like to be an occurrence, wherever
    /// the series begins.
    /// </summary>
    public RecurrenceRule WrittenOut()
    {
        var ofDay = (int)(Start - (StartDay * CivilDays.SecondsPerDay));
        return Rule with
        {
            Interval = 1,
            Count = null,
            Until = null,
            ByMonth = new(Bits((uint)Months)),
            ByMonthDay = Rule.ByMonthDay.IsEmpty ? new(Bits(MonthDays)) : Rule.ByMonthDay,
            ByDay = Rule.ByDay.IsEmpty ? new(Bits(Weekdays).Select(day => new NumberedDay(0, (NodaTime.IsoDayOfWeek)(day + 1)))) : Rule.ByDay,
            ByHour = Written(Rule.ByHour, Frequency.Hourly, ofDay / 3600),
            ByMinute = Written(Rule.ByMinute, Frequency.Minutely, ofDay / 60 % 60),
            BySecond = Written(Rule.BySecond, Frequency.Secondly, ofDay % 60),
        };
    }

    private NumberList Written(NumberList part, Frequency finest, int ofStart) =>
        part.IsEmpty && Frequency > finest ? NumberList.Of(ofStart) : part;

    private static IEnumerable<int> Bits(uint mask) => Enumerable.Range(0, 32).Where(bit => (mask & (1u << bit)) != 0);

    private static int Mask(NumberList numbers)
    {
        var mask = 0;
        foreach (var number in numbers.Span)
        {
            mask |= 1 << number;
        }

        return mask;
    }

    private void ReadDays()
    {
        foreach (var day in Rule.ByMonthDay.Span)
        {
            MonthDays |= day > 0 ? 1u << day : 0;
            MonthDaysFromEnd |= day < 0 ? 1u << -day : 0;
        }

        // A number where RFC 5545 forbids one (read tolerantly) is dropped.
        var numbered = Frequency == Frequency.Monthly || (Frequency == Frequency.Yearly && Rule.ByWeekNo.IsEmpty);
        foreach (var day in Rule.ByDay.Span)
        {
            Weekdays |= day.Ordinal == 0 || !numbered ? 1u << ((int)day.Day - 1) : 0;
        }

        if (numbered && Rule.ByDay.IsNumbered)
        {
            NumberedDays = [.. Rule.ByDay.Where(day => day.Ordinal != 0)];
        }
    }

    private void FillIn(int dayOfMonth)
    {
        var open = Rule.ByDay.IsEmpty && !LimitsMonthDays;
        if (Frequency < Frequency.Weekly || !Rule.ByYearDay.IsEmpty)
        {
            return;
        }

        if (Frequency == Frequency.Yearly && Months == 0 && Rule.ByWeekNo.IsEmpty && (LimitsMonthDays || open))
        {
            Months = 1 << StartMonth;
        }

        if (open && (Frequency == Frequency.Weekly || !Rule.ByWeekNo.IsEmpty))
        {
            Weekdays = 1u << CivilDays.Weekday(StartDay);
        }
        else if (open)
        {
            MonthDays = 1u << dayOfMonth;
        }
    }
}
