using System.Text.Json;
using Kalends.Messages.Json;
using Kalends.Queue;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Webhooks;

/// <summary>
/// The messages by which workers serve webhooks: one for each that has something to be told, and one for each event that is wanted by itself.
/// </summary>
internal static class WebhookMessages
{
    public const string Queue = "webhooks";

    /// <summary>Names the webhook.</summary>
    public const string Serve = "webhook";

    /// <summary>A <see cref="SingleEvent"/>.</summary>
    public const string Single = "webhook-event";

    /// <summary>Longer than any event is tried: a webhook ends by its own patience.</summary>
    private static readonly Duration Longest = Duration.FromDays(60);

    /// <summary>There may be something for it up to a publication; up to <paramref name="looked"/> it was looked for before.</summary>
    public static async ValueTask Raise(IWriteSession session, Guid id, long looked, long seq, Instant now)
    {
        var rows = session.Rows<IWebhookWrites>();
        if (await rows.Find(id) is not { IsActive: true } webhook || seq <= webhook.Due)
        {
            return;
        }

        // Who has heard all that was for them need not read what was looked through again.
        var raised = webhook with { Due = seq, Place = webhook.HasMore ? webhook.Place : Math.Max(webhook.Place, Math.Min(looked, seq - 1)) };
        await rows.Save(raised);
        if (!webhook.HasMore)
        {
            await Send(session.Rows<IQueueWrites>(), raised, now);
        }
    }

    public static ValueTask Send(IQueueWrites queue, Webhook webhook, Instant now) => queue.Send(
        new(Queue, Serve, JsonSerializer.SerializeToUtf8Bytes(webhook.Id), now + Longest) { Destination = Destination(webhook) }, now);

    public static ValueTask Send(IQueueWrites queue, Webhook webhook, SingleEvent single, Instant now, Instant deadline) =>
        queue.Send(new(Queue, Single, WireJson.Write(single), deadline) { Destination = Destination(webhook) }, now);

    private static string Destination(Webhook webhook) =>
        webhook.Destination is { Length: > NewMessage.LongestName } host ? host[..NewMessage.LongestName] : webhook.Destination;
}

/// <summary>An event that a webhook is to be sent by itself: a publication once more, or a ping, which is no publication and has number 0.</summary>
internal sealed record SingleEvent(Guid Webhook, long Seq, Guid Event, Instant At);
