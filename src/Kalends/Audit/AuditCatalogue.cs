using Kalends.Messages;

namespace Kalends.Audit;

public static class AuditCatalogue
{
    public static IReadOnlyList<CatalogueEntry> Entries { get; } =
    [
        new QueryEntry<GetHistory, History>("get-history", "Says who changed what, when and through which application"),
    ];
}
