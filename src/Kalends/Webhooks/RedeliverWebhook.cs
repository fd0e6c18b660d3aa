using Kalends.Messages;
using Kalends.Queue;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Webhooks;

/// <summary>
/// Sends again: one event, beside what comes in order, or everything since a moment, in order and under the same ids. The latter switches on a webhook that
/// was disabled.
/// </summary>
public sealed record RedeliverWebhook : Command<RedeliveredWebhook>
{
    public required Guid Webhook { get; init; }

    /// <summary>The id of one that get-webhook-deliveries tells.</summary>
    public Guid? Event { get; init; }

    public Instant? Since { get; init; }

    public override object TrailData => this;

    public override void Validate(Errors errors) => errors.Require(Event is null != Since is null, "event or since must be given, and not both");

    public override async ValueTask<Outcome<RedeliveredWebhook>> Execute(CommandContext context)
    {
        var rows = context.Rows<IWebhookWrites>();
        var looked = await rows.LockPlace();
        var found = await WebhookStart.Find(context, rows, Webhook);
        if (found.Refusal is { } refusal)
        {
            return refusal;
        }

        if (Event is { } one)
        {
            return await Again(context, rows, found.Value, one);
        }

        if (Since > context.Now)
        {
            return Refusal.At(RefusalCode.Invalid, "/since", "must not be in the future");
        }

        await Anew(context, rows, found.Value, looked, Since!.Value);
        return new RedeliveredWebhook(Webhook);
    }

    private static async ValueTask<Outcome<RedeliveredWebhook>> Again(CommandContext context, IWebhookWrites rows, Webhook webhook, Guid id)
    {
        if (await rows.FindDelivery(webhook.Id, id) is not { Seq: > 0 } delivery)
        {
            return Refusal.At(RefusalCode.NotFound, "/event", $"nothing is known of a delivery of {id} within {IWebhookWrites.KeptFor.Days} days");
        }

        await WebhookMessages.Send(
            context.Rows<IQueueWrites>(), webhook, new(webhook.Id, delivery.Seq, id, context.Now), context.Now,
            context.Now + WebhookPatience.Usual.KeepTrying);
        return new RedeliveredWebhook(webhook.Id);
    }

    private static async ValueTask Anew(CommandContext context, IWebhookWrites rows, Webhook webhook, long? looked, Instant since)
    {
        var place = await WebhookStart.At(context, since);
        var anew = webhook.Answering() with { Place = place, Since = since, DisabledFor = null };
        if (webhook is { IsActive: true, HasMore: true })
        {
            // Its message is there, and whoever works on it finds it standing elsewhere.
            await rows.Save(anew with { Due = Math.Max(webhook.Due, looked ?? 0) });
            return;
        }

        await rows.Save(anew with { Due = place });
        await WebhookStart.Begin(context, anew with { Due = place }, looked, await rows.All(null));
    }
}

public sealed record RedeliveredWebhook(Guid Webhook);
