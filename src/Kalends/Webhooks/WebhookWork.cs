using System.Text.Json;
using Kalends.Messages;
using Kalends.Queue;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Webhooks;

/// <summary>
/// Tells a webhook what is for it: one event after the other, each until it came through or its time is over, its place written with what came of it. Who dies
/// between the receiver's answer and that is followed by one who sends the same event under the same id.
/// </summary>
public sealed class WebhookWork(IPermissions permissions, IWebhookSender sender, WebhookPatience patience) : IWork
{
    /// <summary>What was judged is sent within so long; then it is judged anew.</summary>
    private static readonly Duration JudgedFor = Duration.FromSeconds(1);

    /// <summary>Then others of the queue have their turn.</summary>
    private static readonly Duration Turn = Duration.FromSeconds(20);

    public string Queue => WebhookMessages.Queue;

    public string Kind => WebhookMessages.Serve;

    public bool MostlyWaits => true;

    /// <summary>More than processes die in the days that a receiver may be silent: its message is one, and every attempt may be what they die in.</summary>
    public int MostReads => 20;

    public async ValueTask<WorkResult> Run(WorkContext context)
    {
        var id = JsonSerializer.Deserialize<Guid>(context.Message.Body);
        // Who goes on for one that died begins a new message with the first event: what counts is how often in a row nothing came of it.
        for (var until = context.Now + (context.Message.Reads > 1 ? Duration.Zero : Turn); ;)
        {
            var judgedAt = context.Now;
            var (webhook, sight) = await Look(context, id);
            if (webhook is null || sight is null)
            {
                return WorkResult.Done;
            }

            if ((await Tell(context, webhook, sight, judgedAt, until)).End is { } result)
            {
                return result;
            }
        }
    }

    public async ValueTask Failed(QueueMessage message, string reason, Instant now, IWriteSession session)
    {
        var rows = session.Rows<IWebhookWrites>();
        if (await rows.Find(JsonSerializer.Deserialize<Guid>(message.Body)) is { IsActive: true, HasMore: true } webhook)
        {
            await rows.Save(webhook with { DisabledFor = $"its deliveries came to no end: {reason}" });
        }
    }

    private async ValueTask<(Webhook? Webhook, WebhookSight? Sight)> Look(WorkContext context, Guid id)
    {
        await using var session = await context.Read();
        return await session.Rows<IWebhookRows>().Find(id) is { IsActive: true, HasMore: true } webhook
            ? (webhook, await WebhookSight.Next(session, permissions, context.Tenant, webhook))
            : (null, null);
    }

    private async ValueTask<Step> Tell(WorkContext context, Webhook webhook, WebhookSight sight, Instant judgedAt, Instant until)
    {
        var (step, place) = (Step.Next, webhook.Place);
        foreach (var (index, seen) in sight.Events.Index())
        {
            if (step != Step.Next || (index > 0 && context.Now >= judgedAt + JudgedFor))
            {
                return step;
            }

            var next = index == sight.Events.Count - 1 ? sight.Through : seen.Seq;
            step = await Tell(context, webhook, new(seen, place, next, MayGoOn: context.Now < until));
            place = next;
        }

        return sight.Events.Count > 0 ? step : await WebhookEnds.Skip(context, webhook.Id, place, sight.Through, mayGoOn: context.Now < until);
    }

    private async ValueTask<Step> Tell(WorkContext context, Webhook webhook, Told told)
    {
        var now = context.Now;
        var answer = await sender.Post(
            new(webhook.Uri), Signature.Headers(told.Seen.Id, now, told.Seen.Json, webhook.SecretsAt(now)), told.Seen.Json, context.Stopped);
        return answer switch
        {
            { Error: null } => await WebhookEnds.Delivered(context, webhook.Id, told),
            { IsGone: true } => await WebhookEnds.Gone(context, webhook.Id, told, answer.Error!),
            _ => await WebhookEnds.Missed(context, webhook.Id, told, answer, patience),
        };
    }
}

/// <summary>An event on its way: the webhook stands at <see cref="Place"/> and goes on to <see cref="Next"/>.</summary>
internal sealed record Told(SeenEvent Seen, long Place, long Next, bool MayGoOn)
{
    public Delivery Delivery(Guid webhook, DeliveryStatus status, int attempts, Instant now, string? error = null) => new()
    {
        Webhook = webhook,
        Event = Seen.Id,
        Seq = Seen.Seq,
        Type = Seen.Type,
        Status = status,
        Attempts = attempts,
        EndedAt = now,
        Error = error,
    };
}
