using Kalends.Messages.Json;
using Kalends.Queue;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Operations;

/// <summary>
/// Writes down how far an operation is, beside its command, for whoever asks. One note at a time and a few a second: what comes meanwhile is left out, and so
/// is one that cannot be written. Whoever has lost the operation to another writes none.
/// </summary>
internal sealed class ProgressNotes(WorkContext context, Guid operation)
{
    private static readonly Duration Between = Duration.FromMilliseconds(250);

    private Task writing = Task.CompletedTask;
    private Instant next = Instant.MinValue;

    /// <summary>Done when nothing is written any more; it never fails.</summary>
    public Task Ended => writing;

    public void Note(long done, long left)
    {
        if (writing.IsCompleted && context.Now >= next)
        {
            next = context.Now + Between;
            writing = Write(new(done, left));
        }
    }

    private async Task Write(OperationProgress progress)
    {
        try
        {
            await using var session = await context.Write();
            if (await session.Rows<IQueueWrites>().StillHeld(context.Lease))
            {
                await session.Rows<IOperationWrites>().Change(operation, OperationStatus.Running, WireJson.Write(progress));
                await session.Commit(context.Stopped);
            }
        }
        catch (Exception fault) when (fault is StoreUnavailableException or StoreChangedException or OperationCanceledException)
        {
            // The next one may be.
            return;
        }
    }
}
