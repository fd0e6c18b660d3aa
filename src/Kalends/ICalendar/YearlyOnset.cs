using System.Globalization;
using NodaTime;

namespace Kalends.ICalendar;

/// <summary>
/// The one kind of rule that zones change their clocks by: each year, in a month, the n-th (or n-th last) weekday, or the weekday that falls
/// among given days of the month, or one day, until a date.
/// </summary>
internal sealed record YearlyOnset(int Month, IsoDayOfWeek? Weekday, int Which, IReadOnlyList<int> Days, LocalDate Until)
{
    private static readonly string[] Weekdays = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

    public static YearlyOnset? Parse(string rule)
    {
        var parts = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in rule.Split(';', 20))
        {
            var (name, value) = part.Split('=', 2) is [var left, var right] ? (left.Trim(), right.Trim().ToUpperInvariant()) : (part, "");
            parts.TryAdd(name, value);
        }

        var weekday = parts.GetValueOrDefault("BYDAY");
        var which = 0;
        var day = weekday is { Length: >= 2 } ? Array.IndexOf(Weekdays, weekday[^2..]) : -1;
        return parts.GetValueOrDefault("FREQ") != "YEARLY" || !Number(parts.GetValueOrDefault("BYMONTH"), 1, 12, out var month)
            || (weekday is not null && (day < 0 || (weekday.Length > 2 && !Number(weekday[..^2], -5, 5, out which))))
            ? null
            : new(
                month, day < 0 ? null : (IsoDayOfWeek)(day + 1), which,
                DaysOf(parts.GetValueOrDefault("BYMONTHDAY")), LastDay(parts.GetValueOrDefault("UNTIL")));
    }

    /// <summary>The rule that dates of one month and weekday follow, one each year; null when they follow none.</summary>
    public static YearlyOnset? Fitting(IReadOnlyList<LocalDate> dates)
    {
        var forever = new LocalDate(9999, 12, 31);
        var (month, weekday) = (dates[0].Month, dates[0].DayOfWeek);
        var weeks = dates.Select(date => ((date.Day - 1) / 7) + 1).Distinct().ToList();
        if (dates.All(date => date.PlusWeeks(1).Month != month))
        {
            return new(month, weekday, -1, [], forever);
        }

        var first = dates.Min(date => date.Day);
        return weeks is [var week] ? new(month, weekday, week, [], forever)
            : dates.Max(date => date.Day) - first < 7 ? new(month, weekday, 0, [.. Enumerable.Range(first, 7).Where(day => day <= 31)], forever)
            : null;
    }

    /// <summary>As RFC 5545 §3.3.10 writes it, without its end.</summary>
    public string ToRule() => string.Create(CultureInfo.InvariantCulture, $"FREQ=YEARLY;BYMONTH={Month}")
        + (Weekday is { } day ? ";BYDAY=" + (Which == 0 ? "" : Which.ToString(CultureInfo.InvariantCulture)) + Weekdays[(int)day - 1] : "")
        + (Days.Count > 0 ? ";BYMONTHDAY=" + string.Join(',', Days) : "");

    public LocalDateTime? In(int year, LocalTime time)
    {
        if (year < 1 || year > 9998)
        {
            return null;
        }

        var first = new LocalDate(year, Month, 1);
        var fitting = Enumerable.Range(0, first.Calendar.GetDaysInMonth(year, Month)).Select(first.PlusDays)
            .Where(date => Weekday is null || date.DayOfWeek == Weekday)
            .Where(date => Days.Count == 0 ? Weekday is not null || date.Day == 1 : Days.Contains(date.Day)).ToList();
        var index = Which > 0 ? Which - 1 : Which < 0 ? fitting.Count + Which : 0;
        return index >= 0 && index < fitting.Count && fitting[index] <= Until ? fitting[index].At(time) : null;
    }

    private static bool Number(string? text, int least, int most, out int number) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number) && number >= least && number <= most;

    private static List<int> DaysOf(string? list) =>
        [.. (list ?? "").Split(',', 32).Select(day => Number(day, 1, 31, out var number) ? number : 0).Where(day => day > 0)];

    private static LocalDate LastDay(string? until) =>
        until is { Length: >= 8 } && EventTimes.Date(until[..8]) is { } date ? date : new LocalDate(9999, 12, 31);
}
