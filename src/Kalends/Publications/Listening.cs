using System.Runtime.CompilerServices;

namespace Kalends.Publications;

/// <summary>One who has begun to listen, until it is disposed.</summary>
public sealed class Listening : IDisposable
{
    private readonly Feed feed;
    private readonly FeedListener listener;
    private readonly TenantFeed tenant;
    private readonly long? from;
    private int isOver;

    internal Listening(Feed feed, FeedListener listener, long? from)
    {
        (this.feed, this.listener, this.from) = (feed, listener, from);
        tenant = feed.Of(listener.Caller.Tenant);
    }

    /// <summary>
    /// The first says from where on, so that who is cut off before the first event misses none. Ends where more waited than may: the last id goes on.
    /// </summary>
    public async IAsyncEnumerable<FeedItem> Items([EnumeratorCancellation] CancellationToken stopped)
    {
        if (from is { } place)
        {
            // Most of it before the others' events begin to wait.
            listener.After = place;
            yield return await feed.Standing(listener.Caller, place, stopped);
            await foreach (var item in feed.Between(listener, place, null, stopped))
            {
                yield return item;
            }
        }

        var own = listener.After;
        tenant.Add(listener);
        var joined = await listener.Joined.WaitAsync(stopped);
        if (from is null)
        {
            yield return await feed.Standing(listener.Caller, joined, stopped);
        }
        else if (own < joined)
        {
            await foreach (var item in feed.Between(new(listener.Caller, listener.Filter, 1), own, joined, stopped))
            {
                yield return item;
            }
        }

        await foreach (var item in listener.Waiting.ReadAllAsync(stopped))
        {
            yield return item;
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref isOver, 1) == 0)
        {
            tenant.Remove(listener);
            listener.End();
            feed.Leave(listener.Caller);
        }
    }
}
