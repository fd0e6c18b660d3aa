using System.Diagnostics.Metrics;

namespace Kalends.Queue;

/// <summary>What goes into queues and what comes of it, on the meter "Kalends".</summary>
public static class QueueMeasurements
{
    private static readonly Meter Meter = new("Kalends");

    private static readonly Counter<long> SentMessages = Meter.CreateCounter<long>("kalends.queue.sent", "{message}", "Messages sent, once committed");

    private static readonly Counter<long> EndedMessages = Meter.CreateCounter<long>(
        "kalends.queue.ended", "{message}", "Runs of messages by how they ended: done, later, failed (to be read again), dead, lost");

    private static readonly Histogram<double> WaitedFor =
        Meter.CreateHistogram<double>("kalends.queue.wait", "s", "From when a message could be read until a worker began with it");

    public static void Sent(string queue, long messages) => SentMessages.Add(messages, new KeyValuePair<string, object?>("queue", queue));

    public static void Ended(string queue, string kind, string outcome) => EndedMessages.Add(
        1, new KeyValuePair<string, object?>("queue", queue), new("kind", kind), new("outcome", outcome));

    public static void Begun(string queue, double seconds) => WaitedFor.Record(Math.Max(0, seconds), new KeyValuePair<string, object?>("queue", queue));
}
