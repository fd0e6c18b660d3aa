using Kalends.Messages;
using Kalends.Queue;

namespace Kalends.Webhooks;

/// <summary>Sends a webhook an event that tells of nothing, to see whether it arrives; get-webhook-deliveries says so within a minute.</summary>
public sealed record PingWebhook : Command<PingedWebhook>
{
    public required Guid Webhook { get; init; }

    public override object TrailData => this;

    public override async ValueTask<Outcome<PingedWebhook>> Execute(CommandContext context)
    {
        var found = await WebhookStart.Find(context, context.Rows<IWebhookWrites>(), Webhook);
        if (found.Refusal is { } refusal)
        {
            return refusal;
        }

        var id = context.NewId();
        await WebhookMessages.Send(
            context.Rows<IQueueWrites>(), found.Value, new(Webhook, 0, id, context.Now), context.Now, context.Now + WebhookLimits.PingWithin);
        return new PingedWebhook(Webhook, id);
    }
}

/// <param name="Webhook">Its id.</param>
/// <param name="Event">The id under which the ping is sent.</param>
public sealed record PingedWebhook(Guid Webhook, Guid Event);
