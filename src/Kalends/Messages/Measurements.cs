using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Kalends.Messages;

/// <summary>How long each message took and how it ended, and what the free/busy cache was good for, and what was not counted, on the meter "Kalends".</summary>
internal static class Measurements
{
    private static readonly Meter Meter = new("Kalends");

    /// <summary>Seconds; close enough to each other that a 95th percentile between two is told within a third.</summary>
    private static readonly double[] Bounds =
    [
        0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30,
    ];

    private static readonly Histogram<double> Duration = Meter.CreateHistogram(
        "kalends.message.duration", "s", "From validation to the committed or read answer",
        tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = Bounds });

    private static readonly Counter<long> Answers = Meter.CreateCounter<long>(
        "kalends.query.answers", description: "Queries by who answered: a replica, the primary, or the primary after a replica failed (fallback)");

    public static void Answered(string by) => Answers.Add(1, new KeyValuePair<string, object?>("by", by));

    private static readonly Counter<long> CacheHits =
        Meter.CreateCounter<long>("kalends.cache.hits", "{calendar}", "Calendars of queries whose free/busy was in memory at the version the store has");

    private static readonly Counter<long> CacheMisses =
        Meter.CreateCounter<long>("kalends.cache.misses", "{calendar}", "Calendars of queries that were read from the store");

    private static readonly Counter<long> CacheEvictions =
        Meter.CreateCounter<long>("kalends.cache.evictions", "{calendar}", "Calendars put out of memory for want of room");

    private static readonly UpDownCounter<long> CacheBytes =
        Meter.CreateUpDownCounter<long>("kalends.cache.bytes", "By", "What the free/busy cache holds");

    public static void Cached(long hits, long misses, long evictions, long bytes)
    {
        CacheHits.Add(hits);
        CacheMisses.Add(misses);
        CacheEvictions.Add(evictions);
        CacheBytes.Add(bytes);
    }

    private static readonly Counter<long> ViewsLost =
        Meter.CreateCounter<long>("kalends.views.lost", "{view}", "Views of calendars that were not counted: no room in memory, or the store was lost");

    public static void LostViews(long views)
    {
        if (views > 0)
        {
            ViewsLost.Add(views);
        }
    }

    public static void Ran(string message, string kind, Reply reply, long started) => Duration.Record(
        Stopwatch.GetElapsedTime(started).TotalSeconds,
        new KeyValuePair<string, object?>("message", message),
        new KeyValuePair<string, object?>("kind", kind),
        new KeyValuePair<string, object?>("outcome", OutcomeOf(reply)));

    public static string OutcomeOf(Reply reply) => reply.Refusal is { } refusal ? Refusals.OnTheWire(refusal.Code).Code : "done";
}
