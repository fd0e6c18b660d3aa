namespace Kalends.Recurrence;

/// <summary>
/// BYWEEKNO: weeks as ISO 8601 numbers them, but beginning on WKST; week 1 is the first with four days in the year. A week may reach
/// over the turn of the year: its days are taken in the calendar year they lie in, so a rule's years are calendar years throughout.
/// </summary>
internal static class WeekNumbers
{
    /// <summary>Adds all days of the year that lie in one of the rule's weeks.</summary>
    public static void Add(RulePlan plan, int year, DayBits bits)
    {
        var yearStart = CivilDays.YearStart(year);
        var length = CivilDays.YearLength(year);
        var (previous, current, next) = (FirstWeek(plan, year - 1), FirstWeek(plan, year), FirstWeek(plan, year + 1));
        if (current > yearStart && Takes(plan, (current - previous) / 7, (current - previous) / 7))
        {
            bits.AddRange(1, current - yearStart);
        }

        var weeks = (next - current) / 7;
        foreach (var number in plan.Rule.ByWeekNo.Span)
        {
            var week = number > 0 ? number : weeks + 1 + number;
            if (week >= 1 && week <= weeks)
            {
                var firstBit = current + ((week - 1) * 7) - yearStart + 1;
                bits.AddRange(Math.Max(firstBit, 1), Math.Min(firstBit + 6, length));
            }
        }

        if (next < yearStart + length && Takes(plan, 1, (FirstWeek(plan, year + 2) - next) / 7))
        {
            bits.AddRange(next - yearStart + 1, length);
        }
    }

    private static bool Takes(RulePlan plan, int week, int weeks) =>
        plan.Rule.ByWeekNo.Span.Contains(week) || plan.Rule.ByWeekNo.Span.Contains(week - weeks - 1);

    /// <summary>The day on which week 1 begins: the week that January 4 lies in.</summary>
    private static int FirstWeek(RulePlan plan, int year)
    {
        var fourth = CivilDays.YearStart(year) + 3;
        return fourth - CivilDays.Mod(CivilDays.Weekday(fourth) - plan.WeekStart, 7);
    }
}
