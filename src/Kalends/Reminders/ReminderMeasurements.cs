using System.Diagnostics.Metrics;
using Kalends.Appointments;
using NodaTime;

namespace Kalends.Reminders;

/// <summary>
/// What becomes of reminders, on the meter "Kalends". How good they are is two ratios: failed of due, and sent though the appointment was deleted or moved just
/// then of sent.
/// </summary>
public static class ReminderMeasurements
{
    private static readonly Meter Meter = new("Kalends");

    private static readonly Counter<long> Due = Meter.CreateCounter<long>("kalends.reminder.due", "{reminder}", "Reminders that came due");

    private static readonly Counter<long> SentOnes = Meter.CreateCounter<long>("kalends.reminder.sent", "{reminder}", "Reminders that a channel took");

    private static readonly Counter<long> FailedOnes = Meter.CreateCounter<long>("kalends.reminder.failed", "{reminder}", "Reminders that failed, by code");

    private static readonly Counter<long> DroppedOnes = Meter.CreateCounter<long>(
        "kalends.reminder.dropped", "{reminder}",
        "Reminders that were not to leave any more, by why: gone, moved, cancelled, declined, removed, dismissed, unaddressed, known");

    private static readonly Counter<long> StaleOnes = Meter.CreateCounter<long>(
        "kalends.reminder.stale", "{reminder}", "Reminders sent of an appointment that was deleted or moved by the time they had been sent");

    private static readonly Histogram<double> Late =
        Meter.CreateHistogram<double>("kalends.reminder.lateness", "s", "From when a reminder was due until a channel had taken it");

    public static void Claimed(long due, long tooLate)
    {
        Due.Add(due);
        Failed(ReminderFaults.TooLate, tooLate);
    }

    /// <summary>What came of some of a batch.</summary>
    internal static void Of(ReminderBatch batch, Slice slice, IEnumerable<string> codes, Instant now)
    {
        foreach (var (verdict, _) in slice.Sent.Where(one => one.Result.End == SendEnd.Sent))
        {
            SentOnes.Add(1, new KeyValuePair<string, object?>("channel", Word(batch.Channel)));
            Late.Record(Math.Max(0, (now - verdict.Reminder.Due).TotalSeconds), new KeyValuePair<string, object?>("channel", Word(batch.Channel)));
        }

        foreach (var code in codes.Where(code => code.Length > 0).CountBy(code => code))
        {
            Failed(code.Key, code.Value);
        }

        foreach (var why in slice.Verdicts.Select(one => one.Dropped).OfType<string>())
        {
            DroppedOnes.Add(1, new KeyValuePair<string, object?>("why", why));
        }
    }

    public static void Stale(long reminders)
    {
        if (reminders > 0)
        {
            StaleOnes.Add(reminders);
        }
    }

    public static void Failed(string code, long reminders)
    {
        if (reminders > 0)
        {
            FailedOnes.Add(reminders, new KeyValuePair<string, object?>("code", code));
        }
    }

    private static string Word(ReminderChannel channel) => channel.ToString().ToLowerInvariant();
}
