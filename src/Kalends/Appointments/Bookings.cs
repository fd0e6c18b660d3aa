using Kalends.Availability;
using Kalends.Messages.Json;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Appointments;

/// <summary>
/// From a complete appointment to the rows that are stored of it. Pure; verification makes them again and compares. A series lies on calendars
/// through its occurrences, so it has no attendances of its own.
/// </summary>
public static class Bookings
{
    public static Booking Of(Appointment complete, IReadOnlyDictionary<CalendarId, Calendar> calendars)
    {
        var row = Row(complete, calendars[complete.Owner!.Value].Key, WireJson.Write(complete));
        return complete.Recurrence is not null
            ? new(row, []) { Calendars = [.. complete.Attendees!.Select(attendee => calendars[attendee.Calendar].Key).Distinct()] }
            : new(row, [.. Attendances(complete, row, calendars)]);
    }

    /// <summary>The attendances alone, for who asks only whether there is room for them.</summary>
    public static IEnumerable<Attendance> Attendances(Appointment complete, IReadOnlyDictionary<CalendarId, Calendar> calendars) =>
        complete.Recurrence is not null ? [] : Attendances(complete, Row(complete, calendars[complete.Owner!.Value].Key, []), calendars);

    public static AppointmentRow Row(Appointment complete, long owner, byte[] json)
    {
        var span = Seconds(Completion.SpanIn(complete, "UTC"));
        return new()
        {
            Id = complete.Id!.Value,
            Uid = complete.Uid!,
            Version = complete.Version!.Value,
            Owner = owner,
            Privacy = complete.Privacy!.Value,
            From = span.From,
            To = span.To,
            AllDay = complete.AllDay!.Value,
            Title = complete.Title,
            Json = json,
            Series = complete.Series is { RecurrenceId: not null } occurrence ? occurrence.Id : null,
            Detached = complete.Series?.Detached == true,
        };
    }

    public static Attendance OfAttendee(Appointment complete, AppointmentRow row, Attendee attendee, Calendar calendar) =>
        OfOccurrence(complete, row, complete.Start!.Value.Date, attendee, calendar);

    /// <summary>The same for an occurrence, of which its series says all but the place.</summary>
    public static Attendance OfOccurrence(Appointment complete, AppointmentRow row, LocalDate first, Attendee attendee, Calendar calendar)
    {
        var (from, to) = row.AllDay ? Seconds(LocalSpans.AllDay(first, complete.Duration!.Value.Days, Zones.Get(calendar.ZoneOrUtc))) : (row.From, row.To);
        var busyness = Busy.Of(complete.FreeBusyStatus!.Value, complete.Status!.Value, attendee.Role!.Value, attendee.Response!.Value);
        return new(calendar.Key, from, to, row.Id, busyness, row.Privacy, row.Owner, row.AllDay);
    }

    private static IEnumerable<Attendance> Attendances(
        Appointment complete, AppointmentRow row, IReadOnlyDictionary<CalendarId, Calendar> calendars) =>
        complete.Attendees!.Select(attendee => OfAttendee(complete, row, attendee, calendars[attendee.Calendar]));

    private static (long From, long To) Seconds(Timespan span) => (span.From.ToUnixTimeSeconds(), span.To.ToUnixTimeSeconds());
}
