using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Kalends.Messages;
using Kalends.Server.Http;
using Kalends.Storage;
using Microsoft.AspNetCore.Http;

namespace Kalends.Tests.Http;

/// <summary>
/// Slow, idle and greedy callers. The hosts here have shorter limits than usual, so that the tests are short; the usual ones are
/// asserted by name.
/// </summary>
[Collection(nameof(Alone))]
public sealed class LimitTests
{
    private static readonly string[] Short = ["--Kalends:Limits:HeaderSeconds=2", "--Kalends:Limits:SlowSeconds=2"];

    [Fact]
    public void The_usual_limits_are_those_of_the_contract()
    {
        var usual = new LimitSettings();
        Assert.Equal((8_388_608, 32_768, 10, 5), (usual.BodyBytes, usual.HeaderBytes, usual.HeaderSeconds, usual.SlowSeconds));
        Assert.Equal((120, 10_000, 30), (usual.IdleSeconds, usual.Connections, usual.RequestSeconds));
        Assert.Equal((1_000, 2_000, 20_000, 10_000), (usual.RequestsAtOnce, usual.RequestsWaiting, usual.RateBurst, usual.RatePerSecond));
    }

    [Theory]
    [InlineData("GET /v1/limits HTTP/1.1\r\nHost: x\r\nX-", "408")]
    [InlineData("POST /v1/commands/keep HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nContent-Type: application/json\r\nAuthorization: Bearer TOKEN\r\n\r\n", "408")]
    public async Task Fifty_who_drip_are_cut_while_others_are_served(string beginning, string status)
    {
        await using var host = await EdgeHost.Start(Short);
        var started = Stopwatch.StartNew();
        var dripping = Enumerable.Range(0, 50).Select(_ => Drip(host, beginning.Replace("TOKEN", EdgeHost.Token(), StringComparison.Ordinal))).ToList();
        for (var second = 0; second < 3; second++)
        {
            var asked = Stopwatch.StartNew();
            Assert.Equal(HttpStatusCode.OK, (await host.Ana.Get("/v1/limits")).StatusCode);
            Assert.True(asked.Elapsed < TimeSpan.FromSeconds(1), $"took {asked.Elapsed}");
            await Task.Delay(500, TestContext.Current.CancellationToken);
        }

        Assert.All(await Task.WhenAll(dripping), answer => Assert.StartsWith("HTTP/1.1 " + status, answer, StringComparison.Ordinal));
        Assert.True(started.Elapsed < TimeSpan.FromSeconds(12), $"cut after {started.Elapsed}");
    }

    [Fact]
    public async Task Five_hundred_idle_connections_keep_nobody_waiting()
    {
        await using var host = await EdgeHost.Start();
        var idle = new List<TcpClient>();
        for (var index = 0; index < 500; index++)
        {
            idle.Add(await Connect(host));
        }

        var asked = Stopwatch.StartNew();
        Assert.Equal(HttpStatusCode.OK, (await host.Ana.Get("/v1/limits")).StatusCode);
        Assert.True(asked.Elapsed < TimeSpan.FromSeconds(1), $"took {asked.Elapsed}");
        idle.ForEach(one => one.Dispose());
    }

