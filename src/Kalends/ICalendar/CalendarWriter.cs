using Kalends.Appointments;
using Kalends.Time;
using NodaTime;

namespace Kalends.ICalendar;

/// <summary>
/// What stands at the head of a written calendar: its name, its zone (IANA), and the moment it was written (DTSTAMP where nothing
/// better is known).
/// </summary>
public sealed record CalendarHead(string? Name, string Zone, Instant Written);

/// <summary>
/// Writes iCalendar (RFC 5545) piece by piece, each piece whole lines, so that a calendar of any size needs the memory of one
/// appointment. A VTIMEZONE comes just before the first appointment that uses its zone: the order of components is free (§3.6).
/// </summary>
public sealed class CalendarWriter(CalendarHead head)
{
    /// <summary>Zone rules are written from here on; those of the twentieth century would make each VTIMEZONE ten times as long.</summary>
    private const int FirstYearOfRules = 2000;

    private readonly LineWriter lines = new();
    private readonly HashSet<string> describedZones = ["UTC"];

    public static IEnumerable<string> Write(IEnumerable<Appointment> appointments, CalendarHead head)
    {
        var writer = new CalendarWriter(head);
        yield return writer.Begin();
        foreach (var appointment in appointments)
        {
            yield return writer.Add(appointment);
        }

        yield return End();
    }

    public string Begin()
    {
        lines.Line("BEGIN", "VCALENDAR");
        lines.Line("VERSION", "2.0");
        lines.Line("PRODID", "-//Kalends//Kalends//EN");
        lines.Line("CALSCALE", "GREGORIAN");
        lines.TextLine("X-WR-CALNAME", head.Name);
        lines.TextLine("X-WR-TIMEZONE", head.Zone);
        return lines.Taken();
    }

    public string Add(Appointment appointment)
    {
        var zones = "";
        if (appointment.AllDay != true)
        {
            var zone = Zones.Canonical(appointment.TimeZone ?? head.Zone) ?? "UTC";
            zones = Described(zone, appointment);
            if (appointment.EndTimeZone is { } end && EventTimeLines.EndName(zone, Zones.Canonical(end) ?? zone) is { } endName)
            {
                zones += Described(endName, appointment);
            }
        }

        EventLines.Write(appointment, head, lines);
        return zones + lines.Taken();
    }

    public static string End() => "END:VCALENDAR\r\n";

    private string Described(string zone, Appointment appointment)
    {
        if (!describedZones.Add(zone))
        {
            return "";
        }

        ZoneLines.Write(zone, Math.Min(FirstYearOfRules, appointment.Start?.Year - 1 ?? FirstYearOfRules), lines);
        return lines.Taken();
    }
}
