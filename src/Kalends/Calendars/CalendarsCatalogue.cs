using Kalends.Messages;

namespace Kalends.Calendars;

public static class CalendarsCatalogue
{
    public static IReadOnlyList<CatalogueEntry> Entries { get; } =
    [
        new QueryEntry<GetCalendars, GetCalendarsResult>("get-calendars", "Lists calendars and what is known of them"),
    ];
}
