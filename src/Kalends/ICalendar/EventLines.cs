using System.Globalization;
using System.Text.Json;
using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Messages.Json;
using Kalends.Storage;
using NodaTime;
using NodaTime.Text;

namespace Kalends.ICalendar;

/// <summary>One appointment as a VEVENT (RFC 5545 §3.6.1). What the reader could not tell from standard properties alone goes into X-KALENDS ones.</summary>
internal static class EventLines
{
    private static readonly InstantPattern UtcForm = InstantPattern.CreateWithInvariantCulture("uuuuMMdd'T'HHmmss'Z'");

    /// <summary>Series: the wall of the series that the appointment is an occurrence of.</summary>
    public static void Write(Appointment appointment, CalendarHead head, SeriesWall? series, LineWriter lines)
    {
        lines.Line("BEGIN", "VEVENT");
        lines.TextLine("UID", appointment.Uid ?? appointment.Id?.ToString() ?? "unnamed");
        lines.Line("DTSTAMP", UtcForm.Format(appointment.UpdatedAt ?? appointment.CreatedAt ?? head.Written));
        EventTimeLines.Write(appointment, head.Zone, lines);
        if (series is not null && appointment.Series?.RecurrenceId is { } occurrence)
        {
            RecurrenceLines.WriteId(occurrence, series, lines);
        }
        else if (appointment.Recurrence is { } recurrence)
        {
            RecurrenceLines.Write(recurrence, SeriesWall.Of(appointment, head.Zone), lines);
        }

        lines.TextLine("SUMMARY", appointment.Title);
        lines.TextLine("DESCRIPTION", appointment.Description);
        lines.TextLine("LOCATION", appointment.Location);
        States(appointment, lines);
        People(appointment, lines);
        Extras(appointment, lines);
        foreach (var reminder in appointment.Reminders ?? [])
        {
            Alarm(reminder, appointment, lines);
        }

        lines.Line("END", "VEVENT");
    }

    private static void States(Appointment appointment, LineWriter lines)
    {
        lines.TextLine("STATUS", appointment.Status?.ToString().ToUpperInvariant());
        if (appointment.FreeBusyStatus is { } busy)
        {
            lines.Line("TRANSP", busy == FreeBusyStatus.Free ? "TRANSPARENT" : "OPAQUE");
            lines.Line("X-MICROSOFT-CDO-BUSYSTATUS", busy == FreeBusyStatus.OutOfOffice ? "OOF" : busy.ToString().ToUpperInvariant());
        }

        lines.TextLine("CLASS", appointment.Privacy == Privacy.Secret ? "CONFIDENTIAL" : appointment.Privacy?.ToString().ToUpperInvariant());
        lines.TextLine("SEQUENCE", appointment.Version is > 0 and <= int.MaxValue ? appointment.Version.Value.ToString(CultureInfo.InvariantCulture) : null);
        lines.TextLine("CREATED", appointment.CreatedAt is { } created ? UtcForm.Format(created) : null);
        lines.TextLine("LAST-MODIFIED", appointment.UpdatedAt is { } updated ? UtcForm.Format(updated) : null);
    }

    private static void People(Appointment appointment, LineWriter lines)
    {
        var attendees = appointment.Attendees ?? [];
        if (appointment.Owner is { } owner)
        {
            var absent = attendees.Count > 0 && !attendees.Any(attendee => attendee.Calendar == owner);
            var kind = CalendarAddresses.KindOf(owner, null);
            lines.Line("ORGANIZER", [("CUTYPE", kind), (EventPeople.Attends, absent ? "FALSE" : null)], CalendarAddresses.ToUri(owner, kind));
        }

        foreach (var attendee in attendees)
        {
            Attendee(attendee, lines);
        }
    }

    private static void Attendee(Attendee attendee, LineWriter lines)
    {
        var kind = CalendarAddresses.KindOf(attendee.Calendar, attendee.Role);
        lines.Line(
            "ATTENDEE",
            [("CUTYPE", kind), ("ROLE", EventPeople.Word(attendee.Role)), ("PARTSTAT", EventPeople.Word(attendee.Response))],
            CalendarAddresses.ToUri(attendee.Calendar, kind));
    }

    private static void Extras(Appointment appointment, LineWriter lines)
    {
        if (appointment.Links is { Count: > 0 } links)
        {
            lines.Line("URL", EventExtras.Writable(links[0].Uri));
            if (links.Count > 1 || links[0].Title is not null)
            {
                lines.TextLine("X-KALENDS-LINKS", JsonSerializer.Serialize(links, WireJson.Options));
            }
        }

        foreach (var attachment in appointment.Attachments ?? [])
        {
            var size = attachment.Size?.ToString(CultureInfo.InvariantCulture);
            lines.Line("ATTACH", [("FMTTYPE", attachment.MediaType), ("FILENAME", attachment.Title), ("SIZE", size)], EventExtras.Writable(attachment.Uri));
        }

        if (appointment.Metadata is { Count: > 0 } metadata)
        {
            lines.TextLine("X-KALENDS-METADATA", JsonSerializer.Serialize(metadata, WireJson.Options));
        }
    }

    /// <summary>§3.6.6: a display alarm has a description; an e-mail alarm a summary and somebody to write to as well.</summary>
    private static void Alarm(Reminder reminder, Appointment appointment, LineWriter lines)
    {
        var mail = reminder.Channel == ReminderChannel.Email;
        var title = string.IsNullOrWhiteSpace(appointment.Title) ? "Appointment" : appointment.Title;
        lines.Line("BEGIN", "VALARM");
        lines.Line("ACTION", mail ? "EMAIL" : "DISPLAY");
        lines.Line("TRIGGER", "-" + reminder.Before);
        lines.TextLine("DESCRIPTION", title);
        if (mail)
        {
            lines.TextLine("SUMMARY", title);
            var somebody = appointment.Owner ?? (appointment.Attendees is [var first, ..] ? first.Calendar : new CalendarId("user:unknown"));
            lines.Line("ATTENDEE", CalendarAddresses.ToUri(somebody, null));
        }

        lines.TextLine("X-KALENDS-CHANNEL", reminder.Channel == ReminderChannel.Sms ? "SMS" : null);
        lines.Line("END", "VALARM");
    }
}
