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

    /// <summary>Single appointments and series without changed occurrences.</summary>
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

    /// <summary>A single appointment, or a series with its rules and dates.</summary>
    public string Add(Appointment appointment) => Add(appointment, null);

    /// <summary>
    /// An occurrence that differs (its Series.RecurrenceId says which), with its series: RECURRENCE-ID is in the form of the series'
    /// DTSTART (RFC 5545 §3.8.4.4), whatever zone the occurrence is in, and the UID is the series'.
    /// </summary>
    public string AddOccurrence(Appointment occurrence, Appointment series) => Add(occurrence with { Uid = series.Uid, Recurrence = null }, series);

    /// <summary>A series and those of its occurrences that differ.</summary>
    public string AddSeries(ImportedSeries series) =>
        Add(series.Master) + string.Concat(series.Overrides.Select(occurrence => AddOccurrence(occurrence, series.Master)));

    private string Add(Appointment appointment, Appointment? series)
    {
        var wall = SeriesWall.Of(appointment, head.Zone);
        var (zones, year) = ("", EarliestYear(appointment));
        if (wall.Zone is { } zone)
        {
            zones = Described(zone, year);
            if (appointment.EndTimeZone is { } end && EventTimeLines.EndName(zone, Zones.Canonical(end) ?? zone) is { } endName)
            {
                zones += Described(endName, year);
            }
        }

        var seriesWall = series is null ? null : SeriesWall.Of(series, head.Zone);
        zones += seriesWall?.Zone is { } named ? Described(named, year) : "";
        EventLines.Write(appointment, head, seriesWall, lines);
        return zones + lines.Taken();
    }

    public static string End() => "END:VCALENDAR\r\n";

    /// <summary>Added dates may lie before the start of their series.</summary>
    private static int EarliestYear(Appointment appointment)
    {
        var times = (appointment.Recurrence?.Added ?? []).Concat(new[] { appointment.Start, appointment.Series?.RecurrenceId }.OfType<LocalDateTime>());
        return times.Aggregate(FirstYearOfRules, (year, time) => Math.Min(year, time.Year - 1));
    }

    private string Described(string zone, int year)
    {
        if (!describedZones.Add(zone))
        {
            return "";
        }

        ZoneLines.Write(zone, year, lines);
        return lines.Taken();
    }
}
