using Kalends.Appointments;
using Kalends.Reminders;

namespace Kalends.Storage;

/// <summary>How channels of reminders, and what came of them, are stored: by the words of the wire.</summary>
internal static class StoredChannel
{
    public static string Of(ReminderChannel channel) => channel.ToString().ToLowerInvariant();

    public static string Of(DeliveryState state) => state.ToString().ToLowerInvariant();

    public static ReminderChannel Channel(string stored) => Enum.Parse<ReminderChannel>(stored, ignoreCase: true);

    public static DeliveryState State(string stored) => Enum.Parse<DeliveryState>(stored, ignoreCase: true);
}
