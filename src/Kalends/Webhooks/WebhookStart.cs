using Kalends.Messages;
using Kalends.Publications;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Webhooks;

/// <summary>From which publication on a webhook is told.</summary>
internal static class WebhookStart
{
    /// <summary>
    /// A place that nothing which is committed from now on lies before, but for commands that had begun. To be asked before anything is locked.
    /// </summary>
    public static async ValueTask<long> Now(CommandContext context)
    {
        var page = await context.Rows<IPublicationRows>().Read(IPublicationRows.Unknown, null, 0);
        return page.Through >= 0 ? page.Through : await At(context, context.Now);
    }

    /// <summary>A place before all that commands did since a moment.</summary>
    public static ValueTask<long> At(CommandContext context, Instant moment) => context.Rows<IWebhookWrites>().Before(moment - WebhookLimits.Slack);

    /// <summary>Sends its message where something may be for it already.</summary>
    /// <param name="context">In which the tenant's place is locked.</param>
    /// <param name="webhook">As it was added or saved, standing where it is to begin.</param>
    /// <param name="looked">The tenant's place.</param>
    /// <param name="others">All webhooks of the tenant; it may be among them.</param>
    public static async ValueTask Begin(CommandContext context, Webhook webhook, long? looked, IReadOnlyList<Webhook> others)
    {
        var rows = context.Rows<IWebhookWrites>();
        if (looked is null || !others.Any(one => one.IsActive && one.Id != webhook.Id))
        {
            // Nobody looked meanwhile, perhaps for months.
            await rows.SetPlace(webhook.Place);
        }
        else if (looked > webhook.Place)
        {
            var due = webhook with { Due = looked.Value };
            await rows.Save(due);
            await WebhookMessages.Send(context.Rows<Queue.IQueueWrites>(), due, context.Now);
        }
    }

    /// <summary>One of the caller's own, or of anybody's where they administer the tenant; locked where the session writes.</summary>
    public static async ValueTask<Outcome<Webhook>> Find(QueryContext context, IWebhookRows rows, Guid id) =>
        await rows.Find(id) is { } webhook && (webhook.Person == context.Caller.Person || context.Caller.Scopes.HasFlag(Scopes.Admin))
            ? webhook
            : Refusal.At(RefusalCode.NotFound, "/webhook", $"there is no webhook {id}");
}
