using System.Collections.Concurrent;
using Kalends.Messages;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Availability;

/// <summary>
/// A store whose reading sessions answer free/busy from memory where they can. Commands write and decide on the store itself. Whoever made the
/// store ends it.
/// </summary>
public sealed class CachedStore(IStore store, FreeBusyCache cache) : IStore
{
    private readonly ConcurrentDictionary<string, int> tenants = new(StringComparer.Ordinal);
    private readonly Lock counting = new();
    private readonly Leftovers leftovers = new(cache);
    private (long Evictions, long Bytes) counted;
    private int numbers;

    public FreeBusyCache Cache => cache;

    public Queue.IWorkQueue Queue => store.Queue;

    internal Lineages Lineages { get; } = new();

    internal KnownCalendars Known { get; } = new();

    public async ValueTask<IReadSession> Read(string tenant, CancellationToken stopped) =>
        new CachedSession(this, await store.Read(tenant, stopped), tenant);

    public async ValueTask<IReadSession> ReadAnywhere(string tenant, Position? atLeast, CancellationToken stopped) =>
        new CachedSession(this, await store.ReadAnywhere(tenant, atLeast, stopped), tenant);

    public void Listen(Action<StoreNews> told) => store.Listen(told);

    public ValueTask<IWriteSession> Write(string tenant, CancellationToken stopped) => store.Write(tenant, stopped);

    public ValueTask<IReadOnlyList<string>> TenantsToRemind(Instant until, CancellationToken stopped) => store.TenantsToRemind(until, stopped);

    public ValueTask<IReadOnlyList<string>> Tenants(CancellationToken stopped) => store.Tenants(stopped);

    public ValueTask<IReadOnlyList<string>> TenantsWithWebhooks(CancellationToken stopped) => store.TenantsWithWebhooks(stopped);

    public IAsyncEnumerable<string> FindBroken(CancellationToken stopped) => store.FindBroken(stopped);

    public ValueTask<IReadOnlyList<string>> Migrate(CancellationToken stopped) => store.Migrate(stopped);

    public ValueTask LetServe(string role, CancellationToken stopped) => store.LetServe(role, stopped);

    public ValueTask PrepareAhead(CancellationToken stopped) => store.PrepareAhead(stopped);

    public ValueTask<string?> Caution(CancellationToken stopped) => store.Caution(stopped);

    public ValueTask<string> ZoneRelease(CancellationToken stopped) => store.ZoneRelease(stopped);

    public ValueTask SetZoneRelease(string release, CancellationToken stopped) => store.SetZoneRelease(release, stopped);

    public IAsyncEnumerable<string> Reindex(CancellationToken stopped) => store.Reindex(stopped);

    public ValueTask MarkRestored(CancellationToken stopped) => store.MarkRestored(stopped);

    public ValueTask<bool> IsReady(CancellationToken stopped) => store.IsReady(stopped);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Tells the metrics what came of a look, and what has changed since they were last told.</summary>
    internal void Count(CachedLook look)
    {
        lock (counting)
        {
            var now = (cache.Evictions, cache.Bytes);
            Measurements.Cached(look.Hits, look.Misses, now.Evictions - counted.Evictions, now.Bytes - counted.Bytes);
            counted = now;
            leftovers.ClearAway();
        }
    }

    /// <summary>A small number for a name: only tenants that have calendars are asked for.</summary>
    internal int NumberOf(string tenant) => tenants.GetOrAdd(tenant, _ => Interlocked.Increment(ref numbers));
}

/// <summary>
/// Databases in the order in which they were first seen. With each new one all that is kept becomes worthless: it may be the old one as it once
/// was, giving its versions to other changes.
/// </summary>
internal sealed class Lineages
{
    private readonly HashSet<string> seen = new(StringComparer.Ordinal);

    /// <summary>The number of the latest; the first one's before any is seen.</summary>
    public int Now
    {
        get
        {
            lock (seen)
            {
                return Math.Max(1, seen.Count);
            }
        }
    }

    /// <param name="lineage">Null where a look found nothing, and so nothing that could be kept.</param>
    public void See(string? lineage)
    {
        lock (seen)
        {
            _ = lineage is not null && seen.Add(lineage);
        }
    }
}

/// <summary>
/// What the cache gives up has lived long, and such the runtime clears away only when it has doubled: with 170 MB kept a server grew to 440.
/// So it is told to once an eighth of the cache has gone, beside the work that goes on. Used by one at a time.
/// </summary>
internal sealed class Leftovers(FreeBusyCache cache)
{
    private const int Oldest = 2;
    private const int Share = 8;

    private (long Dropped, int Collections) seen;

    public void ClearAway()
    {
        var now = (cache.Dropped, Collections: GC.CollectionCount(Oldest));
        if (now.Collections != seen.Collections)
        {
            // It was done since; what was given up before it is gone.
            seen = now;
        }
        else if (now.Dropped - seen.Dropped >= cache.MostBytes / Share)
        {
            seen = now;
            GC.Collect(Oldest, GCCollectionMode.Forced, blocking: false);
        }
    }
}
