using Kalends.Appointments;
using Kalends.Audit;
using Kalends.Messages.Json;
using Kalends.Storage;

namespace Kalends.Publications;

/// <summary>A publication with the calendars that its appointment lay or lies on, which is whom it may concern.</summary>
internal sealed record PlacedEntry(PublishedEntry Published, TrailEntry Change, IReadOnlySet<CalendarId> Calendars)
{
    /// <summary>All but those whose change the trail has forgotten: of them nobody can say who may hear of it.</summary>
    public static List<PlacedEntry> Of(IEnumerable<PublishedEntry> entries) =>
        [.. entries.Where(entry => entry.Entry is not null).Select(entry => new PlacedEntry(entry, entry.Entry!, CalendarsOf(entry.Entry!)))];

    public bool MayConcern(FeedFilter filter) => filter.Calendars is null || filter.Calendars.Overlaps(Calendars);

    private static HashSet<CalendarId> CalendarsOf(TrailEntry entry) =>
        [.. new[] { entry.Before, entry.After }.OfType<byte[]>().SelectMany(json => KnownAppointment.CalendarsOf(WireJson.Read<Appointment>(json)))];
}
