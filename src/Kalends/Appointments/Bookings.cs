using Kalends.Availability;
using Kalends.Messages.Json;
using Kalends.Storage;
using Kalends.Time;

namespace Kalends.Appointments;

/// <summary>From a complete appointment to the rows that are stored of it. Pure; verification makes them again and compares.</summary>
public static class Bookings
{
    public static Booking Of(Appointment complete, IReadOnlyDictionary<CalendarId, Calendar> calendars)
    {
        var row = Row(complete, calendars[complete.Owner!.Value].Key, WireJson.Write(complete));
        return new(row, [.. complete.Attendees!.Select(attendee => OfAttendee(complete, row, attendee, calendars[attendee.Calendar]))]);
    }

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
        };
    }

    public static Attendance OfAttendee(Appointment complete, AppointmentRow row, Attendee attendee, Calendar calendar)
    {
        var (from, to) = row.AllDay ? Seconds(Completion.SpanIn(complete, calendar.ZoneOrUtc)) : (row.From, row.To);
        var busyness = Busy.Of(complete.FreeBusyStatus!.Value, complete.Status!.Value, attendee.Role!.Value, attendee.Response!.Value);
        return new(calendar.Key, from, to, row.Id, busyness, row.Privacy, row.Owner, row.AllDay);
    }

    private static (long From, long To) Seconds(Timespan span) => (span.From.ToUnixTimeSeconds(), span.To.ToUnixTimeSeconds());
}
