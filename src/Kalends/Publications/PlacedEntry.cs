using Kalends.Appointments;
using Kalends.Audit;
using Kalends.Messages.Json;
using Kalends.Reminders;
using Kalends.Storage;

namespace Kalends.Publications;

/// <summary>
/// A publication with the calendars that its appointment lay or lies on, or the one whose person a reminder was for, which is whom it may concern. With the
/// change it tells of, but where it tells of a reminder.
/// </summary>
internal sealed record PlacedEntry(PublishedEntry Published, TrailEntry? Change, IReadOnlySet<CalendarId> Calendars)
{
    /// <summary>All but those whose change the trail has forgotten: of them nobody can say who may hear of it.</summary>
    public static List<PlacedEntry> Of(IEnumerable<PublishedEntry> entries) => [.. entries.Select(Of).OfType<PlacedEntry>()];

    public bool MayConcern(FeedFilter filter) => filter.Calendars is null || filter.Calendars.Overlaps(Calendars);

    private static PlacedEntry? Of(PublishedEntry entry) =>
        entry.Type is ReminderPublication.Received or ReminderPublication.Failed ? new(entry, null, new HashSet<CalendarId> { ToldReminder.CalendarOf(entry) })
        : entry.Entry is { } change ? new(entry, change, CalendarsOf(change))
        : null;

    private static HashSet<CalendarId> CalendarsOf(TrailEntry entry) =>
        [.. new[] { entry.Before, entry.After }.OfType<byte[]>().SelectMany(json => KnownAppointment.CalendarsOf(WireJson.Read<Appointment>(json)))];
}
