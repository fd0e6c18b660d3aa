using Kalends.Appointments;
using Kalends.Recurrence;
using Kalends.Time;
using NodaTime;
using NodaTime.Text;

namespace Kalends.ICalendar;

/// <summary>
/// RRULE, EXRULE, RDATE, EXDATE and RECURRENCE-ID (RFC 5545 §3.8.5, §3.8.4.4) in the form of their series' DTSTART: times with its TZID,
/// times in UTC, or dates.
/// </summary>
internal static class RecurrenceLines
{
    /// <summary>Some 900 characters, so that a long list stays readable and mergeable line by line.</summary>
    private const int DatesPerLine = 50;

    private static readonly LocalDatePattern DateForm = LocalDatePattern.CreateWithInvariantCulture("uuuuMMdd");
    private static readonly LocalDateTimePattern TimeForm = LocalDateTimePattern.CreateWithInvariantCulture("uuuuMMdd'T'HHmmss");

    public static string Date(LocalDate date) => DateForm.Format(date);

    public static string Time(LocalDateTime time) => TimeForm.Format(time);

    public static void Write(Appointments.Recurrence recurrence, SeriesWall wall, LineWriter lines)
    {
        foreach (var rule in RecurrenceRules.Of(recurrence))
        {
            lines.Line("RRULE", Conforming(rule, wall));
        }

        foreach (var rule in recurrence.ExcludedRules ?? [])
        {
            lines.Line("EXRULE", Conforming(rule, wall));
        }

        foreach (var dates in (recurrence.Added ?? []).Chunk(DatesPerLine))
        {
            Dates("RDATE", dates, wall, lines);
        }

        foreach (var dates in (recurrence.Excluded ?? []).Chunk(DatesPerLine))
        {
            Dates("EXDATE", dates, wall, lines);
        }
    }

    public static void WriteId(LocalDateTime occurrence, SeriesWall wall, LineWriter lines) => Dates("RECURRENCE-ID", [occurrence], wall, lines);

    /// <summary>What does not parse was never a rule of ours; it is written as it stands rather than lost.</summary>
    private static string Conforming(string text, SeriesWall wall) =>
        RecurrenceRule.TryParse(text, RuleReading.Tolerant, out var rule, out _) ? ConformingRule.Of(rule, wall).ToString() : text;

    private static void Dates(string property, LocalDateTime[] dates, SeriesWall wall, LineWriter lines)
    {
        if (wall.AllDay)
        {
            lines.Line(property, [("VALUE", "DATE")], string.Join(',', dates.Select(time => Date(time.Date))));
            return;
        }

        var utc = wall.Zone == "UTC";
        lines.Line(property, [("TZID", utc ? null : wall.Zone)], string.Join(',', dates.Select(time => Time(time) + (utc ? "Z" : ""))));
    }
}
