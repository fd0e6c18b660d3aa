using Kalends.Queue;
using NodaTime;

namespace Kalends.Storage;

/// <summary>
/// The store: hands out sessions bound to one tenant, so that no statement can forget the tenant. Each capability declares the
/// rows it needs as a port of its own and asks the session for it; each store implements them all. Faults of the store are
/// <see cref="StoreUnavailableException"/>; every other exception is a bug.
/// </summary>
public interface IStore : IAsyncDisposable
{
    /// <summary>
    /// A consistent view of all that is committed when it is first asked something, on a connection that the database itself refuses writes on.
    /// </summary>
    ValueTask<IReadSession> Read(string tenant, CancellationToken stopped);

    /// <summary>
    /// The same, but perhaps of a replica, which may be a little behind: not behind <paramref name="atLeast"/>, for which it is waited a short time. What
    /// this or the session throws may be a <see cref="ReplicaFailedException"/>, whereupon <see cref="Read"/> is the way.
    /// </summary>
    ValueTask<IReadSession> ReadAnywhere(string tenant, Position? atLeast, CancellationToken stopped);

    /// <summary>One write transaction; nothing is kept unless <see cref="IWriteSession.Commit"/> returns.</summary>
    ValueTask<IWriteSession> Write(string tenant, CancellationToken stopped);

    /// <summary>The queues of all tenants, for workers. Messages are sent in sessions that write.</summary>
    IWorkQueue Queue { get; }

    /// <summary>
    /// Hands in who is told what happens to the store beside requests, such as a replica that is lost. A store to which nothing does tells nothing.
    /// </summary>
    void Listen(Action<StoreNews> told);

    /// <summary>Of what is the program's own and nobody's, such as its schedules. No token can name it: names of tenants have a character at least.</summary>
    const string OwnTenant = "";

    /// <summary>Every tenant that ever wrote something.</summary>
    ValueTask<IReadOnlyList<string>> Tenants(CancellationToken stopped);

    /// <summary>The tenants in which a reminder is to be looked at by a moment, by name.</summary>
    ValueTask<IReadOnlyList<string>> TenantsToRemind(Instant until, CancellationToken stopped);
    /// <summary>Those of them that have a webhook that is told something.</summary>
    ValueTask<IReadOnlyList<string>> TenantsWithWebhooks(CancellationToken stopped);

    /// <summary>
    /// Looks for what the store's own rows should never show, over all tenants: each finding is a sentence. None means sound.
    /// </summary>
    IAsyncEnumerable<string> FindBroken(CancellationToken stopped);

    /// <summary>Brings the schema to the one this program was built for; the answer is the scripts that ran.</summary>
    ValueTask<IReadOnlyList<string>> Migrate(CancellationToken stopped);

    /// <summary>
    /// Lets a user of the database server use the store and nothing beside it. Throws <see cref="StoreUnavailableException"/>, with what to do, where
    /// the server could not keep that user to one tenant at a time, or there is no server.
    /// </summary>
    ValueTask LetServe(string role, CancellationToken stopped);

    /// <summary>
    /// Does what a store wants done ahead of time, such as making room for the months to come, while others read and write. To be called once a day,
    /// by any number of processes; throws <see cref="StoreUnavailableException"/> where it would make others wait: later, then.
    /// </summary>
    ValueTask PrepareAhead(CancellationToken stopped);

    /// <summary>
    /// Rewrites what has become loose over time, such as indexes that are half empty, while others read and write: a sentence as each begins and
    /// as it ends; none where nothing is. Throws <see cref="StoreUnavailableException"/> where another does it, or this user may not.
    /// </summary>
    IAsyncEnumerable<string> Reindex(CancellationToken stopped);

    /// <summary>What whoever serves from this store should know and may mend, as a sentence; null when nothing.</summary>
    ValueTask<string?> Caution(CancellationToken stopped);

    /// <summary>The release of the time-zone database, such as <c>2026a</c>, that the stored spans were worked out with.</summary>
    ValueTask<string> ZoneRelease(CancellationToken stopped);

    /// <summary>Says that they are of another release now: for whoever has worked them all out again.</summary>
    ValueTask SetZoneRelease(string release, CancellationToken stopped);

    /// <summary>
    /// Says that the store was restored from a copy: another sealing key is in force from now on. Processes that run have the one from before.
    /// </summary>
    ValueTask MarkRestored(CancellationToken stopped);

