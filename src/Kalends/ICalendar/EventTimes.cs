using System.Globalization;
using Kalends.Time;
using NodaTime;

namespace Kalends.ICalendar;

/// <summary>When an event is, as the appointment model says it: local start, zone, nominal duration.</summary>
internal sealed record EventTimes(LocalDateTime Start, string? Zone, NominalDuration Duration, string? EndZone, bool AllDay)
{
    /// <summary>The zone whose midnights a whole day was written as, where it was (Outlook).</summary>
    public string? DayZone { get; init; }

    /// <summary>The longest that <see cref="NominalDuration"/> takes.</summary>
    public const int MostDays = 20_000;

    /// <summary>DATE or DATE-TIME of a line (RFC 5545 §3.3.4, §3.3.5), with VALUE=DATE as its midnight; null when it is neither.</summary>
    public static LocalDateTime? Local(ContentLine line)
    {
        var text = Text(line);
        var (date, time) = (text.Length >= 8 ? Date(text[..8]) : null, text.Length > 8 ? Time(text[8..].TrimEnd('Z', 'z')) : LocalTime.Midnight);
        return date is not { } day || time is not { } hour ? null : day.At(line.Has("VALUE", "DATE") ? LocalTime.Midnight : hour);
    }

    public static bool IsDate(ContentLine line) => line.Has("VALUE", "DATE") || Text(line).Length == 8;

    public static bool IsUtc(ContentLine line) => line.Value.TrimEnd().EndsWith('Z') || line.Value.TrimEnd().EndsWith('z');

    public static Instant? Utc(ContentLine? line) =>
        line is not null && IsUtc(line) && Local(line) is { } local && InRange(local.Date) ? local.InUtc().ToInstant() : null;

    /// <summary>A date with a Z, as Google wrote in its birthday calendars, is that date.</summary>
    private static string Text(ContentLine line) => line.Value.Trim() is var text && text.Length == 9 && IsUtc(line) ? text[..8] : text;

    public static LocalDate? Date(string digits) =>
        Number(digits) is { } number && number / 10_000 is >= 1 and <= 9999 && number / 100 % 100 is >= 1 and <= 12
        && number % 100 >= 1 && number % 100 <= CalendarSystem.Iso.GetDaysInMonth(number / 10_000, number / 100 % 100)
            ? new LocalDate(number / 10_000, number / 100 % 100, number % 100)
            : null;

    public static bool InRange(LocalDate date) => date >= LocalSpans.Earliest && date < LocalSpans.Latest;

    /// <summary>
    /// The duration from a local start to a local end: whole days on the wall, then exact seconds; all of it exact where the zones
    /// differ. Null when the end is before the start.
    /// </summary>
    public static NominalDuration? Between(LocalDateTime start, DateTimeZone zone, LocalDateTime end, DateTimeZone endZone)
    {
        var policy = DaylightSavingPolicy.Rfc5545;
        var to = policy.Resolve(end, endZone);
        var days = zone.Equals(endZone) ? (int)Math.Max(0, Period.DaysBetween(start.Date, end.Date) - (end.TimeOfDay < start.TimeOfDay ? 1 : 0)) : 0;
        var seconds = Seconds(days);
        if (seconds < 0 && days > 0)
        {
            seconds = Seconds(--days);
        }

        return seconds < 0 || days > MostDays || seconds > MostDays * (long)NominalDuration.SecondsPerDay
            ? null
            : new NominalDuration(days, seconds);

        long Seconds(int after) => (long)(to - policy.Resolve(start.PlusDays(after), zone)).TotalSeconds;
    }

    /// <summary>hhmmss after the T; the leap second that RFC 5545 allows is the second before it.</summary>
    private static LocalTime? Time(string text) =>
        text.Length == 7 && text[0] is 'T' or 't' && Number(text[1..]) is { } number
        && number / 10_000 < 24 && number / 100 % 100 < 60 && number % 100 <= 60
            ? new LocalTime(number / 10_000, number / 100 % 100, Math.Min(number % 100, 59))
            : null;

    private static int? Number(string digits) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
