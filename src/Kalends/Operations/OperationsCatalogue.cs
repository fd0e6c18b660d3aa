using Kalends.Messages;

namespace Kalends.Operations;

public static class OperationsCatalogue
{
    public const string Path = "/v1/operations/{id}";

    public static IReadOnlyList<CatalogueEntry> Entries { get; } =
    [
        new QueryEntry<GetOperation, OperationState>("get-operation", "Says how far an asynchronous command is, and what came of it")
        {
            Path = Path,
            Limits =
            [
                new("operations-kept", (long)Operation.KeptFor.TotalSeconds, "seconds", "As long as answers to idempotency keys, of which they are a kind."),
                new("operations-waiting", (long)Deferral.Longest.TotalSeconds, "seconds", "A command that could not be begun by then fails, and says so."),
            ],
        },
        new CommandEntry<CancelOperation, OperationState>("cancel-operation", "Calls off an asynchronous command that has not begun") { Path = Path },
    ];
}
