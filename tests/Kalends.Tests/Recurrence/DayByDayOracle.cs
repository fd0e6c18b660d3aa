using Kalends.Recurrence;
using NodaTime;
using NodaTime.Calendars;
using NodaTime.TimeZones;

namespace Kalends.Tests.Recurrence;

/// <summary>
/// What a rule means, in the slowest way: every day is looked at, with every time of day that could be, and asked of each BY part
/// whether it may stay (RFC 8984 §4.3.3). Dates are NodaTime's; nothing of the engine is used, neither its numbers nor its plan.
/// </summary>
internal sealed class DayByDayOracle
{
    private readonly RecurrenceRule rule;
    private readonly LocalDateTime start;
    private readonly DateTimeZone zone;
    private readonly HashSet<int> months;
    private readonly HashSet<int> monthDays;
    private readonly HashSet<(int Ordinal, IsoDayOfWeek Day)> weekdays;
    private readonly IWeekYearRule weeks;

    public DayByDayOracle(RecurrenceRule rule, LocalDateTime start, DateTimeZone zone)
    {
        (this.rule, this.start, this.zone) = (rule, start, zone);
        months = [.. rule.ByMonth];
        monthDays = [.. rule.ByMonthDay];
        weekdays = [.. rule.ByDay.Select(day => (day.Ordinal, day.Day))];
        weeks = WeekYearRules.ForMinDaysInFirstWeek(4, rule.WeekStart);
        FillIn();
    }

    /// <summary>The instants before the end, each once, in order.</summary>
    public List<Instant> Before(Instant end)
    {
        var times = Candidates(LastWall(end))
            .GroupBy(candidate => candidate.Period)
            .Where(period => PeriodCounts(period.Key))
            .SelectMany(period => Positions([.. period.Select(candidate => candidate.Time).Distinct().Order()]))
            .Where(BeforeLocalEnd)
            .Distinct()
            .Order();
        var instants = times.SelectMany(Read).OrderBy(read => read.Key).ThenBy(read => read.Rank).ThenBy(read => read.Wall).Select(read => read.Instant);
        return [.. instants.Take(rule.Count ?? int.MaxValue).Where(instant => instant < end && BeforeEnd(instant)).Distinct().Order()];
    }

    private void FillIn()
    {
        if (rule.Frequency == Frequency.Yearly && rule.ByYearDay.IsEmpty)
        {
            if (months.Count == 0 && rule.ByWeekNo.IsEmpty && (monthDays.Count > 0 || weekdays.Count == 0))
            {
                months.Add(start.Month);
            }

            if (monthDays.Count == 0 && rule.ByWeekNo.IsEmpty && weekdays.Count == 0)
            {
                monthDays.Add(start.Day);
            }
            else if (!rule.ByWeekNo.IsEmpty && monthDays.Count == 0 && weekdays.Count == 0)
            {
                weekdays.Add((0, start.DayOfWeek));
            }
        }
        else if (rule.Frequency == Frequency.Monthly && monthDays.Count == 0 && weekdays.Count == 0)
        {
            monthDays.Add(start.Day);
        }
        else if (rule.Frequency == Frequency.Weekly && weekdays.Count == 0)
        {
            weekdays.Add((0, start.DayOfWeek));
        }
    }

    /// <summary>The latest wall time that can belong to the time before the end: where clocks were just put back, three hours more.</summary>
    private LocalDateTime LastWall(Instant end)
    {
        var wall = end.InZone(zone).LocalDateTime;
        return zone.GetUtcOffset(end - Duration.FromHours(4)) == zone.GetUtcOffset(end) ? wall : wall.PlusHours(3);
    }

