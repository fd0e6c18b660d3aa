using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Kalends.Server.Http;
using Kalends.Server.Redis;
using Kalends.Tests.Conversations;
using Kalends.Tests.Http;
using Kalends.Tests.Queue;
using Microsoft.Extensions.Hosting;

namespace Kalends.Tests.Redis;

/// <summary>Whole servers with a Redis beside them, which may be away.</summary>
public sealed partial class RedisHostTests(RedisServer server) : IClassFixture<RedisServer>
{
    private const string Body = """{"appointments":[{"start":"2026-11-23T09:00:00","timeZone":"UTC","duration":"PT1H"}]}""";

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Away_at_the_start_or_later_it_keeps_nobody_from_anything_and_the_stream_catches_up()
    {
        await server.Kill();
        var (prefix, arguments) = Arguments();
        await using var host = await EdgeHost.Start(arguments);
        await Saves(host, 2);
        await Office.Until(() => Task.FromResult(Said(host, "Redis is away") == 1));
        Assert.Equal(HttpStatusCode.OK, (await host.Stranger.Get("/readyz")).StatusCode);
        Assert.True(await Lag(host) > 0);
        await server.Start();
        await Office.Until(async () => await Count(prefix) == 2);
        await server.Kill();
        await Saves(host, 3);
        await Office.Until(() => Task.FromResult(Said(host, "Redis is away") == 2));
        Assert.Equal(HttpStatusCode.OK, (await host.Stranger.Get("/readyz")).StatusCode);
        await server.Start();
        await Office.Until(async () => await Count(prefix) == 5 && await Lag(host) == 0);
        Assert.Equal(2, Said(host, "Redis is away"));
        Assert.Equal(0, Said(host, RedisServer.Password));
    }

    [Fact]
    public async Task Who_listens_to_one_process_hears_at_once_what_another_wrote_and_one_of_them_writes_the_stream()
    {
        var (prefix, arguments) = Arguments();
        await using var first = await EdgeHost.Start(arguments);
        var second = await first.Beside(arguments);
        using (var heard = await SseReader.Open(second.As(EdgeHost.Token()), "/v1/events"))
        {
            var bell = (RedisBell)second.Services.GetService(typeof(RedisBell))!;
            await Office.Until(() => Task.FromResult(bell.Hears));
            // It was looking every 25 ms until then: the looks from here on are a second apart.
            await Saves(first, 1);
            Assert.NotNull(await heard.Next());
            var took = TimeSpan.Zero;
            for (var save = 0; save < 8; save++)
            {
                // Looked for each second and not rung, they would take half of one on average.
                await Task.Delay(Random.Shared.Next(120), Stopped);
                var began = Stopwatch.GetTimestamp();
                await Saves(first, 1);
                Assert.NotNull(await heard.Next());
                took += Stopwatch.GetElapsedTime(began);
            }

            Assert.True(took < TimeSpan.FromSeconds(2), $"8 saves were heard after {took}");
        }

        await Office.Until(async () => await Count(prefix) == 9);
        Assert.True(await server.Database.KeyExistsAsync($"{prefix}:writer"));
        await second.DisposeAsync();
        await Saves(first, 1);
        await Office.Until(async () => await Count(prefix) == 10);
    }

    [Fact]
    public async Task A_process_of_workers_alone_writes_them_and_whoever_is_told_to_stop_leaves_it_to_others_at_once()
    {
        var (prefix, arguments) = Arguments();
        await using var desk = await Desk.Open();
        await desk.Save($$"""{{{RelayDesk.Time}}}""");
        using var one = await Begin(desk, arguments);
        await Office.Until(async () => await Count(prefix) == 1);
        using var other = await Begin(desk, arguments);
        var holder = await server.Database.StringGetAsync($"{prefix}:writer");
        Assert.True(holder.HasValue);
        await one.StopAsync(Stopped);
        Assert.NotEqual(holder, await server.Database.StringGetAsync($"{prefix}:writer"));
        await desk.Save($$"""{{{RelayDesk.Time}}}""");
        await Office.Until(async () => await Count(prefix) == 2);
        await other.StopAsync(Stopped);
    }

    private static async Task<IHost> Begin(Desk desk, string[] arguments)
    {
        var host = KalendsHost.BuildWorkers([.. arguments, "--Logging:LogLevel:Default=None"], new() { Store = desk.Store, Clock = desk.Clock });
        await host.StartAsync(Stopped);
        return host;
    }

    private (string Prefix, string[] Arguments) Arguments()
    {
        var prefix = $"test-{Guid.NewGuid():N}";
        return (prefix, [$"--Redis:Configuration={server.Configuration}", $"--Redis:Prefix={prefix}"]);
    }

    private async Task<long> Count(string prefix) => await server.Database.StreamLengthAsync(RedisRelay.KeyOf(prefix, "acme"));

    private static async Task Saves(EdgeHost host, int count)
    {
        for (var number = 0; number < count; number++)
        {
            using var answer = await host.Ana.Post("/v1/commands/save-appointments", Body);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    private static int Said(EdgeHost host, string words)
    {
        lock (host.Logged)
        {
            return host.Logged.Count(line => line.Contains(words, StringComparison.Ordinal));
        }
    }

    private static async Task<double> Lag(EdgeHost host)
    {
        var text = await host.Stranger.GetStringAsync(new Uri("/metrics", UriKind.Relative), Stopped);
        return double.Parse(LagLine().Match(text).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"(?m)^kalends_relay_lag_seconds\{[^}]*\} ([0-9.eE+-]+)")]
    private static partial Regex LagLine();
}
