using Kalends.Messages;

namespace Kalends.Operations;

/// <summary>How far an asynchronous command of the caller's own is. Nobody else's is found.</summary>
public sealed record GetOperation : Query<OperationState>, IReadsTheLatest
{
    public required Guid Id { get; init; }

    public override async ValueTask<Outcome<OperationState>> Execute(QueryContext context) =>
        await context.Rows<IOperationRows>().Find(Id, context.Now - Operation.KeptFor) is { } found && found.Person == context.Caller.Person
            ? OperationState.Of(found)
            : NotFound(Id);

    internal static Refusal NotFound(Guid id) => Refusal.At(RefusalCode.NotFound, "/id", $"there is no operation {id}");
}
