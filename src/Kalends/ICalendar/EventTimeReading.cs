using Kalends.Time;
using NodaTime;

namespace Kalends.ICalendar;

/// <summary>Reads when an event is (RFC 5545 §3.6.1: DTSTART with DTEND or DURATION or neither), or says why nobody can tell.</summary>
internal sealed class EventTimeReading(RawComponent item, FileZones zones, string floatingZone)
{
    public string? Refusal { get; private set; }

    public EventTimes? Read()
    {
        if (item.First("DTSTART") is not { } line)
        {
            return Refuse("the event has no DTSTART");
        }

        if (EventTimes.Local(line) is not { } start)
        {
            return Refuse($"DTSTART is not a date or time: {Shown(line)}");
        }

        var times = EventTimes.InRange(start.Date)
            ? EventTimes.IsDate(line) ? AllDay(start.Date) : Timed(line, start)
            : Refuse($"the start lies outside {LocalSpans.Earliest.Year} to {LocalSpans.Latest.Year - 1}: {Shown(line)}");
        return times is not null && !EndsInRange(times)
            ? Refuse($"the end lies outside {LocalSpans.Earliest.Year} to {LocalSpans.Latest.Year - 1}")
            : times;
    }

    private static bool EndsInRange(EventTimes times) =>
        EventTimes.InRange(times.Start.PlusSeconds(Math.Max(0, times.Duration.ExactSeconds - 1)).Date);

    private EventTimes? AllDay(LocalDate first)
    {
        var days = 1;
        if (item.First("DTEND") is { } end)
        {
            if (EventTimes.Local(end) is not { } last)
            {
                return Refuse($"DTEND is not a date: {Shown(end)}");
            }

            // An end on the first day itself is a common slip for one day.
            days = Math.Max(Period.DaysBetween(first, last.Date), last.Date == first ? 1 : 0);
        }
        else if (item.First("DURATION") is { } line)
        {
            if (Duration(line) is not { } duration)
            {
                return null;
            }

            days = (int)Math.Max(1, (duration.ExactSeconds + NominalDuration.SecondsPerDay - 1) / NominalDuration.SecondsPerDay);
        }

        return days <= 0 ? Refuse("the end is before the start")
            : days > EventTimes.MostDays ? Refuse($"the event lasts longer than {EventTimes.MostDays} days")
            : new(first.AtMidnight(), null, NominalDuration.OfDays(days), null, true);
    }

    private EventTimes? Timed(ContentLine line, LocalDateTime start)
    {
        if (Zone(line, start) is not { } zone)
        {
            return null;
        }

        if (item.First("DTEND") is { } end)
        {
            return Until(end, start, zone);
        }

        var duration = item.First("DURATION") is { } length ? Duration(length) : NominalDuration.Zero;
        return duration is { } lasting ? new(start, zone, lasting, null, false) : null;
    }

    private EventTimes? Until(ContentLine line, LocalDateTime start, string zone)
    {
        if (EventTimes.Local(line) is not { } end || !EventTimes.InRange(end.Date.PlusDays(-1)))
        {
            return Refuse($"DTEND is not a time that an appointment can end: {Shown(line)}");
        }

        // A date where the start is a time, or no zone where the start has one: slips that mean the start's zone.
        var implied = EventTimes.IsDate(line) || (!EventTimes.IsUtc(line) && line.Parameter("TZID") is null);
        if ((implied ? zone : Zone(line, end)) is not { } endZone)
        {
            return null;
        }

        var exact = Exact(start, zone, end, endZone);
        if ((exact ?? EventTimes.Between(start, Zones.Get(zone), end, Zones.Get(endZone))) is not { } duration)
        {
            return Refuse("the end is before the start, or decades after it");
        }

        var shown = endZone == zone || EventTimes.IsUtc(line) ? null : endZone;
        return IsMicrosoftAllDay(start, end)
            ? new(start, null, NominalDuration.OfDays(Period.DaysBetween(start.Date, end.Date)), null, true) { DayZone = zone }
            : new(start, zone, duration, shown, false);
    }

    /// <summary>Outlook writes whole days as local midnights in a zone, and says so.</summary>
    private bool IsMicrosoftAllDay(LocalDateTime start, LocalDateTime end) =>
        item.First("X-MICROSOFT-CDO-ALLDAYEVENT")?.Value.Trim().Equals("TRUE", StringComparison.OrdinalIgnoreCase) == true
        && start.TimeOfDay == LocalTime.Midnight && end.TimeOfDay == LocalTime.Midnight && end.Date > start.Date;

    /// <summary>
    /// The duration that Kalends itself wrote beside DTEND, unless somebody moved the end since. It tells, too, which of two times an end
    /// is that comes twice: 02:15 may be after 02:45 when clocks are put back.
    /// </summary>
    private NominalDuration? Exact(LocalDateTime start, string zone, LocalDateTime end, string endZone) =>
        item.First("X-KALENDS-DURATION") is { } line && NominalDuration.TryParse(line.Value, out var duration)
        && LocalSpans.Timed(start, Zones.Get(zone), duration, DaylightSavingPolicy.Rfc5545).To.InZone(Zones.Get(endZone)).LocalDateTime == end
            ? duration
            : null;

    private NominalDuration? Duration(ContentLine line)
    {
        var text = line.Value.Trim().ToUpperInvariant();
        if (NominalDuration.TryParse(text.TrimStart('+'), out var duration))
        {
            return duration;
        }

        Refuse(text.StartsWith('-') ? "the end is before the start: DURATION is negative" : $"DURATION is not a duration: {Shown(line)}");
        return null;
    }

    private string? Zone(ContentLine line, LocalDateTime local)
    {
        if (zones.Of(line, local, floatingZone) is { } zone)
        {
            return zone;
        }

        Refuse(FileZones.Refusal(line));
        return null;
    }

    private EventTimes? Refuse(string reason)
    {
        Refusal ??= reason;
        return null;
    }

    private static string Shown(ContentLine line) => TextValues.Short(line.Value);
}
