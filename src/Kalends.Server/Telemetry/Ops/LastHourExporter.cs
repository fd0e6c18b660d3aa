using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Kalends.Server.Telemetry.Ops;

/// <summary>
/// Takes from the metrics, each ten seconds, what <c>/ops</c> shows. They come as what has been added since the last time, so a percentile is that of these
/// ten seconds.
/// </summary>
internal sealed class LastHourExporter(LastHour hour) : BaseExporter<Metric>
{
    public const string Half = "p50 ";

    public const string Most = "p95 ";

    /// <summary>Gauges by name: what they are called, the labels that tell their series apart, and what to multiply them by.</summary>
    private static readonly Dictionary<string, (string Name, string[] Labels, double Factor)> Gauges = new(StringComparer.Ordinal)
    {
        ["kalends.queue.oldest"] = ("queue age", ["queue"], 1),
        ["kalends.requests.waiting"] = ("requests waiting", [], 1),
        ["kalends.feed.lag"] = ("feed lag", [], 1),
        ["kalends.feed.listeners"] = ("listeners", [], 1),
        ["kalends.seal.lag"] = ("seal lag", [], 1),
        ["kalends.series.horizon.lag"] = ("horizon lag", [], 1 / 86_400.0),
        ["kalends.relay.lag"] = ("relay lag", [], 1),
        ["kalends.replica.lag"] = ("replica lag", ["replica"], 1),
        ["dotnet.process.memory.working_set"] = ("memory", [], 1 / 1_048_576.0),
    };

    public override ExportResult Export(in Batch<Metric> batch)
    {
        var figures = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var metric in batch)
        {
            switch (metric.Name)
            {
                case "kalends.message.duration":
                    AddDurations(metric, figures);
                    break;
                case "kalends.request.problems":
                    Add(metric, "problems", ["code"], 1, figures);
                    break;
                case "kalends.queue.depth":
                    AddDepths(metric, figures);
                    break;
                case var name when Gauges.TryGetValue(name, out var gauge):
                    Add(metric, gauge.Name, gauge.Labels, gauge.Factor, figures);
                    break;
            }
        }

        hour.Add(figures);
        return ExportResult.Success;
    }

    private static void AddDurations(Metric metric, Dictionary<string, double> figures)
    {
        var messages = new Dictionary<string, Buckets>(StringComparer.Ordinal);
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            if (Label(point, "message") is { } message && Label(point, "kind") != "stream")
            {
                (messages.TryGetValue(message, out var known) ? known : messages[message] = new()).Add(point.GetHistogramBuckets());
            }
        }

        foreach (var (message, buckets) in messages.Where(pair => pair.Value.Count > 0))
        {
            (figures[Half + message], figures[Most + message]) = (buckets.Percentile(0.5) * 1_000, buckets.Percentile(0.95) * 1_000);
        }
    }

    private static void AddDepths(Metric metric, Dictionary<string, double> figures)
    {
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            if (Label(point, "state") is "waiting" or "dead")
            {
                figures[$"{(Label(point, "state") == "dead" ? "dead letters" : "queue depth")} {Label(point, "queue")}"] = Value(metric, point);
            }
        }
    }

    private static void Add(Metric metric, string name, string[] labels, double factor, Dictionary<string, double> figures)
    {
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            var series = name;
            foreach (var label in labels)
            {
                series += $" {Label(point, label)}";
            }

            figures[series] = (metric.MetricType.IsSum() ? figures.GetValueOrDefault(series) : 0) + (Value(metric, point) * factor);
        }
    }

    private static string? Label(in MetricPoint point, string name)
    {
        foreach (var (key, value) in point.Tags)
        {
            if (key == name)
            {
                return value?.ToString();
            }
        }

        return null;
    }

    private static double Value(Metric metric, in MetricPoint point) => metric.MetricType switch
    {
        MetricType.LongGauge => point.GetGaugeLastValueLong(),
        MetricType.DoubleGauge => point.GetGaugeLastValueDouble(),
        MetricType.LongSum or MetricType.LongSumNonMonotonic => point.GetSumLong(),
        _ => point.GetSumDouble(),
    };
}
