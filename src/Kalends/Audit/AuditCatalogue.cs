using Kalends.Messages;

namespace Kalends.Audit;

public static class AuditCatalogue
{
    public static IReadOnlyList<CatalogueEntry> Entries { get; } =
    [
        new CommandEntry<RestoreAppointments, RestoredAppointments>("restore-appointments", "Puts appointments back to what they were"),
        new QueryEntry<GetHistory, History>("get-history", "Says who changed what, when and through which application"),
        new QueryEntry<GetEngagement, Engagement>("get-engagement", "Counts by day who views whose calendars, and what comes and goes"),
        new CommandEntry<EraseTitles, ErasedTitles>("erase-titles", "Takes what people wrote out of the trail of a calendar's appointments"),
    ];
}
