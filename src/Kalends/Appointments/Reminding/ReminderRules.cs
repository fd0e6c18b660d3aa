using Kalends.Messages;
using Kalends.Time;

namespace Kalends.Appointments;

/// <summary>What makes a list of reminders valid, and complete.</summary>
internal static class ReminderRules
{
    public static void Check(IReadOnlyList<Reminder>? reminders, Errors errors)
    {
        errors.AtMost(AppointmentLimits.Reminders, reminders?.Count ?? 0, "reminders");
        errors.Each("reminders", reminders ?? [], (reminder, at) => at.Require(
            reminder.Before.ExactSeconds <= AppointmentLimits.ReminderDays * (long)NominalDuration.SecondsPerDay,
            "before", $"must be at most {AppointmentLimits.ReminderDays} days"));
    }

    /// <summary>By email, where it is not said.</summary>
    public static IReadOnlyList<Reminder>? Complete(IReadOnlyList<Reminder>? reminders) =>
        reminders is null ? null : [.. reminders.Select(reminder => reminder with { Channel = reminder.Channel ?? ReminderChannel.Email })];
}
