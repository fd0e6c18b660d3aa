using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using Kalends.Server.Telemetry.Monitoring;
using Kalends.Tests.Http;
using Kalends.Tests.Processes;

namespace Kalends.Tests.Telemetry;

/// <summary>A real Prometheus loads the rules, scrapes a real server, and an alert fires.</summary>
public sealed class PrometheusTests
{
    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_scrapes_understands_every_rule_and_calls()
    {
        // Whatever a process needs is far above this.
        var rules = MonitoringFiles.Of(new() { MemoryMegabytes = 20 }).Single(file => file.Path.EndsWith(".yml", StringComparison.Ordinal)).Text;
        using var folder = new KalendsFolder { Settings = new() { ["Kalends__Logging__Json"] = "true" } };
        await using var kalends = await KalendsProcess.Start(folder);
        var file = Path.Combine(folder.Path, "rules.yml");
        await File.WriteAllTextAsync(file, rules.Replace($"for: {AlertRules.LastsFor}", "for: 0s", StringComparison.Ordinal), Stopped);
        using (var check = Process.Start(new ProcessStartInfo(Program("promtool"), ["check", "rules", file]) { RedirectStandardOutput = true, RedirectStandardError = true })!)
        {
            await check.WaitForExitAsync(Stopped);
            Assert.True(check.ExitCode == 0, await check.StandardError.ReadToEndAsync(Stopped));
        }

        var (problem, _, _) = await kalends.Ask("queries/find-openings", """{"zyzzyva":1}""", "user:zyzzyva");
        Assert.Equal(System.Net.HttpStatusCode.BadRequest, problem);
        var (process, client) = await Start(folder.Path, file, kalends.Client.BaseAddress!);
        try
        {
            await Fires(client, "KalendsMemoryAct");
            foreach (var threshold in Threshold.Of(new()))
            {
                var answer = await (await client.Get("/api/v1/query?query=" + Uri.EscapeDataString(threshold.Expression))).Json();
                Assert.True(answer.Text("status") == "success", $"{threshold.Name}: {answer}");
            }
        }
        finally
        {
            process.Kill();
            process.Dispose();
            client.Dispose();
        }

        LogsAreWholeAndSayNobodysNames(kalends.Log.ToString());
    }

    private static void LogsAreWholeAndSayNobodysNames(string log)
    {
        var lines = log.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line.Trim().Length > 0).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        var asked = lines.Single(line => line.Text("Category") == "Kalends.Requests" && line.GetProperty("State").Text("Message") == "find-openings").GetProperty("State");
        Assert.Equal(("invalid", 400), (asked.Text("Outcome"), asked.GetProperty("Status").GetInt32()));
        Assert.Matches("^[0-9a-f]{32}$", asked.Text("TraceId"));
        Assert.True(asked.GetProperty("Milliseconds").GetDouble() > 0);
        Assert.DoesNotContain("zyzzyva", log, StringComparison.Ordinal);
    }

    private static async Task<(Process Process, HttpClient Client)> Start(string folder, string rules, Uri target)
    {
        var configuration = Path.Combine(folder, "prometheus.yml");
        await File.WriteAllTextAsync(configuration, $$"""
            global: {scrape_interval: 1s, evaluation_interval: 1s}
            rule_files: ['{{rules}}']
            scrape_configs:
              - job_name: kalends
                static_configs: [{targets: ['{{target.Authority}}']}]
            """, Stopped);
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var address = listener.LocalEndpoint.ToString()!;
        listener.Stop();
        var process = Process.Start(new ProcessStartInfo(Program("prometheus"),
            [$"--config.file={configuration}", $"--storage.tsdb.path={Path.Combine(folder, "prometheus")}", $"--web.listen-address={address}", "--log.level=error"]))!;
        return (process, new() { BaseAddress = new($"http://{address}") });
    }

    private static async Task Fires(HttpClient client, string alert)
    {
        var last = "";
        for (var attempt = 0; attempt < 150; attempt++)
        {
            try
            {
                last = await client.GetStringAsync(new Uri("/api/v1/alerts", UriKind.Relative), Stopped);
                var alerts = JsonDocument.Parse(last).RootElement.GetProperty("data").GetProperty("alerts").EnumerateArray();
                if (alerts.Any(one => one.Text("state") == "firing" && one.GetProperty("labels").Text("alertname") == alert))
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(200, Stopped);
        }

        Assert.Fail($"{alert} did not fire: {last}");
    }

    /// <summary>Of the machine, or where <c>./test</c> unpacks it.</summary>
    private static string Program(string name)
    {
        var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } set ? set : Path.Combine(Environment.GetEnvironmentVariable("HOME")!, ".cache");
        var unpacked = Path.Combine(cache, "kalends", "prometheus", "usr", "bin", name);
        return File.Exists(unpacked) ? unpacked : name;
    }
}
