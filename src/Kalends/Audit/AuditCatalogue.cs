using Kalends.Messages;

namespace Kalends.Audit;

public static class AuditCatalogue
{
    public static IReadOnlyList<CatalogueEntry> Entries { get; } =
    [
        new CommandEntry<EraseTitles, ErasedTitles>("erase-titles", "Takes what people wrote out of the trail of a calendar's appointments"),
    ];
}
