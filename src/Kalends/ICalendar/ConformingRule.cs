using Kalends.Recurrence;
using NodaTime;

namespace Kalends.ICalendar;

/// <summary>
/// A rule in the one form that RFC 5545 §3.3.10 has for its start: UNTIL in UTC where the start is a time in a zone, a date where it is
/// a date; no times of day for whole days. What the rule means stays.
/// </summary>
internal static class ConformingRule
{
    /// <summary>"Never", as programs write it that must write something, and far from the last year that can be counted.</summary>
    private const int Never = 9000;

    public static RecurrenceRule Of(RecurrenceRule rule, SeriesWall wall) => wall.AllDay
        ? rule with { Until = Day(rule.Until, wall), ByHour = default, ByMinute = default, BySecond = default }
        : rule with { Until = Moment(rule.Until, wall) };

    /// <summary>The last moment of a rule on the wall of its series; a whole day is its last second.</summary>
    public static LocalDateTime? Last(RuleUntil? until, SeriesWall wall) =>
        until is not { } last ? null
        : last.IsDate ? EndOf(last.Time.Date)
        : last.IsUtc && !wall.AllDay ? last.Time.InUtc().ToInstant().InZone(wall.TimeZone!).LocalDateTime
        : last.Time;

    public static RuleUntil Until(LocalDateTime last, SeriesWall wall) =>
        wall.AllDay ? RuleUntil.OfDate(last.Date) : RuleUntil.OfUtc(wall.At(last));

    /// <summary>Outlook's whole days are midnights of a zone, and their ends with them; else the date as it stands is meant.</summary>
    private static RuleUntil? Day(RuleUntil? until, SeriesWall wall) =>
        InReach(until) is not { } last ? null
        : RuleUntil.OfDate(last.IsUtc && wall.DayZone != "UTC" ? wall.From(last.Time, "UTC", false).Date : last.Time.Date);

    private static RuleUntil? Moment(RuleUntil? until, SeriesWall wall) =>
        InReach(until) is not { } last ? null
        : last.IsUtc ? last
        : Until(last.IsDate ? EndOf(last.Time.Date) : last.Time, wall);

    /// <summary>An end that can be counted with in any zone; before all appointments is before all appointments.</summary>
    private static RuleUntil? InReach(RuleUntil? until) =>
        until is not { } last || last.Time.Year >= Never ? null : last.Time.Year <= 1 ? RuleUntil.OfDate(new(2, 1, 1)) : last;

    private static LocalDateTime EndOf(LocalDate date) => date.At(new LocalTime(23, 59, 59));
}
