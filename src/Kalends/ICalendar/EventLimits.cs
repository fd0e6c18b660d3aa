using Kalends.Appointments;

namespace Kalends.ICalendar;

/// <summary>What one imported event may hold, in characters and entries: what the appointment model takes, with room for long descriptions.</summary>
internal static class EventLimits
{
    private const int LongestDescription = 64_000;
    private const int LongestText = 1_000;
    private const int LongestUri = 2_000;
    private const int MostAttendees = 500;
    private const int MostReminders = 20;
    private const int MostEntries = 50;
    private const int LongestMediaType = 255;

    /// <summary>A sentence that names the first member over its limit, or null.</summary>
    public static string? Exceeded(Appointment appointment) =>
        Long("UID", appointment.Uid, LongestText) ?? Long("SUMMARY", appointment.Title, LongestText)
        ?? Long("LOCATION", appointment.Location, LongestText) ?? Long("DESCRIPTION", appointment.Description, LongestDescription)
        ?? Many("attendees", appointment.Attendees?.Count, MostAttendees) ?? Many("reminders", appointment.Reminders?.Count, MostReminders)
        ?? Many("links", appointment.Links?.Count, MostEntries) ?? Many("attachments", appointment.Attachments?.Count, MostEntries)
        ?? Many("metadata entries", appointment.Metadata?.Count, MostEntries)
        ?? (appointment.Links ?? []).Select(link => Long("URL", link.Uri, LongestUri) ?? Long("a link's title", link.Title, LongestText)).FirstOrDefault(Any)
        ?? (appointment.Attachments ?? []).Select(Exceeded).FirstOrDefault(Any)
        ?? (appointment.Metadata ?? new Dictionary<string, string>())
            .Select(entry => Long("metadata", entry.Key, LongestText) ?? Long("metadata", entry.Value, LongestText)).FirstOrDefault(Any);

    private static string? Exceeded(Attachment attachment) => Long("ATTACH", attachment.Uri, LongestUri)
        ?? Long("an attachment's name", attachment.Title, LongestText) ?? Long("FMTTYPE", attachment.MediaType, LongestMediaType);

    private static bool Any(string? reason) => reason is not null;

    private static string? Long(string member, string? text, int most) => text?.Length > most ? $"{member} is longer than {most} characters" : null;

    private static string? Many(string what, int? count, int most) => count > most ? $"the event has more than {most} {what}" : null;
}
