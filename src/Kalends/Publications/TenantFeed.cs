using Kalends.Messages;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Publications;

/// <summary>
/// Reads what is published in one tenant as long as anybody listens, once for all of them: at once after a commit of this process, and for those of others
/// forty times a second.
/// </summary>
internal sealed class TenantFeed(string tenant, IStore store, IPermissions permissions, IClock clock, TimeProvider time) : IDisposable
{
    public const int PageSize = 500;

    public static readonly TimeSpan BetweenBeats = TimeSpan.FromSeconds(15);

    /// <summary>What is committed may wait for what began before it: some milliseconds.</summary>
    private static readonly TimeSpan WhereSomethingWaits = TimeSpan.FromMilliseconds(4);

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(25);

    private static readonly TimeSpan AfterFault = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly SemaphoreSlim bell = new(0);
    private readonly List<FeedListener> joining = [];
    private readonly List<FeedListener> listeners = [];
    private readonly CancellationTokenSource stop = new();
    private Task running = Task.CompletedTask;
    private long caughtUpAt = time.GetTimestamp();

    /// <summary>Told a fault that is ours.</summary>
    public Action<Exception>? Failed { get; init; }

    /// <summary>Since it last told all there was; nothing while nobody listens.</summary>
    public TimeSpan Behind => Listening().Count > 0 ? time.GetElapsedTime(Volatile.Read(ref caughtUpAt)) : TimeSpan.Zero;

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
            var isFirst = joining.Count + listeners.Count == 0;
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
            _ = joining.Remove(listener) || listeners.Remove(listener);
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
            while (Listening() is { Count: > 0 } all)
            {
                state = await Look(state, all);
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
            foreach (var listener in joining.Concat(listeners))
            {
                listener.End();
            }

            joining.Clear();
            listeners.Clear();
        }
    }

    private List<FeedListener> Listening()
    {
        lock (gate)
        {
            return [.. joining, .. listeners];
        }
    }

    /// <summary>What fails is done again: who was told already is not told twice.</summary>
    private async Task<Progress> Look(Progress state, List<FeedListener> all)
    {
        try
        {
            await using var session = await store.Read(tenant, stop.Token);
            var page = await session.Rows<IPublicationRows>().Read(state.Place, state.Mark, state.Place < 0 ? 0 : PageSize);
            var isBeat = time.GetElapsedTime(state.LastBeat) >= BetweenBeats;
            if (page.Entries.Count > 0 || isBeat)
            {
                await Tell(session, page, all, isBeat);
            }

            if (page.Through >= 0)
            {
                Join(all, page.Through);
            }

            if (page is { Mark: null, IsFull: false })
            {
                Volatile.Write(ref caughtUpAt, time.GetTimestamp());
            }

            return new(page.Through, page.Mark, isBeat ? time.GetTimestamp() : state.LastBeat)
            {
                Pause = page.IsFull ? TimeSpan.Zero : page.Mark is null ? BetweenLooks : WhereSomethingWaits,
            };
        }
        catch (Exception fault) when (fault is StoreUnavailableException or StoreChangedException or ReplicaFailedException)
        {
            return state with { Pause = AfterFault };
        }
    }

    private async Task Tell(IReadSession session, FeedPage page, List<FeedListener> all, bool isBeat)
    {
        var now = clock.GetCurrentInstant();
        List<FeedListener> joined = [.. all.Where(listener => listener.Joined.IsCompletedSuccessfully)];
        var sight = await PublicationSight.Over(session, permissions, page.Entries, joined.Select(listener => listener.Caller.Person));
        foreach (var listener in joined)
        {
            var keepsUp = true;
            foreach (var (seq, type, json) in await sight.Shown(listener.Caller, listener.Filter, listener.After))
            {
                keepsUp = keepsUp && listener.Tell(new(await FeedPlaces.Seal(session, listener.Caller, seq, now), type, json));
            }

            listener.After = Math.Max(listener.After, page.Through);
            if (isBeat && keepsUp)
            {
                keepsUp = listener.Tell(new(await FeedPlaces.Seal(session, listener.Caller, listener.After, now), null, null));
            }

            if (!keepsUp)
            {
                Remove(listener);
                listener.End();
            }
        }
    }

    /// <summary>Those who were there before the page was read hear what comes after it.</summary>
    private void Join(List<FeedListener> all, long place)
    {
        lock (gate)
        {
            foreach (var listener in all.Where(joining.Remove))
            {
                listener.Join(place);
                listeners.Add(listener);
            }
        }
    }

    private sealed record Progress(long Place, FeedMark? Mark, long LastBeat)
    {
        public TimeSpan Pause { get; init; }
    }
}
