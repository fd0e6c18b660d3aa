using System.Diagnostics;
using System.Net;
using System.Text.Json;

namespace Kalends.Tests.Processes;

/// <summary>
/// Short requests that ask for everything, over HTTP. Each is a clear refusal or is done within a second of processor time and 100 MB of memory,
/// and others are answered meanwhile.
/// </summary>
[Collection(nameof(Alone))]
public sealed class SeriesBombTests
{
    private static readonly TimeSpan MostCpu = TimeSpan.FromSeconds(1);
    private const long MostMemory = 100_000_000;

    private static string All(int count) => string.Join(',', Enumerable.Range(0, count));

    /// <summary>What each is, the recurrence, and a part of what the refusal says; null where it may be kept.</summary>
    private static IEnumerable<(string Name, string Recurrence, string? Says)> Bombs()
    {
        yield return ("every second for ever", """{"rule":"FREQ=SECONDLY"}""", "20000 times");
        yield return ("every minute that never comes", """{"rule":"FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30"}""", "never occurs");
        yield return ("every second that hardly comes", """{"rule":"FREQ=SECONDLY;INTERVAL=7;BYMONTHDAY=29;BYSECOND=1","added":["2026-01-01T00:00:00"]}""", null);
        yield return ("a thousand million", """{"rule":"FREQ=SECONDLY;COUNT=1000000000"}""", "20000 times");
        yield return ("a thousand million days", """{"rule":"FREQ=DAILY;COUNT=1000000000"}""", null);
        yield return ("an interval of nothing", """{"rule":"FREQ=DAILY;INTERVAL=0"}""", "INTERVAL");
        yield return ("until the end of time", """{"rule":"FREQ=MINUTELY;UNTIL=99991231T235959Z"}""", "20000 times");
        yield return ("days until the end of time", """{"rule":"FREQ=DAILY;UNTIL=99991231T235959Z"}""", null);
        yield return ("days without themselves", """{"rule":"FREQ=DAILY","excludedRules":["FREQ=DAILY"]}""", "never occurs");
        yield return ("seconds without themselves", """{"rule":"FREQ=SECONDLY","excludedRules":["FREQ=SECONDLY"]}""", "");
        yield return ("days without all seconds", """{"rule":"FREQ=DAILY","excludedRules":["FREQ=SECONDLY"]}""", "");
        yield return ("years without all minutes, ten times",
            $$"""{"rule":"FREQ=YEARLY","excludedRules":[{{string.Join(',', Enumerable.Range(1, 10).Select(n => $"\"FREQ=SECONDLY;INTERVAL={n * 2 + 5};BYMONTHDAY=29\""))}}]}""", "steps");
        yield return ("ten rules that hardly come",
            $$"""{"rule":"FREQ=DAILY","moreRules":[{{string.Join(',', Enumerable.Range(1, 10).Select(n => $"\"FREQ=SECONDLY;INTERVAL={n * 2 + 5};BYMONTHDAY=29;BYSECOND=1\""))}}]}""",
            "steps");
        yield return ("positions in 86,400 seconds",
            $$"""{"rule":"FREQ=DAILY;BYHOUR={{All(24)}};BYMINUTE={{All(60)}};BYSECOND={{All(60)}};BYSETPOS=1,-1"}""", null);
        yield return ("positions in 86,400 seconds of a year",
            $$"""{"rule":"FREQ=YEARLY;BYHOUR={{All(24)}};BYMINUTE={{All(60)}};BYSECOND={{All(60)}};BYSETPOS=1,366,-366"}""", null);
        yield return ("10,000 excluded dates", $$"""{"rule":"FREQ=DAILY","excluded":[{{Dates(10_000)}}]}""", "5000");
        yield return ("5,000 excluded dates", $$"""{"rule":"FREQ=DAILY","excluded":[{{Dates(5_000)}}]}""", null);
        yield return ("5,000 added dates far apart", $$"""{"rule":"FREQ=DAILY;COUNT=1","added":[{{Dates(5_000)}}]}""", null);
        yield return ("a rule of 100,000 characters", $$"""{"rule":"FREQ=DAILY;BYMONTHDAY={{string.Join(',', Enumerable.Repeat(1, 50_000))}}"}""", "");
    }