    private IEnumerable<(LocalDateTime Period, LocalDateTime Time)> Candidates(LocalDateTime last)
    {
        var first = rule.Frequency switch
        {
            // The period before the start's may reach it by SKIP.
            Frequency.Yearly => new LocalDate(start.Year - 1, 1, 1),
            Frequency.Monthly => new LocalDate(start.Year, start.Month, 1).PlusMonths(-1),
            Frequency.Weekly => WeekOf(start.Date),
            _ => start.Date,
        };
        var lastDay = rule.Frequency switch
        {
            Frequency.Yearly => new LocalDate(last.Year + 1, 12, 31),
            Frequency.Monthly => last.Date.PlusDays(62),
            _ => last.Date.PlusDays(7),
        };
        var fine = rule.Frequency < Frequency.Daily;
        for (var day = first; day <= (fine ? last.Date : lastDay); day = day.PlusDays(1))
        {
            foreach (var (date, owner) in Landings(day))
            {
                // Of seconds there are too many to make those that are too early or too late.
                var hours = (From: fine && date == start.Date ? Math.Max(start.Hour - 3, 0) : 0, To: fine && date == last.Date ? last.Hour : 23);
                foreach (var time in Times(hours.From, hours.To))
                {
                    yield return (PeriodOf(owner, time), date.At(time));
                }
            }
        }
    }

    /// <summary>The day itself if it may stay; on the last day of a month, the days that it lacks as well, where SKIP puts them.</summary>
    private IEnumerable<(LocalDate Date, LocalDate Owner)> Landings(LocalDate day)
    {
        if (MonthMay(day) && WeekMay(day) && MonthDayMay(day) && YearDayMay(day) && WeekdayMay(day))
        {
            yield return (day, day);
        }

        var length = day.Calendar.GetDaysInMonth(day.Year, day.Month);
        if (rule.Skip == SkipPolicy.Omit || day.Day != length)
        {
            yield break;
        }

        foreach (var number in MonthMay(day) ? monthDays.Where(number => Math.Abs(number) > length) : [])
        {
            var edge = number > 0 ? day : new LocalDate(day.Year, day.Month, 1);
            yield return (Moved(edge, number > 0), day);
        }

        var yearLength = day.Calendar.GetDaysInYear(day.Year);
        foreach (var number in day.Month == 12 ? rule.ByYearDay.Where(number => Math.Abs(number) > yearLength) : [])
        {
            yield return (Moved(number > 0 ? day : new LocalDate(day.Year, 1, 1), number > 0), day);
        }
    }

    /// <summary>What lies after an end or before a beginning, one step back or on.</summary>
    private LocalDate Moved(LocalDate edge, bool after) =>
        rule.Skip == SkipPolicy.Forward ? (after ? edge.PlusDays(1) : edge) : after ? edge : edge.PlusDays(-1);

    private bool MonthMay(LocalDate day) => months.Count == 0 || months.Contains(day.Month);

    private bool MonthDayMay(LocalDate day) => monthDays.Count == 0 || monthDays.Contains(day.Day)
        || monthDays.Contains(day.Day - 1 - day.Calendar.GetDaysInMonth(day.Year, day.Month));

    private bool YearDayMay(LocalDate day) => rule.ByYearDay.IsEmpty || rule.ByYearDay.Contains(day.DayOfYear)
        || rule.ByYearDay.Contains(day.DayOfYear - 1 - day.Calendar.GetDaysInYear(day.Year));

    private bool WeekMay(LocalDate day)
    {
        if (rule.ByWeekNo.IsEmpty)
        {
            return true;
        }

        var number = weeks.GetWeekOfWeekYear(day);
        var all = weeks.GetWeeksInWeekYear(weeks.GetWeekYear(day));
        return rule.ByWeekNo.Contains(number) || rule.ByWeekNo.Contains(number - all - 1);
    }

    private bool WeekdayMay(LocalDate day)
    {
        var inMonth = rule.Frequency == Frequency.Monthly || months.Count > 0;
        var (place, length) = inMonth ? (day.Day, day.Calendar.GetDaysInMonth(day.Year, day.Month)) : (day.DayOfYear, day.Calendar.GetDaysInYear(day.Year));
        return weekdays.Count == 0 || weekdays.Contains((0, day.DayOfWeek))
            || weekdays.Contains((((place - 1) / 7) + 1, day.DayOfWeek)) || weekdays.Contains((-(((length - place) / 7) + 1), day.DayOfWeek));
    }

    private IEnumerable<LocalTime> Times(int firstHour, int lastHour) =>
        from hour in Values(rule.ByHour, start.Hour, 24, Frequency.Hourly)
        where hour >= firstHour && hour <= lastHour
        from minute in Values(rule.ByMinute, start.Minute, 60, Frequency.Minutely)
        from second in Values(new(rule.BySecond.Select(second => Math.Min(second, 59))), start.Second, 60, Frequency.Secondly)
        select new LocalTime(hour, minute, second);

