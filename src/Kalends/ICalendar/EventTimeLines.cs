using Kalends.Appointments;
using Kalends.Time;
using NodaTime;

namespace Kalends.ICalendar;

/// <summary>
/// DTSTART and DTEND. Every program reads DTEND, so the end is written so; where the end alone would not give back the nominal duration
/// (24 hours over a change of clocks), the duration stands beside it in X-KALENDS-DURATION.
/// </summary>
internal static class EventTimeLines
{
    public static void Write(Appointment appointment, string zoneWhenAbsent, LineWriter lines)
    {
        var start = appointment.Start ?? throw new ArgumentException("an appointment without a start cannot be written", nameof(appointment));
        var duration = appointment.Duration ?? NominalDuration.Zero;
        if (appointment.AllDay == true)
        {
            Date("DTSTART", start.Date, lines);
            Date("DTEND", start.Date.PlusDays(Math.Max(1, duration.Days)), lines);
            return;
        }

        var zone = Zones.Canonical(appointment.TimeZone ?? zoneWhenAbsent) ?? "UTC";
        Time("DTSTART", start, zone == "UTC" ? null : zone, lines);
        if (duration != NominalDuration.Zero || appointment.EndTimeZone is not null)
        {
            End(start, zone, duration, appointment.EndTimeZone is { } shown ? Zones.Canonical(shown) ?? zone : zone, lines);
        }
    }

    private static void End(LocalDateTime start, string zone, NominalDuration duration, string endZone, LineWriter lines)
    {
        var end = LocalSpans.Timed(start, Zones.Get(zone), duration, DaylightSavingPolicy.Rfc5545).To.InZone(Zones.Get(endZone)).LocalDateTime;
        Time("DTEND", end, EndName(zone, endZone), lines);
        if (EventTimes.Between(start, Zones.Get(zone), end, Zones.Get(endZone)) != duration)
        {
            lines.Line("X-KALENDS-DURATION", duration.ToString());
        }
    }

    /// <summary>
    /// The TZID of an end; null where it is written as UTC with a Z. UTC shown for the end of a journey has its long name, since a plain Z
    /// there is mere habit with many programs.
    /// </summary>
    public static string? EndName(string zone, string endZone) => endZone != "UTC" ? endZone : zone == "UTC" ? null : "Etc/UTC";

    private static void Date(string property, LocalDate date, LineWriter lines) =>
        lines.Line(property, [("VALUE", "DATE")], RecurrenceLines.Date(date));

    private static void Time(string property, LocalDateTime time, string? zone, LineWriter lines) =>
        lines.Line(property, [("TZID", zone)], RecurrenceLines.Time(time) + (zone is null ? "Z" : ""));
}
