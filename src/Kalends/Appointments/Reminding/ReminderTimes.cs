using Kalends.Availability;
using Kalends.Messages;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Appointments;

/// <summary>
/// Who is to be reminded of an appointment, and when. Days before it are days on the wall of its zone, hours and less are exact (RFC 5545 §3.8.6.3); whole days
/// begin at midnight of each attendee's own calendar. Times are seconds since 1970. Pure.
/// </summary>
public static class ReminderTimes
{
    /// <summary>More than a change of clocks and whole days around the world move anything.</summary>
    private const long Slack = 2 * NominalDuration.SecondsPerDay;

    /// <summary>Where the next time takes too long to tell, it is looked at again so much later.</summary>
    private const long LookAgain = NominalDuration.SecondsPerDay;

    public static bool HasAny(Appointment says) => says.Reminders is { Count: > 0 } || says.Attendees!.Any(attendee => attendee.Reminders is { Count: > 0 });

    /// <summary>An attendee's own take the place of the appointment's.</summary>
    public static IReadOnlyList<Reminder> Of(Appointment says, Attendee attendee) => attendee.Reminders ?? says.Reminders ?? [];

    /// <summary>People are, who have not declined; rooms and other resources are not.</summary>
    public static bool IsReminded(Appointment says, Attendee attendee) => says.Status != AppointmentStatus.Cancelled
        && attendee.Response != AttendeeResponse.Declined && attendee.Role != AttendeeRole.Resource && attendee.Calendar.ImpliedKind != CalendarKind.Room;

    /// <summary>When a reminder is due of what starts then.</summary>
    public static long Due(long start, NominalDuration before, DateTimeZone zone)
    {
        var from = before.Days == 0
            ? Instant.FromUnixTimeSeconds(start)
            : DaylightSavingPolicy.Rfc5545.Resolve(Instant.FromUnixTimeSeconds(start).InZone(zone).LocalDateTime.PlusDays(-before.Days), zone);
        return from.ToUnixTimeSeconds() - before.Seconds;
    }

    /// <summary>The zone that days before it are counted in, and whole days begin in.</summary>
    public static string ZoneOf(Appointment says, string zoneOfCalendar) => says.AllDay == true ? zoneOfCalendar : says.TimeZone!;

    /// <summary>
    /// The first time after a moment that any reminder is due, of a single appointment or of any occurrence of a series; null where there is none.
    /// </summary>
    public static long? Next(Appointment says, Func<CalendarId, string> zoneOf, long after)
    {
        long? next = null;
        var starts = Starts(says);
        foreach (var (before, name) in Kinds(says, zoneOf))
        {
            var zone = Zones.Get(name);
            try
            {
                var first = starts(after + before.ExactSeconds - Slack, long.MaxValue, zone).Select(start => (long?)Due(start, before, zone))
                    .FirstOrDefault(due => due > after);
                next = first is null || next < first ? next : first;
            }
            catch (TooMuchWorkException)
            {
                next = Math.Min(next ?? long.MaxValue, after + LookAgain);
            }
        }

        return next;
    }

    /// <summary>The occurrences of a series of which any reminder is due from one moment up to another and including it.</summary>
    public static IReadOnlySet<OccurrenceKey> Due(Appointment series, Func<CalendarId, string> zoneOf, long from, long until)
    {
        var occurrences = new SeriesOccurrences(series);
        var found = new HashSet<OccurrenceKey>();
        foreach (var (before, name) in Kinds(series, zoneOf))
        {
            var zone = Zones.Get(name);
            found.UnionWith(occurrences.Starting(from + before.ExactSeconds - Slack, until + before.ExactSeconds + Slack)
                .Where(one => Due(StartOf(series, one, zone), before, zone) is var due && due >= from && due <= until).Select(one => one.Key));
        }

        return found;
    }

    /// <summary>How long before, each once, with the zone it is counted in.</summary>
    private static IEnumerable<(NominalDuration Before, string Zone)> Kinds(Appointment says, Func<CalendarId, string> zoneOf) => says.Attendees!
        .Where(attendee => IsReminded(says, attendee))
        .SelectMany(attendee => Of(says, attendee).Select(reminder => (reminder.Before, ZoneOf(says, says.AllDay == true ? zoneOf(attendee.Calendar) : ""))))
        .Distinct();

    private static Func<long, long, DateTimeZone, IEnumerable<long>> Starts(Appointment says)
    {
        if (says.Recurrence is null)
        {
            return (_, _, zone) => [says.AllDay == true ? DayBegin(says.Start!.Value.Date, zone) : says.Span!.Value.From.ToUnixTimeSeconds()];
        }

        var occurrences = new SeriesOccurrences(says);
        return (from, to, zone) => occurrences.Starting(from, to).Select(one => StartOf(says, one, zone));
    }

    private static long StartOf(Appointment series, Occurrence one, DateTimeZone zone) =>
        series.AllDay == true ? DayBegin(one.Key.Local.Date, zone) : one.From;

    private static long DayBegin(LocalDate day, DateTimeZone zone) => LocalSpans.StartOfDay(day, zone).ToUnixTimeSeconds();
}
