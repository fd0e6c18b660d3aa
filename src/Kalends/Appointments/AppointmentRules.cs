using Kalends.Messages;
using Kalends.Time;

namespace Kalends.Appointments;

/// <summary>What makes an appointment valid by itself, with no look at the store. Faults are noted under the appointment's own pointer.</summary>
public static class AppointmentRules
{
    public static void Check(Appointment appointment, Errors errors)
    {
        CheckTime(appointment, errors);
        CheckTexts(appointment, errors);
        CheckAttendees(appointment, errors);
        CheckLinks(appointment, errors);
        CheckMetadata(appointment, errors);
        errors.Require(appointment.Version is null or >= 0, "version", "must not be negative");
        if (appointment.Recurrence is { } recurrence)
        {
            RecurrenceRules.Check(recurrence, appointment.AllDay ?? false, errors.In("recurrence"));
        }
    }

    private static void CheckTime(Appointment appointment, Errors errors)
    {
        var allDay = appointment.AllDay ?? false;
        if (appointment.Start is not { } start)
        {
            errors.Add("start", "is required");
        }
        else
        {
            errors.Require(
                start.Date >= LocalSpans.Earliest && start.Date < LocalSpans.Latest,
                "start", $"must lie from {LocalSpans.Earliest.Year} to {LocalSpans.Latest.Year - 1}");
            errors.Require(!allDay || start.TimeOfDay == NodaTime.LocalTime.Midnight, "start", "of an all-day appointment must be a date or its midnight");
            errors.Require(start.NanosecondOfSecond == 0, "start", "must be in whole seconds");
        }

        CheckDuration(appointment.Duration, allDay, errors);
        CheckZone(appointment.TimeZone, "timeZone", errors);
        CheckZone(appointment.EndTimeZone, "endTimeZone", errors);
    }

    private static void CheckDuration(NominalDuration? given, bool allDay, Errors errors)
    {
        if (given is not { } duration)
        {
            errors.Require(allDay, "duration", "is required unless the appointment is all-day");
            return;
        }

        errors.Require(
            duration.ExactSeconds <= (long)AppointmentLimits.LongestDays * NominalDuration.SecondsPerDay,
            "duration", $"must be at most {AppointmentLimits.LongestDays} days");
        errors.Require(
            !allDay || (duration.Seconds == 0 && duration.Days > 0), "duration", "of an all-day appointment must be whole days, such as P1D");
    }

    private static void CheckZone(string? zone, string member, Errors errors) =>
        errors.Require(zone is null || Zones.Canonical(zone) is not null, member, $"'{Shown(zone)}' is not a time zone that IANA or Windows knows");

    private static void CheckTexts(Appointment appointment, Errors errors)
    {
        CheckText(appointment.Title, AppointmentLimits.Title, "title", errors);
        CheckText(appointment.Description, AppointmentLimits.Description, "description", errors);
        CheckText(appointment.Location, AppointmentLimits.Location, "location", errors);
        CheckToken(appointment.Uid, AppointmentLimits.Uid, "uid", errors);
    }

    private static void CheckAttendees(Appointment appointment, Errors errors)
    {
        if (appointment.Attendees is not { } attendees)
        {
            return;
        }

        errors.AtMost(AppointmentLimits.Attendees, attendees.Count, "attendees");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        errors.Each("attendees", attendees, (attendee, at) =>
        {
            at.Require(seen.Add(attendee.Calendar.Value), "calendar", $"{attendee.Calendar} is on this appointment twice");
            ReminderRules.Check(attendee.Reminders, at);
        });
    }

    private static void CheckLinks(Appointment appointment, Errors errors)
    {
        errors.AtMost(AppointmentLimits.Links, appointment.Links?.Count ?? 0, "links");
        errors.Each("links", appointment.Links ?? [], (link, at) =>
        {
            CheckUri(link.Uri, "uri", at);
            CheckText(link.Title, AppointmentLimits.Title, "title", at);
        });
        errors.AtMost(AppointmentLimits.Links, appointment.Attachments?.Count ?? 0, "attachments");
        errors.Each("attachments", appointment.Attachments ?? [], (attachment, at) =>
        {
            CheckUri(attachment.Uri, "uri", at);
            CheckText(attachment.Title, AppointmentLimits.Title, "title", at);
            CheckToken(attachment.MediaType, AppointmentLimits.MetadataKey, "mediaType", at);
            at.Require(attachment.Size is null or >= 0, "size", "must not be negative");
        });
        ReminderRules.Check(appointment.Reminders, errors);
        if (appointment.External is { } external)
        {
            var at = errors.In("external");
            CheckToken(external.Source, AppointmentLimits.MetadataKey, "source", at);
            CheckToken(external.Id, AppointmentLimits.Uid, "id", at);
            CheckToken(external.Uri, AppointmentLimits.Uri, "uri", at);
        }
    }

    private static void CheckMetadata(Appointment appointment, Errors errors)
    {
        if (appointment.Metadata is not { } metadata)
        {
            return;
        }

        errors.AtMost(AppointmentLimits.MetadataEntries, metadata.Count, "metadata");
        foreach (var (key, value) in metadata.Take(AppointmentLimits.MetadataEntries))
        {
            errors.In("metadata").Require(
                key.Length is > 0 and <= AppointmentLimits.MetadataKey && !key.Any(char.IsControl),
                key, $"must have a name of 1 to {AppointmentLimits.MetadataKey} characters without control characters");
            errors.In("metadata").Require(value is not null, key, "must be a string");
            CheckText(value, AppointmentLimits.MetadataValue, key, errors.In("metadata"));
        }
    }

    private static void CheckUri(string uri, string member, Errors errors)
    {
        CheckToken(uri, AppointmentLimits.Uri, member, errors);
        errors.Require(Uri.TryCreate(uri, UriKind.Absolute, out _), member, "must be an absolute URI, such as https://example.com/agenda");
    }

    /// <summary>A text may have lines and tabs; other control characters have no place in a calendar (RFC 5545 §3.3.11).</summary>
    private static void CheckText(string? text, int longest, string member, Errors errors)
    {
        errors.Require(text is null || text.Length <= longest, member, $"must be at most {longest} characters");
        errors.Require(
            text is null || !text.Any(character => char.IsControl(character) && character is not ('\t' or '\n' or '\r')),
            member, "must not contain control characters other than tab and line ends");
    }

    private static void CheckToken(string? text, int longest, string member, Errors errors) => errors.Require(
        text is null || (text.Length > 0 && text.Length <= longest && !text.Any(char.IsControl)),
        member, $"must be 1 to {longest} characters without control characters");

    private static string Shown(string? text) => text is { Length: > 60 } ? text[..60] + "…" : text ?? "";
}
