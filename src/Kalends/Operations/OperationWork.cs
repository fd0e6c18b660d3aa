using System.Text.Json;
using Kalends.Messages;
using Kalends.Messages.Json;
using Kalends.Queue;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Operations;

/// <summary>
/// Runs what <see cref="Deferral"/> kept, by the same dispatcher, with the rights that its caller has by now. It is done once however often its message is
/// read, since the command bears an idempotency key: a run that finds the answer kept writes down that answer.
/// </summary>
public sealed class OperationWork(Dispatcher dispatcher, IReadOnlyList<CatalogueEntry> entries) : IWork
{
    public const string QueueName = "commands";

    public const string KindName = "operation";

    public string Queue => QueueName;

    public string Kind => KindName;

    /// <summary>A command that has taken its process with it three times is not given a fourth.</summary>
    public int MostReads => 3;

    public async ValueTask<WorkResult> Run(WorkContext context)
    {
        var id = IdOf(context.Message);
        if (await Begin(context, id) is not { } operation)
        {
            return WorkResult.Done;
        }

        if (entries.FirstOrDefault(entry => entry.Name == operation.Command && entry.IsCommand) is not { } entry)
        {
            return WorkResult.Hopeless($"there is no command {operation.Command} any more");
        }

        using var span = Spans.Continue("operation " + entry.Name, operation.RequestId);
        var caller = new Caller(context.Tenant, operation.Person, operation.App, operation.Scopes);
        var notes = new ProgressNotes(context, id);
        var options = new RunOptions { IdempotencyKey = operation.Key, RequestId = operation.RequestId, Progress = notes.Note };
        Reply reply;
        try
        {
            reply = await entry.Run(dispatcher, operation.Request, caller, options, context.Stopped);
        }
        finally
        {
            // What is noted late would stand in the place of what came of it.
            await notes.Ended;
        }

        if (reply.Refusal is { RetryAfterSeconds: { } seconds } busy)
        {
            return WorkResult.Later(Refusals.OnTheWire(busy.Code).Code, Duration.FromSeconds(seconds));
        }

        await using var session = await context.Write();
        await session.Rows<IOperationWrites>().Change(id, StatusOf(reply.Refusal), reply.Refusal is { } refusal ? WireJson.Write(refusal) : Answer(reply));
        await context.Commit(session);
        return WorkResult.Done;
    }

    public async ValueTask Failed(QueueMessage message, string reason, Instant now, IWriteSession session)
    {
        var (id, rows) = (IdOf(message), session.Rows<IOperationWrites>());
        if (await rows.Find(id, Instant.MinValue) is not { Status: OperationStatus.Waiting or OperationStatus.Running or OperationStatus.Failed } operation)
        {
            return;
        }

        // Its process may have died each time between the effect and this: then what was done is what is told.
        var kept = await session.Rows<IIdempotencyRows>().Find(operation.Person, operation.Key, operation.CreatedAt);
        var refusal = now >= message.Deadline
            ? Refusal.Of(RefusalCode.Unavailable, "The command could not be run in time; nothing was changed. Send it again.")
            : Refusal.Of(RefusalCode.Bug, "The command was begun several times and came to no end; the fault is ours and has been noted.");
        await rows.Change(id, kept is { Refused: false } ? OperationStatus.Done : OperationStatus.Failed, kept?.Body ?? WireJson.Write(refusal));
    }

    /// <summary>Null where there is nothing to be done: it was called off, done before, or is forgotten.</summary>
    private static async ValueTask<Operation?> Begin(WorkContext context, Guid id)
    {
        await using var session = await context.Write();
        var rows = session.Rows<IOperationWrites>();
        if (await rows.Find(id, Instant.MinValue) is not { Status: not (OperationStatus.Cancelled or OperationStatus.Done) } operation)
        {
            return null;
        }

        if (!await session.Rows<IQueueWrites>().StillHeld(context.Lease))
        {
            throw new LeaseLostException();
        }

        await rows.Change(id, OperationStatus.Running, null);
        await session.Commit(context.Stopped);
        return operation;
    }

    private static Guid IdOf(QueueMessage message) => JsonSerializer.Deserialize<Guid>(message.Body);

    private static OperationStatus StatusOf(Refusal? refusal) => refusal is null ? OperationStatus.Done : OperationStatus.Failed;

    private static byte[] Answer(Reply reply) => reply.Replayed is { } kept ? kept.ToArray() : WireJson.WriteAny(reply.Result!);
}
