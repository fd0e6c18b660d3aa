using NodaTime;

namespace Kalends.Queue;

/// <summary>
/// The queues of all tenants, for workers. It says which messages of which tenant are to be worked on and not what is in them: that is read, and the work done,
/// in sessions of that tenant.
/// </summary>
public interface IWorkQueue
{
    /// <summary>Reads a batch, in order of when they could be: each is the reader's alone until its lease runs out.</summary>
    ValueTask<Taken> Take(TakeOrder order, Instant now, CancellationToken stopped);

    /// <summary>By queue; counted no further than <see cref="MostCounted"/>.</summary>
    ValueTask<IReadOnlyList<QueueDepth>> Depths(Instant now, CancellationToken stopped);

    /// <summary>
    /// Tells the name of a queue when something was sent to it that may be read at once, until disposed. What another process sent may be told late or
    /// not at all, so whoever waits looks now and then by himself.
    /// </summary>
    IAsyncDisposable Listen(Action<string> sent);

    const int MostCounted = 100_000;
}

/// <summary>What a worker is free to do.</summary>
public sealed record TakeOrder(string Queue, int Most, Duration Lease)
{
    /// <summary>
    /// Messages put off, beside those taken, in one read. Whoever is dead may have thousands in front of the others.
    /// </summary>
    public const int MostPutOff = 500;

    /// <summary>True: those alone whose reader has fallen silent; false: all others.</summary>
    public bool OfLost { get; init; }

    /// <summary>How many of one destination to take, where <see cref="Rooms"/> does not say.</summary>
    public int UsualRoom { get; init; } = int.MaxValue;

    /// <summary>When those for which there was no usual room come back; one after the other, a millisecond apart.</summary>
    public Instant UsualBack { get; init; }

    public IReadOnlyList<DestinationRoom> Rooms { get; init; } = [];

    /// <summary>How many messages to look at beside those to take: none, unless those of somebody without room may be in front.</summary>
    public int LooksBeyond => Rooms.Any(room => room.Room == 0) ? MostPutOff : 0;
}

/// <summary>How many messages of a destination may be taken; the others that are met are put off, unread, and come back from a moment on.</summary>
public sealed record DestinationRoom(string Destination, int Room, Instant Back);

/// <param name="Messages">In the order in which they could be read.</param>
/// <param name="PutOff">How many of each destination were put off.</param>
/// <param name="Next">When the next one can be read, if fewer than asked for were there and there is one.</param>
public sealed record Taken(IReadOnlyList<LeasedMessage> Messages, IReadOnlyDictionary<string, int> PutOff, Instant? Next);

/// <summary>A message that was read: whose, what kind, and no more.</summary>
public sealed record LeasedMessage(
    string Tenant, Lease Lease, string Kind, string? Destination, int Reads, Instant EnqueuedAt, Instant VisibleAt, Instant Deadline);

public sealed record QueueDepth(string Queue, long Waiting, long Delayed, long Held, long Dead, Instant? Oldest);
