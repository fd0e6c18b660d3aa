using Kalends.Messages;
using Kalends.Outgoing;
using Kalends.Reminders.Push;

namespace Kalends.Reminders;

public static class RemindersCatalogue
{
    public static IReadOnlyList<CatalogueEntry> Entries { get; } =
    [
        new CommandEntry<SendReminders, SentReminders>(
            "send-reminders", "Hands reminders that are due over to those who send them; a schedule does it each minute"),
        new CommandEntry<SnoozeReminder, AcknowledgedReminder>("snooze-reminder", "Puts an attendee's reminders of an appointment off for a while"),
        new CommandEntry<DismissReminder, AcknowledgedReminder>("dismiss-reminder", "Says that an attendee needs no more reminders of an appointment"),
        new CommandEntry<SubscribePush, SubscribedPush>("subscribe-push", "Has reminders by push sent to a browser")
        {
            Limits =
            [
                new("push-subscriptions-per-person", PushSubscription.MostPerPerson, "browsers", "With one more, that subscribed longest ago makes room."),
                new("push-endpoint", OutgoingRules.LongestUri, "characters", "Far longer than those of any push service in use."),
            ],
        },
        new CommandEntry<UnsubscribePush, UnsubscribedPush>("unsubscribe-push", "Ends reminders by push in a browser"),
        new QueryEntry<GetPushSubscriptions, FoundPushSubscriptions>(
            "get-push-subscriptions", "Lists the browsers that somebody is reminded in, and what another must be told to be subscribed"),
    ];
}
