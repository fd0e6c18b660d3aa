using Kalends.Appointments;

namespace Kalends.ICalendar;

/// <summary>What one imported event may hold, in characters and entries: what the appointment model takes.</summary>
internal static class EventLimits
{
    /// <summary>A sentence that names the first member over its limit, or null.</summary>
    public static string? Exceeded(Appointment appointment) =>
        Long("UID", appointment.Uid, AppointmentLimits.Uid)
        ?? Long("SUMMARY", appointment.Title, AppointmentLimits.Title)
        ?? Long("LOCATION", appointment.Location, AppointmentLimits.Location)
        ?? Long("DESCRIPTION", appointment.Description, AppointmentLimits.Description)
        ?? Many("attendees", appointment.Attendees?.Count, AppointmentLimits.Attendees)
        ?? Many("reminders", appointment.Reminders?.Count, AppointmentLimits.Reminders)
        ?? Many("links", appointment.Links?.Count, AppointmentLimits.Links)
        ?? Many("attachments", appointment.Attachments?.Count, AppointmentLimits.Links)
        ?? Many("metadata entries", appointment.Metadata?.Count, AppointmentLimits.MetadataEntries)
        ?? (appointment.Links ?? []).Select(Exceeded).FirstOrDefault(Any)
        ?? (appointment.Attachments ?? []).Select(Exceeded).FirstOrDefault(Any)
        ?? (appointment.Metadata ?? new Dictionary<string, string>()).Select(Exceeded).FirstOrDefault(Any);

    private static string? Exceeded(Link link) =>
        Long("URL", link.Uri, AppointmentLimits.Uri) ?? Long("a link's title", link.Title, AppointmentLimits.Title);

    private static string? Exceeded(KeyValuePair<string, string> entry) =>
        Long("a metadata key", entry.Key, AppointmentLimits.MetadataKey) ?? Long("a metadata value", entry.Value, AppointmentLimits.MetadataValue);

    private static string? Exceeded(Attachment attachment) => Long("ATTACH", attachment.Uri, AppointmentLimits.Uri)
        ?? Long("an attachment's name", attachment.Title, AppointmentLimits.Title) ?? Long("FMTTYPE", attachment.MediaType, AppointmentLimits.MetadataKey);

    private static bool Any(string? reason) => reason is not null;

    private static string? Long(string member, string? text, int most) => text?.Length > most ? $"{member} is longer than {most} characters" : null;

    private static string? Many(string what, int? count, int most) => count > most ? $"the event has more than {most} {what}" : null;
}
