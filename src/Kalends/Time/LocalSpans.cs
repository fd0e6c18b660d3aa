using NodaTime;

namespace Kalends.Time;

/// <summary>From what a person meant (a local start, a zone, a duration) to what is indexed (a timespan in UTC).</summary>
public static class LocalSpans
{
    /// <summary>The first day that an appointment may touch; earlier dates are typing or conversion errors in practice.</summary>
    public static readonly LocalDate Earliest = new(1900, 1, 1);

    /// <summary>The first day that is too late: beyond it zone rules are a guess, and year 9999 is somebody's "never".</summary>
    public static readonly LocalDate Latest = new(2200, 1, 1);

    /// <summary>
    /// Days of the duration are counted on the wall and land by the same policy as the start; hours, minutes and seconds are exact
    /// (RFC 5545 §3.8.5.3). The end is never before the start.
    /// </summary>
    public static Timespan Timed(LocalDateTime start, DateTimeZone zone, NominalDuration duration, DaylightSavingPolicy policy)
    {
        var from = policy.Resolve(start, zone);
        var afterDays = duration.Days == 0 ? from : policy.Resolve(start.PlusDays(duration.Days), zone);
        return new(from, afterDays + Duration.FromSeconds(duration.Seconds));
    }

    /// <summary>Whole days in a zone: from the first moment of the first day to the first moment after the last (a day may begin at 01:00).</summary>
    public static Timespan AllDay(LocalDate first, int days, DateTimeZone zone) =>
        new(StartOfDay(first, zone), StartOfDay(first.PlusDays(days), zone));

    /// <summary>The first moment of a day; of one that a zone left out (Apia, 30 December 2011), the first moment after it.</summary>
    public static Instant StartOfDay(LocalDate day, DateTimeZone zone)
    {
        var midnight = zone.MapLocal(day.AtMidnight());
        return midnight.Count > 0 ? midnight.First().ToInstant() : midnight.LateInterval.Start;
    }
}
