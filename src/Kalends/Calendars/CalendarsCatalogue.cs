using Kalends.Messages;

namespace Kalends.Calendars;

public static class CalendarsCatalogue
{
    public static IReadOnlyList<CatalogueEntry> Entries { get; } =
    [
        new CommandEntry<SaveCalendars, SavedCalendars>("save-calendars", "Sets up calendars: kind, zone, double-booking, rooms' seats and features"),
        new QueryEntry<GetCalendars, GetCalendarsResult>("get-calendars", "Lists calendars and what is known of them"),
    ];
}
