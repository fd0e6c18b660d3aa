using Kalends.Messages;

namespace Kalends.Reminders;

public static class RemindersCatalogue
{
    public static IReadOnlyList<CatalogueEntry> Entries { get; } =
    [
        new CommandEntry<SendReminders, SentReminders>(
            "send-reminders", "Hands reminders that are due over to those who send them; a schedule does it each minute"),
        new CommandEntry<SnoozeReminder, AcknowledgedReminder>("snooze-reminder", "Puts an attendee's reminders of an appointment off for a while"),
        new CommandEntry<DismissReminder, AcknowledgedReminder>("dismiss-reminder", "Says that an attendee needs no more reminders of an appointment"),
    ];
}
