using Kalends.Server.Http;

namespace Kalends.Server.Telemetry.Monitoring;

/// <summary>The files that are made from the thresholds, by path under the folder they are written to.</summary>
internal static class MonitoringFiles
{
    public static IReadOnlyList<(string Path, string Text)> Of(ThresholdSettings settings)
    {
        var thresholds = Threshold.Of(settings);
        return [("prometheus/kalends-alerts.yml", AlertRules.Of(thresholds)), ("grafana/kalends.json", Dashboard.Of(thresholds))];
    }
}
