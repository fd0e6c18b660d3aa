using Kalends.Availability;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Appointments;

/// <summary>
/// What the time zones in force make of one appointment that was stored under another release of them: the local start, zone and
/// duration stay, being what the person meant, and the span in UTC follows. Pure.
/// </summary>
public static class Rezoning
{
    /// <summary>No two releases put a wall time further apart than this: the largest changes move a place over the date line, by a day.</summary>
    private static readonly Duration FarthestApart = Duration.FromHours(26);

    /// <summary>True for what has begun whichever release is asked, told from the row alone: nine in ten rows need no further look.</summary>
    public static bool IsPast(AppointmentRow row, Instant now) =>
        !row.AllDay && Instant.FromUnixTimeSeconds(row.From) + FarthestApart < now && !row.IsSeries;

    /// <summary>True when the database in force has lost the zone; then the appointment can only stay where it is.</summary>
    public static bool LacksZone(Appointment says) => says.AllDay != true && Zones.Find(says.TimeZone!) is null;

    /// <summary>
    /// A timed appointment as the zones in force have it; null when that is no difference, when its zone is lost, or when it has begun: by
    /// its old span and its new one, for one that is still to come by either has not been held yet.
    /// </summary>
    public static Appointment? Timed(Appointment says, Instant now)
    {
        if (says.AllDay == true || Zones.Find(says.TimeZone!) is not { } zone)
        {
            return null;
        }

        var (before, after) = (says.Span!.Value, LocalSpans.Timed(says.Start!.Value, zone, says.Duration!.Value, DaylightSavingPolicy.Rfc5545));
        return after == before || Instant.Max(before.From, after.From) < now ? null : Changed(says, now) with { Span = after };
    }

    /// <summary>
    /// Where the days of an all-day appointment lie elsewhere now. Past ones too, as when a calendar gets another zone: they were never
    /// instants that somebody kept to, but whole days of each calendar.
    /// </summary>
    public static IEnumerable<MovedDays> AllDay(
        KnownAppointment known, IEnumerable<Attendance> stored, IReadOnlyDictionary<CalendarId, Calendar> calendars)
    {
        var byKey = stored.ToDictionary(attendance => attendance.Calendar);
        foreach (var attendee in known.Says.Attendees!)
        {
            var calendar = calendars[attendee.Calendar];
            if (byKey.TryGetValue(calendar.Key, out var before) && Zones.Find(calendar.ZoneOrUtc) is not null
                && Bookings.OfAttendee(known.Says, known.Row, attendee, calendar) is var after && (before.From, before.To) != (after.From, after.To))
            {
                yield return new(calendar, before, after);
            }
        }
    }

    /// <summary>The same with its place given up in some calendars, as if these had declined.</summary>
    public static Appointment WithoutPlaceIn(Appointment says, IReadOnlySet<CalendarId> calendars, Instant now) => Changed(says, now) with
    {
        Attendees = [.. says.Attendees!.Select(attendee =>
            calendars.Contains(attendee.Calendar) ? attendee with { Response = AttendeeResponse.Declined } : attendee)],
    };

    private static Appointment Changed(Appointment says, Instant now) => says with { Version = says.Version + 1, UpdatedAt = now };
}

/// <summary>An all-day appointment's days in one calendar, before and after.</summary>
public sealed record MovedDays(Calendar Calendar, Attendance Before, Attendance After);

/// <summary>
/// An appointment that lies elsewhere under the zones in force: a timed one as it is to be (<see cref="Timed"/>), an all-day one by its days,
/// a series by the occurrences that it has no more, or that it now has.
/// </summary>
public sealed record Rezoned(KnownAppointment Before, Appointment? Timed, IReadOnlyList<MovedDays> Days, MovedRules? Rules = null)
{
    public Guid Id => Before.Row.Id;

    /// <summary>The rows that are to be.</summary>
    public IReadOnlyList<Attendance> Attendances(IReadOnlyDictionary<CalendarId, Calendar> calendars) =>
        Timed is null ? [.. Days.Select(days => days.After)] : [.. Bookings.Attendances(Timed, calendars)];
}