    /// <summary>True when the store can be reached and its schema is, or was when it was first opened, the one this program was built for.</summary>
    ValueTask<bool> IsReady(CancellationToken stopped);
}

/// <summary>Something that an operator wants to read: a sentence, and whether things are better or worse for it.</summary>
public sealed record StoreNews(bool IsGood, string Sentence);

public interface IReadSession : IAsyncDisposable
{
    SealingKeys SealingKeys { get; }

    /// <summary>
    /// A position that includes all that this session sees, so that whoever is answered can ask to see at least that. Of a session that writes, see
    /// <see cref="IWriteSession.Commit(CancellationToken)"/>.
    /// </summary>
    ValueTask<Position> Reached();

    /// <summary>True for what a replica of the store shows.</summary>
    bool IsOfReplica { get; }

    /// <summary>
    /// Whether this session sees all that was there at a position. Where only this replica has not come that far,
    /// <see cref="ReplicaFailedException"/>; so false means that the store itself has not: it is another one, or was restored from a copy.
    /// </summary>
    ValueTask<bool> Covers(Position position);

    /// <summary>The tenant's rows of one capability, such as <c>Rows&lt;ICalendarRows&gt;()</c>.</summary>
    T Rows<T>()
        where T : class;
}

public interface IWriteSession : IReadSession
{
    /// <summary>
    /// For who has more to work out before the commit: what was handed over so far may be written meanwhile, and with it the first of the changes that the
    /// command made. True where these were taken: the commit is to be given those that follow. What goes wrong is told with whatever is asked next, at the
    /// latest with the commit.
    /// </summary>
    ValueTask<bool> StartWriting(Guid command, Instant at, IReadOnlyList<Change> changes) => new(false);

    /// <summary>
    /// Makes all of the transaction durable. Disposing without it undoes everything. The answer is a position that includes it, and all that the
    /// session saw.
    /// </summary>
    ValueTask<Position> Commit(CancellationToken stopped);

    /// <summary>
    /// <see cref="ITrailWrites.Append"/> and then <see cref="Commit(CancellationToken)"/>, for a store that does both in one round trip.
    /// </summary>
    async ValueTask<Position> Commit(CommandRecord command, IReadOnlyList<Change> changes, IReadOnlyCollection<long> touched, CancellationToken stopped)
    {
        await Rows<ITrailWrites>().Append(command, changes, touched);
        return await Commit(stopped);
    }
}

/// <summary>The store cannot be used just now: it is locked, full, gone or not migrated. The caller may try again.</summary>
public sealed class StoreUnavailableException : Exception
{
    public StoreUnavailableException()
    {
    }

    public StoreUnavailableException(string message)
        : base(message)
    {
    }

    public StoreUnavailableException(string message, Exception cause)
        : base(message, cause)
    {
    }
}

/// <summary>
/// A replica cannot answer this: it has not come far enough, or was lost on the way. The store itself can; the dispatcher asks it then.
/// </summary>
public sealed class ReplicaFailedException : Exception
{
    public ReplicaFailedException()
    {
    }

    public ReplicaFailedException(string message)
        : base(message)
    {
    }

    public ReplicaFailedException(string message, Exception cause)
        : base(message, cause)
    {
    }
}

/// <summary>
/// What this session had read was changed by another before it was locked, or the database could not put the two in an order: nothing is
/// kept. The same command run anew, with <see cref="Calendars"/> locked before it reads, comes to its end. The dispatcher does that.
/// </summary>
public sealed class StoreChangedException : Exception
{
    public StoreChangedException(IReadOnlyCollection<CalendarId> calendars, Exception? cause = null)
        : base("The store was changed by others in the meantime.", cause) => Calendars = [.. calendars];

    public StoreChangedException()
        : this([])
    {
    }

    public StoreChangedException(string message)
        : base(message)
    {
    }

    public StoreChangedException(string message, Exception cause)
        : base(message, cause)
    {
    }

    public IReadOnlyCollection<CalendarId> Calendars { get; } = [];

    /// <summary>
    /// True where the session has these calendars locked and has written nothing: the command may begin again in it, and need not wait for the locks
    /// a second time.
    /// </summary>
    public bool MayBeginAgain { get; init; }
}
