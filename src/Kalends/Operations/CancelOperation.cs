using Kalends.Messages;

namespace Kalends.Operations;

/// <summary>Calls off an asynchronous command of the caller's own that has not begun. Calling it off twice is the same as once.</summary>
public sealed record CancelOperation : Command<OperationState>
{
    public required Guid Id { get; init; }

    public override async ValueTask<Outcome<OperationState>> Execute(CommandContext context)
    {
        var rows = context.Rows<IOperationWrites>();
        var found = await rows.Find(Id, context.Now - Operation.KeptFor);
        if (found is null || found.Person != context.Caller.Person)
        {
            return GetOperation.NotFound(Id);
        }

        if (found.Status is not (OperationStatus.Waiting or OperationStatus.Cancelled))
        {
            return Refusal.At(RefusalCode.Conflict, "/id", $"operation {Id} has begun and is called off no more");
        }

        // Its message is left: whoever reads it finds that there is nothing to do.
        await rows.Change(Id, OperationStatus.Cancelled, null);
        return OperationState.Of(found with { Status = OperationStatus.Cancelled });
    }
}
