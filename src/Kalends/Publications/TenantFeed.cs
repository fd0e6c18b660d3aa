using Kalends.Messages;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Publications;

/// <summary>
/// Reads what is published in one tenant as long as anybody listens, once for all of them: at once after a commit of this process, and for those of others
/// forty times a second, or at once too where they are rung here. Listeners that a page does not concern are not looked at for it.
/// </summary>
internal sealed class TenantFeed(string tenant, IStore store, IPermissions permissions, IClock clock, TimeProvider time) : IDisposable
{
    public const int PageSize = 500;

    public static readonly TimeSpan BetweenBeats = TimeSpan.FromSeconds(15);

    /// <summary>What is committed may wait for what began before it: some milliseconds.</summary>
    private static readonly TimeSpan WhereSomethingWaits = TimeSpan.FromMilliseconds(4);

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(25);

    /// <summary>Where others ring: for what is committed by somebody who does not, and for a bell that was lost on its way.</summary>
    private static readonly TimeSpan BetweenLooksWhereRung = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan AfterFault = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly SemaphoreSlim bell = new(0);
    private readonly List<FeedListener> joining = [];
    private readonly Audiences audiences = new();
    private readonly CancellationTokenSource stop = new();
    private Task running = Task.CompletedTask;
    private long caughtUpAt = time.GetTimestamp();

    /// <summary>Told a fault that is ours.</summary>
    public Action<Exception>? Failed { get; init; }

    /// <summary>Whether what others commit is rung here just now.</summary>
    public Func<bool>? HearsOthers { get; init; }

    /// <summary>Since it last told all there was; nothing while nobody listens.</summary>
    public TimeSpan Behind => Joining() is not null ? time.GetElapsedTime(Volatile.Read(ref caughtUpAt)) : TimeSpan.Zero;

    public void Ring()
    {
        if (bell.CurrentCount == 0)
        {
            bell.Release();
        }
    }

    public void Add(FeedListener listener)
    {
        lock (gate)
        {
            var isFirst = joining.Count + audiences.Count == 0;
            joining.Add(listener);
            if (isFirst)
            {
                var before = running;
                running = Task.Run(async () =>
                {
                    await before;
                    await Run();
                });
            }
        }

        Ring();
    }

    public void Remove(FeedListener listener)
    {
        lock (gate)
        {
            _ = joining.Remove(listener) || audiences.Remove(listener);
        }
    }

    public async Task Stop()
    {
        await stop.CancelAsync();
        await running;
    }

    public void Dispose()
    {
        bell.Dispose();
        stop.Dispose();
    }

    private async Task Run()
    {
        try
        {
            var state = new Progress(IPublicationRows.Unknown, null, time.GetTimestamp());
            Volatile.Write(ref caughtUpAt, state.LastBeat);
            while (Joining() is { } newcomers)
            {
                state = await Look(state, newcomers);
                await bell.WaitAsync(state.Pause, stop.Token);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            EndAll();
        }
        catch (Exception fault)
        {
            Failed?.Invoke(fault);
            EndAll();
        }
    }

    /// <summary>Those who listen are to come again, and not to wait for nothing.</summary>
    private void EndAll()
    {
        lock (gate)
        {
            foreach (var listener in joining.Concat(audiences.Listeners))
            {
                listener.End();
            }

            joining.Clear();
            audiences.Clear();
        }
    }

    /// <summary>Those who are to hear what comes from now on; null where nobody listens.</summary>
    private List<FeedListener>? Joining()
    {
        lock (gate)
        {
            return joining.Count + audiences.Count == 0 ? null : [.. joining];
        }
    }

    /// <summary>What fails is done again: who was told already is not told twice.</summary>
    private async Task<Progress> Look(Progress state, List<FeedListener> newcomers)
    {
        try
        {
            await using var session = await store.Read(tenant, stop.Token);
            var page = await session.Rows<IPublicationRows>().Read(state.Place, state.Mark, state.Place < 0 ? 0 : PageSize);
            var isBeat = time.GetElapsedTime(state.LastBeat) >= BetweenBeats;
            if (page.Entries.Count > 0)
            {
                await Tell(session, page);
            }

            if (isBeat)
            {
                await Beat(session, page.Through);
            }

            if (page.Through >= 0)
            {
                Join(newcomers, page.Through);
            }

            if (page is { Mark: null, IsFull: false })
            {
                Volatile.Write(ref caughtUpAt, time.GetTimestamp());
            }

            return new(page.Through, page.Mark, isBeat ? time.GetTimestamp() : state.LastBeat)
            {
                Pause = page.IsFull ? TimeSpan.Zero : page.Mark is not null ? WhereSomethingWaits
                    : HearsOthers?.Invoke() == true ? BetweenLooksWhereRung : BetweenLooks,
            };
        }
        catch (Exception fault) when (fault is StoreUnavailableException or StoreChangedException or ReplicaFailedException)
        {
            return state with { Pause = AfterFault };
        }
    }

    private async Task Tell(IReadSession session, FeedPage page)
    {
        var now = clock.GetCurrentInstant();
        var concerned = Concerned(PlacedEntry.Of(page.Entries));
        if (concerned.Count == 0)
        {
            return;
        }

        var entries = concerned.SelectMany(one => one.Entries).DistinctBy(entry => entry.Published.Seq).ToList();
        var sight = await PublicationSight.Over(session, permissions, entries, concerned.Select(one => one.Audience.Caller.Person));
        foreach (var (audience, listeners, own) in concerned)
        {
            foreach (var (seq, type, json) in await sight.Shown(audience.Caller, audience.Filter, own))
            {
                var item = new FeedItem(await FeedPlaces.Seal(session, audience.Caller, seq, now), type, json);
                listeners.RemoveAll(listener => listener.After < seq && !Tell(listener, item, seq));
            }
        }
    }

    private List<Concerned> Concerned(List<PlacedEntry> entries)
    {
        lock (gate)
        {
            return audiences.Of(entries);
        }
    }

    /// <summary>How far all have heard by now: who was not concerned by what came has heard as far as the others.</summary>
    private async Task Beat(IReadSession session, long through)
    {
        var now = clock.GetCurrentInstant();
        List<(Caller Caller, List<FeedListener> Listeners)> all;
        lock (gate)
        {
            all = [.. audiences.All.Select(audience => (audience.Caller, audience.Listeners.ToList()))];
        }

        foreach (var (caller, listeners) in all)
        {
            foreach (var equal in listeners.GroupBy(listener => Math.Max(listener.After, through)))
            {
                var item = new FeedItem(await FeedPlaces.Seal(session, caller, equal.Key, now), null, null);
                foreach (var listener in equal)
                {
                    Tell(listener, item, equal.Key);
                }
            }
        }
    }

    /// <summary>False where too much waits already: then nothing comes after what does.</summary>
    private bool Tell(FeedListener listener, FeedItem item, long place)
    {
        if (listener.Tell(item))
        {
            listener.After = place;
            return true;
        }

        Remove(listener);
        listener.End();
        return false;
    }

    /// <summary>Those who were there before the page was read hear what comes after it.</summary>
    private void Join(List<FeedListener> newcomers, long place)
    {
        lock (gate)
        {
            foreach (var listener in newcomers.Where(joining.Remove))
            {
                listener.Join(place);
                audiences.Add(listener);
            }
        }
    }

    private sealed record Progress(long Place, FeedMark? Mark, long LastBeat)
    {
        public TimeSpan Pause { get; init; }
    }
}
