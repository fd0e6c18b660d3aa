using System.Globalization;
using System.Text;

namespace Kalends.Server.Telemetry.Monitoring;

/// <summary>The thresholds as alert rules of Prometheus: a warning at three quarters, a call at nine tenths, each once it has lasted.</summary>
internal static class AlertRules
{
    public const string LastsFor = "5m";

    public static string Of(IReadOnlyList<Threshold> thresholds)
    {
        var text = new StringBuilder("# Made by: kalends monitoring --write deploy\ngroups:\n  - name: kalends\n    rules:\n");
        foreach (var threshold in thresholds)
        {
            Add(text, threshold, "Warn", "warn", Threshold.WarnShare);
            Add(text, threshold, "Act", "act", Threshold.ActShare);
        }

        return text.ToString();
    }

    private static void Add(StringBuilder text, Threshold threshold, string suffix, string severity, double share)
    {
        var bound = Threshold.Number(threshold.Most * share);
        var which = threshold.Label is { } label ? $" ({{{{ $labels.{label} }}}})" : "";
        text.Append(CultureInfo.InvariantCulture, $"""
                  - alert: Kalends{threshold.Name}{suffix}
                    expr: '{threshold.Expression.Replace("'", "''", StringComparison.Ordinal)} >= {bound}'
                    for: {LastsFor}
                    labels:
                      severity: {severity}
                    annotations:
                      summary: '{threshold.Title}{which}: {Rounded} {UnitOf(threshold)}, of {Threshold.Number(threshold.Most)} at most'
                      description: '{threshold.WhatToDo.Replace("'", "''", StringComparison.Ordinal)}'

            """);
    }

    private const string Rounded = """{{ printf "%.4g" $value }}""";

    private static string UnitOf(Threshold threshold) => threshold.Unit switch
    {
        "percent" => "%",
        "mbytes" => "MB",
        "short" => "",
        var unit => unit,
    };
}
