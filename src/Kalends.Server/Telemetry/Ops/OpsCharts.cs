using Kalends.Messages;
using Kalends.Server.Http;
using Kalends.Server.Telemetry.Monitoring;

namespace Kalends.Server.Telemetry.Ops;

/// <summary>A line of a chart: a value for each moment, null where there was none.</summary>
internal sealed record OpsSeries(string Name, IReadOnlyList<double?> Values);

/// <summary>A figure over the last hour, and what of it is too much.</summary>
internal sealed record OpsChart(string Title, string Unit, double? Most, IReadOnlyList<OpsSeries> Series);

/// <summary>What <c>/ops/data</c> answers; moments in seconds since 1970.</summary>
internal sealed record OpsData(
    string Version, double WarnShare, double ActShare, IReadOnlyList<long> Moments, IReadOnlyList<OpsChart> Figures, IReadOnlyList<OpsChart> Messages);

/// <summary>Makes charts of the last hour's figures and the thresholds.</summary>
internal sealed class OpsCharts(LastHour hour, ThresholdSettings thresholds, IReadOnlyList<CatalogueEntry> entries)
{
    public OpsData Now()
    {
        var moments = hour.Moments();
        var names = moments.SelectMany(moment => moment.Figures.Keys).Distinct().Order(StringComparer.Ordinal).ToList();
        List<OpsChart> figures =
        [
            .. Threshold.Of(thresholds).Where(threshold => threshold.Ops is not null).Select(threshold => Figure(threshold, names, moments)),
            new("Live feeds that are open", "", null, Series("listeners", names, moments)),
        ];
        var version = typeof(OpsCharts).Assembly.GetName().Version?.ToString(3) ?? "";
        return new(
            version, Threshold.WarnShare, Threshold.ActShare, [.. moments.Select(moment => moment.At)],
            [.. figures.Where(figure => figure.Series.Count > 0)], [.. Messages(names, moments)]);
    }

    private static OpsChart Figure(Threshold threshold, List<string> names, IReadOnlyList<Moment> moments) =>
        // Of problems the page shows how many, by code; their threshold is a share of all answers.
        threshold.Ops == "problems"
            ? new("Problems answered, in ten seconds", "", null, Series("problems", names, moments))
            : new(threshold.Title, UnitOf(threshold), threshold.Most, Series(threshold.Ops!, names, moments));

    private IEnumerable<OpsChart> Messages(List<string> names, IReadOnlyList<Moment> moments)
    {
        foreach (var name in names.Where(name => name.StartsWith(LastHourExporter.Half, StringComparison.Ordinal)))
        {
            var message = name[LastHourExporter.Half.Length..];
            var isCommand = entries.FirstOrDefault(entry => entry.Name == message)?.IsCommand == true;
            yield return new(
                message, "ms", isCommand ? thresholds.CommandMilliseconds : thresholds.QueryMilliseconds,
                [new("p50", Values(name, moments)), new("p95", Values(LastHourExporter.Most + message, moments))]);
        }
    }

    private static List<OpsSeries> Series(string prefix, List<string> names, IReadOnlyList<Moment> moments) =>
    [
        .. names.Where(name => name == prefix || name.StartsWith(prefix + " ", StringComparison.Ordinal))
            .Select(name => new OpsSeries(name.Length == prefix.Length ? "" : name[(prefix.Length + 1)..], Values(name, moments))),
    ];

    private static List<double?> Values(string name, IReadOnlyList<Moment> moments) =>
        [.. moments.Select(moment => moment.Figures.TryGetValue(name, out var value) ? Math.Round(value, 3) : (double?)null)];

    private static string UnitOf(Threshold threshold) => threshold.Unit switch
    {
        "short" => "",
        "mbytes" => "MB",
        "d" => "days",
        var unit => unit,
    };
}
