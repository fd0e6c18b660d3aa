using NodaTime;

namespace Kalends.Queue;

/// <summary>How many messages of a kind there are; the oldest of those that could be read and were not.</summary>
public sealed record QueueCount(string Queue, string Kind, long Waiting, long Delayed, long Held, long Dead, Instant? Oldest);

/// <summary>A tenant's messages.</summary>
public interface IQueueRows
{
    /// <summary>One that is no dead letter, or null.</summary>
    ValueTask<QueueMessage?> Find(long id);

    /// <summary>Those that wait or are held, or the dead letters, in order of id from just after one.</summary>
    ValueTask<IReadOnlyList<QueueMessage>> Page(bool dead, long after, int limit);

    /// <summary>In order of queue and kind.</summary>
    ValueTask<IReadOnlyList<QueueCount>> Count(Instant now);
}

/// <summary>
/// Messages are sent, and brought to their end, in the transaction of what they are about: a message is there if and only if what sent it was committed, and
/// gone if and only if its result was. What names a lease answers false, and does nothing, where that is no longer in force: another has read the message
/// since, or it is gone. A lease whose time is over and that nobody else was given is in force still.
/// </summary>
public interface IQueueWrites : IQueueRows
{
    ValueTask Send(NewMessage message, Instant now);

    /// <summary>Where true, nobody else is given the message before this transaction ends.</summary>
    ValueTask<bool> StillHeld(Lease lease);

    ValueTask<bool> Extend(Lease lease, Instant until);

    /// <summary>Deletes it: it is done.</summary>
    ValueTask<bool> Finish(Lease lease);

    /// <summary>
    /// The same, together with the commit: that throws <see cref="LeaseLostException"/>, and keeps nothing of the session, where the lease is not in force.
    /// </summary>
    ValueTask FinishWithCommit(Lease lease);

    /// <summary>Deletes it too, but keeps it for <see cref="KeptFor"/>, for whoever wants to look at what was done.</summary>
    ValueTask<bool> Archive(Lease lease, Instant now);

    /// <summary>Lets it be read again from a moment on.</summary>
    /// <param name="lease">Of it.</param>
    /// <param name="visibleAt">When.</param>
    /// <param name="error">What went wrong; null leaves what went wrong before.</param>
    /// <param name="counts">False: as if it had not been read.</param>
    ValueTask<bool> GiveBack(Lease lease, Instant visibleAt, string? error, bool counts);

    /// <summary>Shelves it as a dead letter, until somebody requeues or deletes it.</summary>
    ValueTask<bool> Bury(Lease lease, string reason, Instant now);

    /// <summary>
    /// Puts dead letters back, those of these ids or all: unread, and with as long until their deadline as they had at first. The answer is how many.
    /// </summary>
    ValueTask<long> Requeue(IReadOnlyCollection<long>? ids, Instant now);

    /// <summary>Forgets messages and dead letters of these ids; who holds one is told so when it ends. The answer is how many.</summary>
    ValueTask<long> Delete(IReadOnlyCollection<long> ids);

    static readonly Duration KeptFor = Duration.FromDays(30);
}
