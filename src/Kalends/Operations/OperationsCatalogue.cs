using Kalends.Messages;

namespace Kalends.Operations;

public static class OperationsCatalogue
{
    public const string Path = "/v1/operations/{id}";

    public static IReadOnlyList<CatalogueEntry> Entries { get; } =
    [
        new QueryEntry<GetOperation, OperationState>("get-operation", "Says how far an asynchronous command is, and what came of it") { Path = Path },
        new CommandEntry<CancelOperation, OperationState>("cancel-operation", "Calls off an asynchronous command that has not begun") { Path = Path },
    ];
}
