using Kalends.Publications;
using Kalends.Queue;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Webhooks;

/// <summary>
/// Looks through what is published in a tenant, in order and as far as it is settled, and sends a message for each webhook that it may be for. Any number of
/// processes may do so: of two that read the same page one finds the place moved, and does nothing.
/// </summary>
public sealed class WebhookFanOut(IStore store, IClock clock, string tenant)
{
    private const int PageSize = 500;

    /// <summary>Of the place that is kept, and how far nothing was found after it.</summary>
    private (long Kept, long Empty) seen = (-1, -1);

    private FeedMark? mark;

    /// <summary>When there may be more: at once, when what began before is over, or null: when something is committed.</summary>
    public async ValueTask<Duration?> Step(CancellationToken stopped)
    {
        long kept;
        FeedPage page;
        await using (var session = await store.Read(tenant, stopped))
        {
            if (await session.Rows<IWebhookRows>().Place() is not { } place)
            {
                return null;
            }

            kept = place;
            page = await session.Rows<IPublicationRows>().Read(seen.Kept == kept ? Math.Max(kept, seen.Empty) : kept, mark, PageSize);
        }

        mark = page.Mark;
        if (page.Entries.Count == 0)
        {
            seen = (kept, page.Through);
        }
        else
        {
            await Send(kept, page, stopped);
        }

        return page.IsFull ? Duration.Zero : page.Mark is null ? null : Duration.FromMilliseconds(10);
    }

    private async ValueTask Send(long kept, FeedPage page, CancellationToken stopped)
    {
        var entries = PlacedEntry.Of(page.Entries);
        await using var session = await store.Write(tenant, stopped);
        var rows = session.Rows<IWebhookWrites>();
        if (await rows.LockPlace() != kept)
        {
            return;
        }

        foreach (var webhook in await rows.All(null))
        {
            var filter = webhook.Filter;
            if (webhook.IsActive && entries.FindLast(entry => entry.MayConcern(filter)) is { } last)
            {
                await WebhookMessages.Raise(session, webhook.Id, kept, last.Published.Seq, clock.GetCurrentInstant());
            }
        }

        await rows.SetPlace(page.Through);
        await session.Commit(stopped);
    }
}