    [Fact]
    public async Task Who_never_reads_is_cut()
    {
        await using var host = await EdgeHost.Start(Short);
        using var client = await Connect(host, receiveBuffer: 4_096);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"GET /v1/queries/fill?lines=2000000 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {EdgeHost.Token()}\r\n\r\n"), TestContext.Current.CancellationToken);
        await Task.Delay(TimeSpan.FromSeconds(8), TestContext.Current.CancellationToken);
        using var end = new MemoryStream();
        try
        {
            await client.GetStream().CopyToAsync(end, TestContext.Current.CancellationToken);
        }
        catch (IOException)
        {
            // Cut, as it should be.
        }

        Assert.True(end.Length < 20_000_000, $"all {end.Length} bytes were sent");
    }

    [Fact]
    public async Task Headers_beyond_the_limit_are_refused()
    {
        await using var host = await EdgeHost.Start();
        var answer = await host.Raw($"GET /v1/limits HTTP/1.1\r\nHost: x\r\nX-Long: {new string('x', 33_000)}\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 431", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_person_beyond_their_rate_is_told_when_to_come_again_and_no_other_suffers()
    {
        await using var host = await EdgeHost.Start("--Kalends:Limits:RateBurst=3", "--Kalends:Limits:RatePerSecond=1");
        var first = await host.Ana.Get("/v1/limits");
        Assert.Equal("\"person\";q=3;w=3", first.Headers.GetValues("RateLimit-Policy").Single());
        Assert.Equal("\"person\";r=2;t=1", first.Headers.GetValues("RateLimit").Single());
        HttpResponseMessage last = first;
        for (var more = 0; more < 10 && last.StatusCode == HttpStatusCode.OK; more++)
        {
            last = await host.Ana.Get("/v1/limits");
        }

        await last.Problem(HttpStatusCode.TooManyRequests, "too-many-requests");
        Assert.Equal(1, last.Headers.RetryAfter?.Delta?.TotalSeconds);
        Assert.StartsWith("\"person\";r=0;", last.Headers.GetValues("RateLimit").Single(), StringComparison.Ordinal);
        using var ben = host.As(EdgeHost.Token("user:ben"));
        Assert.Equal(HttpStatusCode.OK, (await ben.Get("/v1/limits")).StatusCode);
    }

    [Fact]
    public void A_bucket_fills_at_its_rate_and_no_further_than_its_burst()
    {
        var time = new SetTime();
        var rates = new PersonRates(new() { RateBurst = 10, RatePerSecond = 5 }, time);
        bool Passes() => rates.Refuse(new("acme", new CalendarId("user:ana"), "web", Scopes.Read), new HeaderDictionary()) is null;
        Assert.Equal(10, Enumerable.Range(0, 20).Count(_ => Passes()));
        time.Seconds += 1;
        Assert.Equal(5, Enumerable.Range(0, 20).Count(_ => Passes()));
        time.Seconds += 1_000;
        Assert.Equal(10, Enumerable.Range(0, 20).Count(_ => Passes()));
    }

    [Fact]
    public async Task More_than_can_wait_are_told_to_come_again()
    {
        await using var host = await EdgeHost.Start("--Kalends:Limits:RequestsAtOnce=1", "--Kalends:Limits:RequestsWaiting=1");
        var all = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => host.Ana.Get("/v1/queries/wait?milliseconds=500")));
        Assert.Equal(2, all.Count(answer => answer.StatusCode == HttpStatusCode.OK));
        var refused = all.First(answer => answer.StatusCode != HttpStatusCode.OK);
        await refused.Problem(HttpStatusCode.ServiceUnavailable, "unavailable");
        Assert.NotNull(refused.Headers.RetryAfter);
    }

    [Fact]
    public async Task A_message_that_runs_too_long_is_stopped()
    {
        await using var host = await EdgeHost.Start("--Kalends:Limits:RequestSeconds=1");
        await (await host.Ana.Get("/v1/queries/wait?milliseconds=60000")).Problem(HttpStatusCode.ServiceUnavailable, "unavailable");
    }

    [Fact]
    public async Task All_bodies_together_have_a_limit()
    {
        await using var host = await EdgeHost.Start("--Kalends:Limits:BodyBytesAtOnce=100000");
        await (await host.Ana.Post("/v1/commands/keep", new byte[1_000_000])).Problem(HttpStatusCode.ServiceUnavailable, "unavailable");
        Assert.Equal(HttpStatusCode.OK, (await host.Ana.Post("/v1/commands/keep", """{"text":"x"}""")).StatusCode);
    }

    [Fact]
    public async Task Requests_under_way_finish_when_the_host_stops()
    {
        var host = await EdgeHost.Start();
        var running = host.Ana.Get("/v1/queries/wait?milliseconds=700");
        await Task.Delay(200, TestContext.Current.CancellationToken);
        await host.Stop();
        Assert.Equal(HttpStatusCode.OK, (await running).StatusCode);
        await host.DisposeAsync();
    }

    private static async Task<TcpClient> Connect(EdgeHost host, int receiveBuffer = 65_536)
    {
        var client = new TcpClient { ReceiveBufferSize = receiveBuffer };
        await client.ConnectAsync(IPAddress.Loopback, host.Address.Port, TestContext.Current.CancellationToken);
        return client;
    }

    /// <summary>Sends a beginning, then one byte a second until the other side has had enough; gives what it said.</summary>
    private static async Task<string> Drip(EdgeHost host, string beginning)
    {
        using var client = await Connect(host);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(beginning), TestContext.Current.CancellationToken);
        var answer = new byte[4_096];
        var reading = stream.ReadAsync(answer).AsTask();
        for (var second = 0; second < 30 && await Task.WhenAny(reading, Task.Delay(1_000, TestContext.Current.CancellationToken)) != reading; second++)
        {
            await stream.WriteAsync("x"u8.ToArray(), TestContext.Current.CancellationToken);
        }

        return Encoding.ASCII.GetString(answer, 0, await reading);
    }
}
