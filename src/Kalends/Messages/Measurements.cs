using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Kalends.Messages;

/// <summary>How long each message took and how it ended, on the meter "Kalends".</summary>
internal static class Measurements
{
    private static readonly Meter Meter = new("Kalends");

    private static readonly Histogram<double> Duration =
        Meter.CreateHistogram<double>("kalends.message.duration", "s", "From validation to the committed or read answer");

    private static readonly Counter<long> Answers = Meter.CreateCounter<long>(
        "kalends.query.answers", description: "Queries by who answered: a replica, the primary, or the primary after a replica failed (fallback)");

    public static void Answered(string by) => Answers.Add(1, new KeyValuePair<string, object?>("by", by));

    public static void Ran(string message, Reply reply, long started) => Duration.Record(
        Stopwatch.GetElapsedTime(started).TotalSeconds,
        new KeyValuePair<string, object?>("message", message),
        new KeyValuePair<string, object?>("outcome", reply.Refusal is { } refusal ? Refusals.OnTheWire(refusal.Code).Code : "done"));
}