    [Fact]
    public async Task A_rule_that_asks_for_everything_is_refused_or_bounded_and_others_are_served()
    {
        using var folder = new KalendsFolder();
        await using var server = await KalendsProcess.Start(folder);
        await Warm(server);
        using var over = new CancellationTokenSource();
        var slowest = ReadMeanwhile(server, over.Token);
        foreach (var (name, recurrence, says) in Bombs())
        {
            var save = $$"""{"appointments":[{"title":"x","start":"2026-01-01T00:00:00","timeZone":"Europe/Paris","duration":"PT1S","recurrence":{{recurrence}}}]}""";
            var (status, text) = await Measured(server, name, "commands/save-appointments", save);
            if (says is null)
            {
                Assert.True(status == HttpStatusCode.OK, $"{name}: {status} {text}");
            }
            else
            {
                Assert.True(status is HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge, $"{name}: {status} {text}");
                Assert.Contains("/appointments/0/recurrence", text, StringComparison.Ordinal);
                Assert.Contains(says, text, StringComparison.Ordinal);
            }
        }

        // What was kept is read, near and far, changed and checked, as cheaply.
        foreach (var year in new[] { 2026, 2035, 2150 })
        {
            await Measured(server, $"reading {year}", "queries/get-appointments", $$"""
                {"timespan":{"from":"{{year}}-01-01T00:00:00Z","to":"{{year}}-02-01T00:00:00Z"},"attendees":["user:bomber"],"limit":20000}
                """);
            await Measured(server, $"openings {year}", "queries/find-openings", $$"""
                {"timespan":{"from":"{{year}}-01-01T00:00:00Z","to":"{{year + 1}}-01-01T00:00:00Z"},"attendees":["user:bomber"],"duration":"PT30M"}
                """);
        }

        await ChangeFarAhead(server);
        foreach (var (from, to) in new[] { ("1990-01-01", "9990-01-01"), ("2026-01-01", "2199-01-01") })
        {
            var (status, text) = await Measured(server, "a window of centuries", "queries/get-appointments", $$"""
                {"timespan":{"from":"{{from}}T00:00:00Z","to":"{{to}}T00:00:00Z"},"attendees":["user:bomber"]}
                """);
            Assert.True(status == HttpStatusCode.BadRequest && text.Contains("timespan", StringComparison.Ordinal), $"{status} {text}");
        }

        await over.CancelAsync();
        Assert.InRange(await slowest, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        await Soundness.Check(folder);
    }

    /// <summary>Of each series that was kept, an occurrence in 2035 is changed, then all that follow it, then the one before is deleted.</summary>
    private static async Task ChangeFarAhead(KalendsProcess server)
    {
        var found = (await server.Post("queries/get-appointments", """
            {"timespan":{"from":"2035-01-01T00:00:00Z","to":"2035-02-01T00:00:00Z"},"attendees":["user:bomber"],"limit":20000}
            """, "user:bomber")).Body!["appointments"]!.AsObject().Select(pair => pair.Value!.AsObject()).ToList();
        var kept = found.GroupBy(occurrence => (string)occurrence["series"]!["id"]!).Select(group => group.OrderBy(one => (string)one["start"]!).Take(3).ToList()).ToList();
        Assert.True(kept.Count > 5);
        foreach (var occurrences in kept.Where(occurrences => occurrences.Count == 3))
        {
            foreach (var (occurrence, scope) in new[] { (occurrences[1], "this"), (occurrences[2], "this-and-following"), (occurrences[1], "all") })
            {
                occurrence["title"] = scope;
                occurrence.Remove("version");
                await Measured(server, $"saving {scope}", "commands/save-appointments", $$"""{"scope":"{{scope}}","appointments":[{{occurrence.ToJsonString()}}]}""");
            }

            foreach (var (occurrence, scope) in new[] { (occurrences[0], "this"), (occurrences[1], "this-and-following") })
            {
                var (status, text) = await Measured(
                    server, $"deleting {scope}", "commands/delete-appointments", $$"""{"scope":"{{scope}}","appointments":[{"id":"{{occurrence["id"]}}"}]}""");
                Assert.True(status == HttpStatusCode.OK, text);
            }
        }
    }

    private static string Dates(int count) => string.Join(',', Enumerable.Range(1, count)
        .Select(day => $"\"{new NodaTime.LocalDate(2026, 1, 1).PlusDays(day):uuuu-MM-dd}T00:00:00\""));

    private static async Task<(HttpStatusCode Status, string Text)> Measured(KalendsProcess server, string name, string path, string json)
    {
        var before = server.Used;
        var began = Stopwatch.GetTimestamp();
        var (status, body) = await server.Post(path, json, "user:bomber");
        var after = server.Used;
        var text = body?.ToJsonString() ?? "";
        var used = $"{name}: {status} in {Stopwatch.GetElapsedTime(began).TotalMilliseconds:F0} ms, {(after.Cpu - before.Cpu).TotalMilliseconds:F0} ms of processors, "
            + $"{(after.Memory - before.Memory) / 1_000_000} MB more";
        TestContext.Current.SendDiagnosticMessage(used);
        Assert.True((int)status < 500, used + text);
        Assert.True(after.Cpu - before.Cpu < MostCpu && after.Memory - before.Memory < MostMemory, used);
        return (status, text[..Math.Min(text.Length, 2_000)]);
    }

    /// <summary>The first of everything is compiled, which is no part of what is measured.</summary>
    private static async Task Warm(KalendsProcess server)
    {
        for (var number = 0; number < 20; number++)
        {
            await server.Post("commands/save-appointments", """
                {"appointments":[{"start":"2026-01-01T00:00:00","timeZone":"UTC","duration":"PT1H","recurrence":{"rule":"FREQ=DAILY"}}]}
                """, "user:warm");
            await Read(server);
        }
    }

    private static async Task<TimeSpan> ReadMeanwhile(KalendsProcess server, CancellationToken over)
    {
        var slowest = TimeSpan.Zero;
        while (!over.IsCancellationRequested)
        {
            var began = Stopwatch.GetTimestamp();
            await Read(server);
            slowest = Stopwatch.GetElapsedTime(began) is var took && took > slowest ? took : slowest;
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        return slowest;
    }

    private static async Task Read(KalendsProcess server)
    {
        var (status, body) = await server.Post("queries/get-appointments", """
            {"timespan":{"from":"2026-11-01T00:00:00Z","to":"2026-11-08T00:00:00Z"},"attendees":["user:warm"],"limit":50}
            """, "user:other");
        Assert.True(status == HttpStatusCode.OK, JsonSerializer.Serialize(body));
    }
}
