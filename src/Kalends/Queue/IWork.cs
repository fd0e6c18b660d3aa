using Kalends.Storage;
using NodaTime;

namespace Kalends.Queue;

/// <summary>One kind of message, and how it is worked on. The same message may come more than once: what it does must be the same as once, by the fence
/// (<see cref="WorkContext.Commit"/>) or by a key of its own.
/// </summary>
public interface IWork
{
    string Queue { get; }

    string Kind { get; }

    /// <summary>A message that was begun so often and came to no end, because it threw or its process died, is shelved.</summary>
    int MostReads => 5;

    /// <summary>Messages of one destination that a process works on at once; of the kinds of one queue the least counts.</summary>
    int PerDestination => 4;

    /// <summary>True of what waits for others and takes no processor meanwhile: several times as many workers do it as are set.</summary>
    bool MostlyWaits => false;

    Retry Retry => Retry.Usual;

    /// <summary>For one run; then it is told to stop, and counts as a read that came to no end.</summary>
    Duration Longest => Duration.FromMinutes(15);

    /// <summary>Does it. Whatever it throws, but for the store's own faults, is a fault of the message, and counts against it.</summary>
    ValueTask<WorkResult> Run(WorkContext context);

    /// <summary>
    /// Told, in the transaction that shelves it, that a message will not be done: it was read too often, its time is over, or it is hopeless.
    /// </summary>
    ValueTask Failed(QueueMessage message, string reason, Instant now, IWriteSession session) => ValueTask.CompletedTask;
}

public enum WorkEnd
{
    /// <summary>It is done; the message goes, if it has not gone with its result.</summary>
    Done,

    /// <summary>The world is to blame, such as a receiver that does not answer: again, by <see cref="IWork.Retry"/>, until its deadline.</summary>
    Later,

    /// <summary>It can never be done: it is shelved at once.</summary>
    Hopeless,
}

/// <param name="End">What came of a message.</param>
/// <param name="Reason">Why it was not done: for operators, so no secrets and nobody's texts.</param>
/// <param name="After">For how long whoever is away wants to be left alone.</param>
public readonly record struct WorkResult(WorkEnd End, string? Reason = null, Duration? After = null)
{
    public static WorkResult Done => new(WorkEnd.Done);

    public static WorkResult Later(string reason, Duration? after = null) => new(WorkEnd.Later, reason, after);

    public static WorkResult Hopeless(string reason) => new(WorkEnd.Hopeless, reason);
}

/// <summary>What work may use while it runs: its message, and sessions of the tenant that sent it and no other.</summary>
public sealed class WorkContext(IStore store, string tenant, QueueMessage message, Lease lease, IClock clock, CancellationToken stopped)
{
    public string Tenant => tenant;

    public QueueMessage Message => message;

    public Lease Lease => lease;

    public Instant Now => clock.GetCurrentInstant();

    /// <summary>Ends when the lease is lost, the time for one run is over, or the process must stop.</summary>
    public CancellationToken Stopped => stopped;

    /// <summary>True once the message went with its result.</summary>
    public bool IsCommitted { get; private set; }

    public ValueTask<IReadSession> Read() => store.Read(tenant, stopped);

    public ValueTask<IWriteSession> Write() => store.Write(tenant, stopped);

    /// <summary>For what was done in the world and must be written down though the process is to end, which waits a moment for it.</summary>
    public ValueTask<IWriteSession> WriteToTheEnd() => store.Write(tenant, CancellationToken.None);

    /// <summary>
    /// The fence: commits what was written in this session together with the end of the message, or neither. Throws <see cref="LeaseLostException"/>
    /// where another was given the message since.
    /// </summary>
    public async ValueTask Commit(IWriteSession session)
    {
        await session.Rows<IQueueWrites>().FinishWithCommit(lease);
        // Whether it may is for the fence to say.
        await session.Commit(CancellationToken.None);
        IsCommitted = true;
    }
}

/// <summary>Another was given the message meanwhile, or it is gone: what was to be written is not, and nothing is lost by that.</summary>
public sealed class LeaseLostException : Exception
{
    public LeaseLostException()
        : base("The lease of the message is no longer in force.")
    {
    }

    public LeaseLostException(string message)
        : base(message)
    {
    }

    public LeaseLostException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
