using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using Kalends.Server.Telemetry.Ops;
using Kalends.Tests.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Kalends.Tests.Telemetry;

/// <summary>The page for operators who have no Prometheus, as a browser shows it.</summary>
public sealed class OpsPageTests(EdgeHost host) : IClassFixture<EdgeHost>
{
    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_page_runs_nothing_but_its_own_script_and_asks_nobody_else()
    {
        foreach (var address in new[] { "/ops", "/ops/ops.js", "/ops/ops.css" })
        {
            using var answer = await host.Stranger.Get(address);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
            Assert.StartsWith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            var text = await answer.Content.ReadAsStringAsync(Stopped);
            Assert.DoesNotContain("https://", text, StringComparison.Ordinal);
            Assert.DoesNotContain("style=", text, StringComparison.Ordinal);
            Assert.DoesNotContain("Storage", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Outside_of_development_figures_need_the_scope_of_operators()
    {
        var folder = Directory.CreateTempSubdirectory("kalends-");
        using var pair = RSA.Create(2048);
        var file = Path.Combine(folder.FullName, "issuer.pem");
        await File.WriteAllTextAsync(file, pair.ExportSubjectPublicKeyInfoPem(), Stopped);
        await using var own = await EdgeHost.Start("--environment=Production", "--Kalends:Auth:Issuer=i", $"--Kalends:Auth:KeyFile={file}");
        Assert.Equal(HttpStatusCode.OK, (await own.Stranger.Get("/ops")).StatusCode);
        await (await own.Stranger.Get("/ops/data")).Problem(HttpStatusCode.Unauthorized, "unauthenticated");
        var page = await Browse(own, "--dump-dom");
        Assert.Contains("<form id=\"entry\">", page, StringComparison.Ordinal);
        Assert.Contains("<main id=\"charts\" hidden", page, StringComparison.Ordinal);
        await (await host.Ana.Get("/ops/data", ("X-Forwarded-For", "203.0.113.7"))).Problem(HttpStatusCode.Forbidden, "forbidden");
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Messages_are_measured_against_what_is_too_much_for_their_kind()
    {
        Fill();
        var data = await (await host.Stranger.Get("/ops/data")).Json();
        var messages = data.GetProperty("messages").EnumerateArray().ToDictionary(chart => chart.Text("title"), chart => chart.GetProperty("most").GetDouble());
        Assert.Equal((500, 1_000), (messages["find-openings"], messages["save-appointments"]));
        Assert.True(data.GetProperty("moments").GetArrayLength() <= LastHour.Steps);
        Assert.Contains(data.GetProperty("figures").EnumerateArray(), chart => chart.Text("title") == "Dead letters");
    }

    [Fact]
    public async Task A_browser_draws_a_plot_of_each()
    {
        Fill();
        var page = await Browse(host, "--dump-dom");
        foreach (var title in new[] { "Problems answered", "Oldest message of a queue", "Memory of a process", "find-openings", "save-appointments" })
        {
            Assert.Contains($"<h3>{title}", page, StringComparison.Ordinal);
        }

        Assert.Contains("<article class=\"act\"><h3>Dead letters", page, StringComparison.Ordinal);
        Assert.Contains("<article class=\"warn\"><h3>find-openings", page, StringComparison.Ordinal);
        Assert.Contains("class=\"most\"", page, StringComparison.Ordinal);
        Assert.Contains("class=\"plot s1\" d=\"M", page, StringComparison.Ordinal);
        if (Environment.GetEnvironmentVariable("KALENDS_OPS_PICTURE") is { Length: > 0 } picture)
        {
            await Browse(host, "--window-size=1400,1500", $"--screenshot={picture}-light.png");
            await Browse(host, "--window-size=1400,1500", "--force-dark-mode", "--blink-settings=preferredColorScheme=0", $"--screenshot={picture}-dark.png");
            await Browse(host, "--window-size=500,1500", $"--screenshot={picture}-narrow.png");
        }
    }

    /// <summary>An hour in which things grow worse.</summary>
    private void Fill()
    {
        var hour = host.Services.GetRequiredService<LastHour>();
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var dice = new Random(7);
        for (var step = LastHour.Steps; step >= 0; step--)
        {
            var share = 1 - (step / (double)LastHour.Steps);
            double Around(double value) => value * (0.8 + (dice.NextDouble() * 0.4));
            var figures = new Dictionary<string, double>
            {
                ["p50 find-openings"] = Around(20 + (40 * share)), ["p95 find-openings"] = step < 6 ? 420 : Around(60 + (330 * share)),
                ["p50 get-appointments"] = Around(8), ["p95 get-appointments"] = Around(31),
                ["queue age commands"] = Around(2), ["queue age letters"] = Around(1 + (20 * share)), ["queue depth commands"] = Around(300),
                ["dead letters commands"] = step < 100 ? 2 : 0, ["feed lag"] = Around(0.02), ["seal lag"] = (step * 10) % 17, ["horizon lag"] = 21,
                ["memory"] = Around(300 + (40 * share)), ["listeners"] = 12, ["requests waiting"] = 0,
                ["problems invalid"] = dice.Next(4), ["problems conflict"] = dice.Next(9),
            };
            if (step % 7 == 0)
            {
                (figures["p50 save-appointments"], figures["p95 save-appointments"]) = (Around(5), Around(22));
            }

            hour.Add(now - (step * 10), figures);
        }
    }

    private static async Task<string> Browse(EdgeHost host, params string[] arguments)
    {
        var profile = Directory.CreateTempSubdirectory("kalends-browser-");
        var information = new ProcessStartInfo("chromium",
        [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--disable-sync",
            $"--user-data-dir={profile.FullName}", "--virtual-time-budget=3000", .. arguments, new Uri(host.Address, "/ops").ToString(),
        ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(information)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Stopped);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        var errors = process.StandardError.ReadToEndAsync(limit.Token);
        var page = await process.StandardOutput.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        profile.Delete(recursive: true);
        Assert.True(process.ExitCode == 0, await errors);
        return page;
    }
}
