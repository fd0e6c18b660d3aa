using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Kalends.Messages;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Publications;

/// <summary>How much one process gives to those who listen.</summary>
public sealed record FeedLimits(int PerPerson, int PerProcess, int Waiting = 1_000);

/// <summary>
/// The live feed: events as they are committed, by any process, from now on or from where a listener left off. Whoever comes from far back reads
/// by himself until he has caught up, and hears with the others from there on.
/// </summary>
public sealed class Feed(IStore store, IPermissions permissions, IClock clock, TimeProvider time, FeedLimits limits) : IAsyncDisposable
{
    /// <summary>Many come back at once where a process went.</summary>
    private const int CatchingUpAtOnce = 8;

    private readonly ConcurrentDictionary<string, TenantFeed> tenants = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Tenant, CalendarId Person), int> counts = new();
    private readonly SemaphoreSlim turns = new(CatchingUpAtOnce);
    private readonly Meter meter = new("Kalends");
    private int count;

    public static TimeSpan BetweenBeats => TenantFeed.BetweenBeats;

    /// <summary>Told a fault that is ours; whoever listened comes again.</summary>
    public Action<Exception>? Failed { get; init; }

    /// <summary>Whether what others commit is rung here too, just now: then it is looked for by itself now and then alone.</summary>
    public Func<bool>? HearsOthers { get; init; }

    /// <summary>Tells of itself from now on, until it is disposed.</summary>
    public Feed Measured()
    {
        meter.CreateObservableGauge("kalends.feed.listeners", () => count, "{listener}", "Live feeds that are open");
        meter.CreateObservableGauge(
            "kalends.feed.lag", () => tenants.Values.Select(feed => feed.Behind.TotalSeconds).DefaultIfEmpty().Max(), "s",
            "For how long the feed that is furthest behind has not told everything that is committed; those of whom nobody listens to are not looked at");
        return this;
    }

    /// <summary>Something was committed, or may have been.</summary>
    /// <param name="tenant">In which tenant; null: nobody knows.</param>
    public void Ring(string? tenant)
    {
        foreach (var feed in tenant is null ? tenants.Values : tenants.TryGetValue(tenant, out var one) ? [one] : [])
        {
            feed.Ring();
        }
    }

    /// <summary>Begins to listen. To be disposed by who does.</summary>
    /// <param name="caller">Who listens.</param>
    /// <param name="filter">To what.</param>
    /// <param name="lastId">The id of the last item they had; null: from now on.</param>
    /// <param name="stopped">Ends the beginning.</param>
    public async ValueTask<Outcome<Listening>> Listen(Caller caller, FeedFilter filter, string? lastId, CancellationToken stopped)
    {
        if (Admit(caller) is { } refusal)
        {
            return refusal;
        }

        var isBegun = false;
        try
        {
            await using var session = lastId is null ? null : await store.Read(caller.Tenant, stopped);
            var place = session is null ? null : (Outcome<long>?)await FeedPlaces.Open(session, caller, lastId!, clock.GetCurrentInstant());
            if (place?.Refusal is { } refused)
            {
                return refused;
            }

            isBegun = true;
            return new Listening(this, new(caller, filter, limits.Waiting), place?.Value);
        }
        finally
        {
            if (!isBegun)
            {
                Leave(caller);
            }
        }
    }

    /// <summary>For who follows something else as long as a listener does, and counts as one: to be disposed as they leave.</summary>
    public Outcome<Seat> TakeSeat(Caller caller) => Admit(caller) is { } refusal ? refusal : new Seat(this, caller);

    public async ValueTask DisposeAsync()
    {
        var all = tenants.Values.ToList();
        // Bells go on ringing.
        tenants.Clear();
        foreach (var feed in all)
        {
            await feed.Stop();
            feed.Dispose();
        }

        turns.Dispose();
        meter.Dispose();
    }

    internal void Leave(Caller caller)
    {
        Interlocked.Decrement(ref count);
        counts.AddOrUpdate((caller.Tenant, caller.Person), 0, (_, before) => before - 1);
        counts.TryRemove(new((caller.Tenant, caller.Person), 0));
    }

    internal TenantFeed Of(string tenant) => tenants.GetOrAdd(tenant, _ => new(tenant, store, permissions, clock, time)
    {
        Failed = Failed, HearsOthers = HearsOthers,
    });

    /// <summary>What lies after a place and not after another that is known to be settled, as far as there is; the place after it.</summary>
    internal async IAsyncEnumerable<FeedItem> Between(
        FeedListener listener, long after, long? until, [EnumeratorCancellation] CancellationToken stopped)
    {
        for (var (place, goesOn) = (after, true); goesOn;)
        {
            var items = new List<FeedItem>();
            await turns.WaitAsync(stopped);
            try
            {
                await using var session = await store.Read(listener.Caller.Tenant, stopped);
                var page = await session.Rows<IPublicationRows>().Read(
                    place, until is { } end ? FeedMark.Settled(end) : null, TenantFeed.PageSize);
                List<PlacedEntry> entries =
                    [.. PlacedEntry.Of(page.Entries.Where(entry => !(entry.Seq > until))).Where(entry => entry.MayConcern(listener.Filter))];
                var sight = await PublicationSight.Over(session, permissions, entries, [listener.Caller.Person]);
                foreach (var (seq, type, json) in await sight.Shown(listener.Caller, listener.Filter, entries))
                {
                    items.Add(new(await FeedPlaces.Seal(session, listener.Caller, seq, clock.GetCurrentInstant()), type, json));
                }

                (place, goesOn) = (Math.Min(page.Through, until ?? long.MaxValue), page.IsFull && !(page.Through >= until));
            }
            finally
            {
                turns.Release();
            }

            listener.After = place;
            foreach (var item in items)
            {
                yield return item;
            }
        }
    }

    internal async ValueTask<FeedItem> Standing(Caller caller, long place, CancellationToken stopped)
    {
        await using var session = await store.Read(caller.Tenant, stopped);
        return new(await FeedPlaces.Seal(session, caller, place, clock.GetCurrentInstant()), null, null);
    }

    private Refusal? Admit(Caller caller)
    {
        var (all, own) = (Interlocked.Increment(ref count), counts.AddOrUpdate((caller.Tenant, caller.Person), 1, (_, before) => before + 1));
        var refusal = own > limits.PerPerson
            ? Refusal.Of(
                RefusalCode.TooManyRequests,
                $"{caller.Person} listens {limits.PerPerson} times already: end another one, or name several calendars in one.")
            : all > limits.PerProcess ? Refusal.Of(RefusalCode.Unavailable, "As many listen here already as this process can serve.") : null;
        if (refusal is not null)
        {
            Leave(caller);
        }

        return refusal is null ? null : refusal with { RetryAfterSeconds = 5 };
    }
}