    private IEnumerable<int> Values(NumberList part, int ofStart, int all, Frequency finest) =>
        !part.IsEmpty ? part : rule.Frequency <= finest ? Enumerable.Range(0, all) : [ofStart];

    private LocalDate WeekOf(LocalDate day) => day.DayOfWeek == rule.WeekStart ? day : day.Previous(rule.WeekStart);

    private LocalDateTime PeriodOf(LocalDate day, LocalTime time) => rule.Frequency switch
    {
        Frequency.Yearly => new(day.Year, 1, 1, 0, 0),
        Frequency.Monthly => new(day.Year, day.Month, 1, 0, 0),
        Frequency.Weekly => WeekOf(day).AtMidnight(),
        Frequency.Daily => day.AtMidnight(),
        Frequency.Hourly => day.At(new(time.Hour, 0)),
        Frequency.Minutely => day.At(new(time.Hour, time.Minute)),
        _ => day.At(time),
    };

    private bool PeriodCounts(LocalDateTime begin)
    {
        var since = rule.Frequency switch
        {
            Frequency.Yearly => begin.Year - start.Year,
            Frequency.Monthly => ((begin.Year - start.Year) * 12) + begin.Month - start.Month,
            Frequency.Weekly => Period.DaysBetween(WeekOf(start.Date), begin.Date) / 7,
            Frequency.Daily => Period.DaysBetween(start.Date, begin.Date),
            Frequency.Hourly => Period.Between(start.Date.At(new LocalTime(start.Hour, 0)), begin, PeriodUnits.Hours).Hours,
            Frequency.Minutely => Period.Between(start.Date.At(new LocalTime(start.Hour, start.Minute)), begin, PeriodUnits.Minutes).Minutes,
            _ => Period.Between(start, begin, PeriodUnits.Seconds).Seconds,
        };
        return since % rule.Interval == 0;
    }

    private IEnumerable<LocalDateTime> Positions(List<LocalDateTime> set) => rule.BySetPos.IsEmpty
        ? set
        : set.Where((_, place) => rule.BySetPos.Contains(place + 1) || rule.BySetPos.Contains(place - set.Count));

    private bool BeforeLocalEnd(LocalDateTime time) => rule.Until is not { IsUtc: false } until
        || (until.IsDate ? time.Date <= until.Time.Date : time <= until.Time);

    private bool BeforeEnd(Instant instant) => rule.Until is not { IsUtc: true } until || instant <= until.Time.InUtc().ToInstant();

    /// <summary>
    /// The instants of a wall time. An interval of hours or less that divides the change counts elapsed time: nothing for a skipped time,
    /// both for a repeated one. Key and rank keep what a gap moves before what is there already, as COUNT counts it.
    /// </summary>
    private IEnumerable<(Instant Key, int Rank, LocalDateTime Wall, Instant Instant)> Read(LocalDateTime wall)
    {
        var map = zone.MapLocal(wall);
        var change = map.Count == 1 ? 0 : Math.Abs(map.LateInterval.WallOffset.Seconds - map.EarlyInterval.WallOffset.Seconds);
        var step = rule.Frequency switch { Frequency.Hourly => 3600L, Frequency.Minutely => 60, Frequency.Secondly => 1, _ => 0 } * rule.Interval;
        var elapsed = change > 0 && step > 0 && change % step == 0;
        if (wall < start)
        {
            // Only its second passing can come after the start.
            if (map.Count == 2 && elapsed && map.Last().ToInstant() > zone.AtLeniently(start).ToInstant())
            {
                yield return (map.Last().ToInstant(), 1, wall, map.Last().ToInstant());
            }

            yield break;
        }

        if (map.Count == 0)
        {
            if (!elapsed)
            {
                yield return (map.EarlyInterval.End, 0, wall, wall.InUtc().ToInstant() - map.EarlyInterval.WallOffset.AsDuration());
            }

            yield break;
        }

        yield return (map.First().ToInstant(), 1, wall, map.First().ToInstant());
        if (map.Count == 2 && elapsed)
        {
            yield return (map.Last().ToInstant(), 1, wall, map.Last().ToInstant());
        }
    }
}

internal static class OffsetDurations
{
    public static Duration AsDuration(this Offset offset) => Duration.FromSeconds(offset.Seconds);
}
