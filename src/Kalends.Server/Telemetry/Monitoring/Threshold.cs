using System.Globalization;
using Kalends.Server.Http;

namespace Kalends.Server.Telemetry.Monitoring;

/// <summary>
/// One figure and what of it is too much, as alerts, dashboards and <c>/ops</c> show it.
/// </summary>
/// <param name="Name">Of its alerts, in one word.</param>
/// <param name="Title">For people.</param>
/// <param name="Unit">As Grafana calls it.</param>
/// <param name="Most">In that unit.</param>
/// <param name="Expression">The figure in Prometheus' language.</param>
/// <param name="Label">The label that tells its series apart, or null where there is one.</param>
/// <param name="WhatToDo">For whoever is called.</param>
internal sealed record Threshold(string Name, string Title, string Unit, double Most, string Expression, string? Label, string WhatToDo)
{
    public const double WarnShare = 0.75;

    public const double ActShare = 0.9;

    /// <summary>What is said at the start of the series' names on <c>/ops</c>; null: not shown there.</summary>
    public string? Ops { get; init; }

    public static IReadOnlyList<Threshold> Of(ThresholdSettings settings) =>
    [
        Slow("Query", "queries", settings.QueryMilliseconds, "See in /ops which message it is; then database waits (pg_stat_activity) and the processors."),
        Slow("Command", "commands", settings.CommandMilliseconds, "Writers wait for locks or for the disk: pg_locks, and the latency of the disk of the log."),
        new("Faults", "Answers of 500 and more", "percent", settings.FaultPercent, """
            100 * sum(rate(kalends_request_problems_total{status=~"5.."}[5m])) / clamp_min(sum(rate(kalends_message_duration_seconds_count[5m])), 0.01)
            """.Trim(), null, "The logs name each by its trace id; 503 means that the store cannot be used or that too much waits.") { Ops = "problems" },
        new("RequestsWaiting", "Requests that wait for their turn", "short", settings.RequestsWaiting,
            "max by (instance) (kalends_requests_waiting)", "instance", "More comes in than is answered: add processes, or find who asks so much (app).")
            { Ops = "requests waiting" },
        new("QueueAge", "Oldest message of a queue", "s", settings.QueueAgeSeconds,
            "max by (queue) (kalends_queue_oldest_seconds)", "queue", "Workers are away, stuck or too few: kalends queue list, kalends work --workers N.")
            { Ops = "queue age" },
        new("QueueDepth", "Messages that wait", "short", settings.QueueDepth,
            "max by (queue) (kalends_queue_depth{state=\"waiting\"})", "queue",
            "More is sent than is worked on: kalends work --workers N on more machines.")
            { Ops = "queue depth" },
        new("DeadLetters", "Dead letters", "short", settings.DeadLetters,
            "max by (queue) (kalends_queue_depth{state=\"dead\"})", "queue",
            "kalends queue peek --dead says why each; requeue or delete them.")
            { Ops = "dead letters" },
        new("FeedLag", "Feed behind", "s", settings.FeedLagSeconds,
            "max by (instance) (kalends_feed_lag_seconds)", "instance",
            "A long transaction holds the feed up (pg_stat_activity, xact_start), or the store is away.")
            { Ops = "feed lag" },
        new("SealLag", "Trail without a seal", "s", settings.SealLagSeconds,
            "max by (instance) (kalends_seal_lag_seconds)", "instance", "The log says why it could not be sealed; an open transaction holds it up too.")
            { Ops = "seal lag" },
        new("HorizonLag", "Series nearer than two years", "d", settings.HorizonLagDays,
            "max(kalends_series_horizon_lag_seconds) / 86400", null,
            "Run kalends update-occurrences for each tenant; a schedule of once a month is enough.")
            { Ops = "horizon lag" },
        new("ReplicaLag", "Replica behind", "s", settings.ReplicaLagSeconds,
            "max by (replica) (kalends_replica_lag_seconds)", "replica",
            "pg_stat_replication on the primary; queries go to the others and to the primary meanwhile.")
            { Ops = "replica lag" },
        new("RelayLag", "Streams in Redis behind", "s", settings.RelayLagSeconds,
            "max by (instance) (kalends_relay_lag_seconds)", "instance",
            "Redis is away, full or read-only: the log says which (1301, 1303). Nothing is lost, and the streams catch up.")
            { Ops = "relay lag" },
        new("Memory", "Memory of a process", "mbytes", settings.MemoryMegabytes,
            "max by (instance) (dotnet_process_memory_working_set_bytes) / 1048576", "instance",
            "Kalends:Cache:MaximumMegabytes is most of it; else take a dump.")
            { Ops = "memory" },
    ];

    public static string Number(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);

    private static Threshold Slow(string kind, string plural, int milliseconds, string whatToDo) => new(
        "Slow" + kind, $"95 of 100 {plural}", "ms", milliseconds, $$"""
        1000 * histogram_quantile(0.95, sum by (le, message) (rate(kalends_message_duration_seconds_bucket{kind="{{kind.ToLowerInvariant()}}"}[5m])))
        """, "message", whatToDo);
}
