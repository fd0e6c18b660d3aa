using Kalends.Messages;

namespace Kalends.Webhooks;

/// <summary>Ends a webhook, and forgets its secret. What is under way may still arrive.</summary>
public sealed record UnsubscribeWebhook : Command<UnsubscribedWebhook>
{
    public required Guid Webhook { get; init; }

    public override object TrailData => this;

    public override async ValueTask<Outcome<UnsubscribedWebhook>> Execute(CommandContext context)
    {
        var rows = context.Rows<IWebhookWrites>();
        var found = await WebhookStart.Find(context, rows, Webhook);
        if (found.Refusal is { } refusal)
        {
            return refusal;
        }

        // Its message is left: whoever reads it finds that there is nothing to do.
        await rows.Delete(Webhook);
        return new UnsubscribedWebhook(Webhook);
    }
}

public sealed record UnsubscribedWebhook(Guid Webhook);
