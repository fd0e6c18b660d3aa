using Kalends.Messages;
using Kalends.Publications;
using Kalends.Storage;

namespace Kalends.Webhooks;

/// <summary>What a webhook may be told now of some publications, by the one exit of all events.</summary>
/// <param name="Events">In order.</param>
/// <param name="Through">Of what lies up to here nothing else is for it.</param>
internal sealed record WebhookSight(IReadOnlyList<SeenEvent> Events, long Through)
{
    /// <summary>Few, for they are judged by what holds now and are sent one after the other.</summary>
    private const int PageSize = 50;

    public static async ValueTask<WebhookSight> Next(IReadSession session, IPermissions permissions, string tenant, Webhook webhook)
    {
        var page = await session.Rows<IPublicationRows>().Read(webhook.Place, FeedMark.Settled(webhook.Due), PageSize);
        return new(
            await Judge(session, permissions, tenant, webhook, page.Entries.Where(entry => entry.Seq <= webhook.Due && entry.Time >= webhook.Since)),
            Math.Min(page.Through, webhook.Due));
    }

    /// <summary>Null where it is not there any more, or not to be seen.</summary>
    public static async ValueTask<SeenEvent?> One(IReadSession session, IPermissions permissions, string tenant, Webhook webhook, long seq)
    {
        var page = await session.Rows<IPublicationRows>().Read(seq - 1, FeedMark.Settled(seq), 1);
        return (await Judge(session, permissions, tenant, webhook, page.Entries.Where(entry => entry.Seq == seq))).SingleOrDefault();
    }

    private static async ValueTask<List<SeenEvent>> Judge(
        IReadSession session, IPermissions permissions, string tenant, Webhook webhook, IEnumerable<PublishedEntry> published)
    {
        var (caller, filter) = (webhook.CallerOf(tenant), webhook.Filter);
        var entries = PlacedEntry.Of(published).Where(entry => entry.MayConcern(filter)).ToList();
        var sight = await PublicationSight.Over(session, permissions, entries, [caller.Person]);
        var times = entries.ToDictionary(entry => entry.Published.Seq, entry => entry.Published.Time);
        return [.. (await sight.Shown(caller, filter, entries)).Select(shown => new SeenEvent(shown.Seq, times[shown.Seq], shown.Type, shown.Json))];
    }
}

/// <summary>An event as a webhook is sent it.</summary>
internal sealed record SeenEvent(long Seq, NodaTime.Instant Time, string Type, byte[] Json)
{
    /// <summary>The id inside it.</summary>
    public Guid Id { get; } = System.Text.Json.JsonDocument.Parse(Json).RootElement.GetProperty("id").GetGuid();
}
