using Kalends.Messages;
using Kalends.Messages.Json;
using Kalends.Queue;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Webhooks;

/// <summary>Sends one event by itself, beside those that come in order: one that is wanted again, or a ping.</summary>
public sealed class SingleEventWork(IPermissions permissions, IWebhookSender sender) : IWork
{
    public string Queue => WebhookMessages.Queue;

    public string Kind => WebhookMessages.Single;

    public bool MostlyWaits => true;

    public async ValueTask<WorkResult> Run(WorkContext context)
    {
        var single = WireJson.Read<SingleEvent>(context.Message.Body);
        var (webhook, seen) = await Look(context, single);
        if (webhook is null || seen is null)
        {
            return WorkResult.Done;
        }

        var now = context.Now;
        var answer = await sender.Post(new(webhook.Uri), Signature.Headers(seen.Id, now, seen.Json, webhook.SecretsAt(now)), seen.Json, context.Stopped);
        if (answer is { Error: { } error, IsGone: false })
        {
            return WorkResult.Later(error, answer.RetryAfter);
        }

        await using var session = await context.Write();
        var status = answer.IsGone ? DeliveryStatus.Failed : DeliveryStatus.Delivered;
        await session.Rows<IWebhookWrites>().Record(Of(single, seen.Id, seen.Type, status, context.Now, answer.Error));
        await context.Commit(session);
        return WorkResult.Done;
    }

    public async ValueTask Failed(QueueMessage message, string reason, Instant now, IWriteSession session)
    {
        var (single, rows) = (WireJson.Read<SingleEvent>(message.Body), session.Rows<IWebhookWrites>());
        var type = single.Seq == 0 ? WebhookPing.TypeName : (await rows.FindDelivery(single.Webhook, single.Event))?.Type;
        if (type is not null && await rows.Find(single.Webhook) is not null)
        {
            await rows.Record(Of(single, single.Event, type, DeliveryStatus.Failed, now, message.LastError ?? reason));
        }
    }

    private async ValueTask<(Webhook? Webhook, SeenEvent? Seen)> Look(WorkContext context, SingleEvent single)
    {
        await using var session = await context.Read();
        return await session.Rows<IWebhookRows>().Find(single.Webhook) is not { } webhook ? (null, null)
            : single.Seq == 0 ? (webhook, new(0, single.At, WebhookPing.TypeName, WireJson.Write(WebhookPing.Of(single))))
            : (webhook, await WebhookSight.One(session, permissions, context.Tenant, webhook, single.Seq));
    }

    private static Delivery Of(SingleEvent single, Guid id, string type, DeliveryStatus status, Instant now, string? error) => new()
    {
        Webhook = single.Webhook,
        Event = id,
        Seq = single.Seq,
        Type = type,
        Status = status,
        Attempts = 0,
        EndedAt = now,
        Error = error,
    };
}

/// <summary>What <c>ping-webhook</c> sends: a CloudEvent that tells of nothing.</summary>
public sealed record WebhookPing
{
    public const string TypeName = "kalends.webhook.ping.v1";

    public string Specversion { get; init; } = "1.0";

    public required Guid Id { get; init; }

    public string Source { get; init; } = "/kalends";

    public string Type { get; init; } = TypeName;

    /// <summary>The webhook.</summary>
    public required Guid Subject { get; init; }

    public required Instant Time { get; init; }

    public string Datacontenttype { get; init; } = "application/json";

    public required WebhookPingData Data { get; init; }

    internal static WebhookPing Of(SingleEvent single) =>
        new() { Id = single.Event, Subject = single.Webhook, Time = single.At, Data = new(single.Webhook) };
}

public sealed record WebhookPingData(Guid Webhook);
