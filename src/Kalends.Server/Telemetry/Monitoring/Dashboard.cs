using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kalends.Server.Telemetry.Monitoring;

/// <summary>The thresholds, and what else is worth a look, as a dashboard of Grafana over a Prometheus.</summary>
internal static class Dashboard
{
    private const int Columns = 24;

    private static readonly JsonSerializerOptions Written = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly (string Title, string Unit, string Expression, string Legend)[] Others =
    [
        ("Half of the messages are quicker than", "ms",
            "1000 * histogram_quantile(0.5, sum by (le, message) (rate(kalends_message_duration_seconds_bucket[5m])))", "{{message}}"),
        ("Messages", "reqps", "sum by (message, outcome) (rate(kalends_message_duration_seconds_count[5m]))", "{{message}} {{outcome}}"),
        ("Problems", "reqps", "sum by (code, app) (rate(kalends_request_problems_total[5m]))", "{{code}} {{app}}"),
        ("Messages of queues by state", "short", "max by (queue, state) (kalends_queue_depth)", "{{queue}} {{state}}"),
        ("Runs of messages by how they ended", "ops", "sum by (kind, outcome) (rate(kalends_queue_ended_total[5m]))", "{{kind}} {{outcome}}"),
        ("Free/busy found in memory", "percentunit",
            "sum(rate(kalends_cache_hits_total[5m])) / (sum(rate(kalends_cache_hits_total[5m])) + sum(rate(kalends_cache_misses_total[5m])))", "found"),
        ("Queries by who answered", "reqps", "sum by (by) (rate(kalends_query_answers_total[5m]))", "{{by}}"),
        ("Listeners", "short", "sum by (instance) (kalends_feed_listeners)", "{{instance}}"),
        ("Processors in use", "short", "sum by (instance) (rate(dotnet_process_cpu_time_seconds_total[5m]))", "{{instance}}"),
    ];

    public static string Of(IReadOnlyList<Threshold> thresholds)
    {
        var panels = new JsonArray();
        foreach (var threshold in thresholds)
        {
            var legend = threshold.Label is { } label ? $"{{{{{label}}}}}" : threshold.Title;
            panels.Add(Panel(panels.Count, threshold.Title, threshold.Unit, threshold.Expression, legend, threshold.Most));
        }

        foreach (var (title, unit, expression, legend) in Others)
        {
            panels.Add(Panel(panels.Count, title, unit, expression, legend, null));
        }

        return new JsonObject
        {
            ["title"] = "Kalends",
            ["uid"] = "kalends",
            ["description"] = "Made by: kalends monitoring --write deploy",
            ["schemaVersion"] = 38,
            ["editable"] = true,
            ["refresh"] = "30s",
            ["tags"] = new JsonArray("kalends"),
            ["time"] = new JsonObject { ["from"] = "now-1h", ["to"] = "now" },
            ["templating"] = new JsonObject
            {
                ["list"] = new JsonArray(new JsonObject
                {
                    ["name"] = "datasource", ["label"] = "Prometheus", ["type"] = "datasource", ["query"] = "prometheus",
                }),
            },
            ["panels"] = panels,
        }.ToJsonString(Written).ReplaceLineEndings("\n") + "\n";
    }

    private static JsonObject Panel(int index, string title, string unit, string expression, string legend, double? most) => new()
    {
        ["id"] = index + 1,
        ["type"] = "timeseries",
        ["title"] = title,
        ["datasource"] = Source(),
        ["gridPos"] = new JsonObject { ["x"] = index % 3 * (Columns / 3), ["y"] = index / 3 * 8, ["w"] = Columns / 3, ["h"] = 8 },
        ["targets"] = new JsonArray(new JsonObject { ["refId"] = "A", ["datasource"] = Source(), ["expr"] = expression, ["legendFormat"] = legend }),
        ["fieldConfig"] = new JsonObject
        {
            ["defaults"] = new JsonObject
            {
                ["unit"] = unit,
                ["min"] = 0,
                ["custom"] = new JsonObject { ["thresholdsStyle"] = new JsonObject { ["mode"] = most is null ? "off" : "line" } },
                ["thresholds"] = new JsonObject { ["mode"] = "absolute", ["steps"] = Steps(most) },
            },
            ["overrides"] = new JsonArray(),
        },
    };

    private static JsonArray Steps(double? most) => most is { } bound
        ? [
            Step("green", null), Step("yellow", bound * Threshold.WarnShare), Step("orange", bound * Threshold.ActShare), Step("red", bound),
        ]
        : [Step("green", null)];

    private static JsonObject Step(string colour, double? from) => new() { ["color"] = colour, ["value"] = from };

    private static JsonObject Source() => new() { ["type"] = "prometheus", ["uid"] = "${datasource}" };
}
