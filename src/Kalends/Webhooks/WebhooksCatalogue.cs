using Kalends.Messages;
using Kalends.Outgoing;

namespace Kalends.Webhooks;

public static class WebhooksCatalogue
{
    public static IReadOnlyList<CatalogueEntry> Entries { get; } =
    [
        new CommandEntry<SubscribeWebhook, SubscribedWebhook>("subscribe-webhook", "Has events sent to an address, signed")
        {
            Limits =
            [
                new("webhooks-per-person", WebhookLimits.PerPerson, "webhooks", "One for each application of theirs, a few times over."),
                new("webhooks-per-tenant", WebhookLimits.PerTenant, "webhooks", "Each event is looked at for each of them."),
                new("webhook-uri", OutgoingRules.LongestUri, "characters", "What servers in use take."),
            ],
        },
        new CommandEntry<UnsubscribeWebhook, UnsubscribedWebhook>("unsubscribe-webhook", "Ends a webhook"),
        new CommandEntry<RotateWebhookSecret, RotatedSecret>("rotate-webhook-secret", "Gives a webhook another secret; for a day both sign"),
        new CommandEntry<RedeliverWebhook, RedeliveredWebhook>("redeliver-webhook", "Sends one event again, or everything since a moment"),
        new CommandEntry<PingWebhook, PingedWebhook>("ping-webhook", "Sends a webhook an event that tells of nothing"),
        new QueryEntry<GetWebhooks, FoundWebhooks>("get-webhooks", "Lists webhooks, their state and what they were last sent"),
        new QueryEntry<GetWebhookDeliveries, FoundDeliveries>("get-webhook-deliveries", "Lists what came of the events that a webhook was sent")
        {
            Limits =
            [
                new("webhook-deliveries-kept", (long)IWebhookWrites.KeptFor.TotalSeconds, "seconds", "A week: who looks for what failed does so by then."),
            ],
        },
    ];
}
