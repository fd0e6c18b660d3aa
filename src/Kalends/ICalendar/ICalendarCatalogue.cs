using Kalends.Messages;

namespace Kalends.ICalendar;

public static class ICalendarCatalogue
{
    public static IReadOnlyList<CatalogueEntry> Entries { get; } =
    [
        new TextCommandEntry<ImportCalendar, ImportedCalendar>("import-calendar", "Brings the events of an iCalendar text into a calendar"),
        new QueryEntry<ExportCalendar, ExportedCalendar>("export-calendar", "Writes a calendar as iCalendar text")
        {
            Path = "/v1/calendars/{calendar}/export.ics",
        },
    ];
}
