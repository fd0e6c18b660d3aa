using Kalends.Messages;
using NodaTime;

namespace Kalends.Webhooks;

/// <summary>What came of the events that a webhook was sent within the last days, the latest first; all, or those that failed.</summary>
public sealed record GetWebhookDeliveries : PagedQuery<FoundDeliveries>, IReadsTheLatest
{
    public required Guid Webhook { get; init; }

    public DeliveryStatus? Status { get; init; }

    public override async ValueTask<Outcome<FoundDeliveries>> Execute(QueryContext context)
    {
        var rows = context.Rows<IWebhookRows>();
        var found = await WebhookStart.Find(context, rows, Webhook);
        var cursor = await Cursors.Read<FoundDeliveries, Place>(this, context);
        if ((found.Refusal ?? cursor.Refusal) is { } refusal)
        {
            return refusal;
        }

        var before = cursor.Value is { } place ? Instant.FromUnixTimeMilliseconds(place.EndedAt) : (Instant?)null;
        var page = await rows.Deliveries(Webhook, Status, before, cursor.Value?.Event, LimitInForce + 1);
        var shown = page.Take(LimitInForce).ToList();
        return new FoundDeliveries(
            [.. shown.Select(DeliveryView.Of)],
            page.Count > shown.Count ? await Cursors.Write(this, context, new Place(shown[^1].EndedAt.ToUnixTimeMilliseconds(), shown[^1].Event)) : null);
    }

    private sealed record Place(long EndedAt, Guid Event);
}

public sealed record FoundDeliveries(IReadOnlyList<DeliveryView> Deliveries, string? Cursor);
