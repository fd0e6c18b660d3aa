using System.Text.Encodings.Web;
using System.Text.Json;
using Kalends.Reminders;

namespace Kalends.Server.Reminders;

/// <summary>
/// What a browser is sent, for the page's service worker to show: JSON of at most 3,000 bytes, since its texts are cut, each to some 200 characters.
/// </summary>
internal static class PushText
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Of(OutgoingReminder reminder) => JsonSerializer.SerializeToUtf8Bytes(
        new
        {
            Title = ReminderText.Title(reminder),
            Body = ReminderText.Details(reminder),
            Start = reminder.Start.ToString(),
            Appointment = reminder.Says.Id,
            // Shown under the same tag, one takes the place of another.
            Tag = reminder.Id,
        },
        Options);
}
