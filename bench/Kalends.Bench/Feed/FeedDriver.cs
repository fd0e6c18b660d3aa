using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Kalends.Bench.Load;
using Kalends.Storage.Postgres;

namespace Kalends.Bench.Feed;

/// <summary>
/// Two servers on one PostgreSQL: what an idle listener takes of memory, and how long it is from a save that the one acknowledged until those who
/// listen to the other hear of it. Ten listeners follow each of a hundred calendars.
/// </summary>
public static class FeedDriver
{
    private const int Calendars = 100;
    private const int SavesPerSecond = 100;
    private const int WarmUpSeconds = 15;

    private static readonly ConcurrentDictionary<string, long> Acknowledged = new(StringComparer.Ordinal);
    private static readonly ConcurrentQueue<(string Id, long At)> Heard = new();
    private static int open;
    private static int refused;

    public static async Task<int> Run(string database, int seconds, int idle, TextWriter told)
    {
        await using (var store = new PostgresStore(database))
        {
            await store.Migrate(default);
        }

        string[] limits = ["Kalends:Limits:ListenersPerPerson=100000", $"Kalends:Limits:Connections={idle + 5_000}", $"Kalends:Limits:Listeners={idle + 5_000}"];
        using var heard = await ServerProcess.Start(database, limits);
        using var written = await ServerProcess.Start(database, limits);
        using var stop = new CancellationTokenSource();
        await Listen(heard, 100, number => $"user:warm{number}", stop.Token);
        var before = heard.ResidentBytes;
        await Listen(heard, idle, number => $"user:idle{number}", stop.Token);
        var now = heard.ResidentBytes;
        await told.WriteLineAsync($"{idle:N0} idle listeners: {(now - before) / idle / 1024.0:F1} KB each, {now / 1048576.0:F0} MB resident with all they need");
        await Listen(heard, 10 * Calendars, number => $"user:f{number % Calendars}", stop.Token);
        // Until all code that runs is compiled for good.
        await Save(written, WarmUpSeconds);
        var (used, watch) = (heard.ProcessorTime, Stopwatch.StartNew());
        await Task.Delay(3_000);
        await told.WriteLineAsync($"processor while nothing happens: {(heard.ProcessorTime - used) / watch.Elapsed:P1} of a core");
        Acknowledged.Clear();
        (used, watch) = (heard.ProcessorTime, Stopwatch.StartNew());
        await Save(written, seconds);
        await told.WriteLineAsync($"processor while saves are heard: {(heard.ProcessorTime - used) / watch.Elapsed:P1} of a core");
        await Task.Delay(2_000);
        await stop.CancelAsync();
        await Tell(told, seconds);
        return 0;
    }

    private static async Task Tell(TextWriter told, int seconds)
    {
        var ways = Heard.Where(one => Acknowledged.ContainsKey(one.Id))
            .Select(one => Math.Max(0, Stopwatch.GetElapsedTime(Acknowledged[one.Id], one.At).TotalMilliseconds)).Order().ToList();
        await told.WriteLineAsync($"{Acknowledged.Count} saves in {seconds} s, {refused} refused, heard {ways.Count} times, {Acknowledged.Count * 10} expected");
        await told.WriteLineAsync($"from acknowledged to heard: p50 {ways[ways.Count / 2]:F1} ms, p95 {ways[ways.Count * 95 / 100]:F1} ms, at most {ways[^1]:F1} ms");
    }

    private static async Task Listen(ServerProcess server, int count, Func<int, string> calendar, CancellationToken stopped)
    {
        var until = Volatile.Read(ref open) + count;
        for (var number = 0; number < count; number++)
        {
            _ = Hear(server, calendar(number), stopped);
        }

        while (Volatile.Read(ref open) < until)
        {
            await Task.Delay(20, stopped);
        }
    }

    private static async Task Hear(ServerProcess server, string calendar, CancellationToken stopped)
    {
        try
        {
            using var answer = await server.Client.GetAsync(
                new Uri($"/v1/events?calendar={calendar}", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, stopped);
            answer.EnsureSuccessStatusCode();
            using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(stopped));
            Interlocked.Increment(ref open);
            while (await reader.ReadLineAsync(stopped) is { } line)
            {
                if (line.StartsWith("data: ", StringComparison.Ordinal))
                {
                    Heard.Enqueue(((string)JsonNode.Parse(line[6..])!["subject"]!, Stopwatch.GetTimestamp()));
                }
            }
        }
        catch (OperationCanceledException) when (stopped.IsCancellationRequested)
        {
            // All is heard.
        }
    }

    private static async Task Save(ServerProcess server, int seconds)
    {
        var saving = new List<Task>();
        var begun = Stopwatch.GetTimestamp();
        for (var number = 0; number < seconds * SavesPerSecond; number++)
        {
            var wait = TimeSpan.FromSeconds((double)number / SavesPerSecond) - Stopwatch.GetElapsedTime(begun);
            await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
            saving.Add(SaveOne(server, number));
        }

        await Task.WhenAll(saving);
    }

    private static async Task SaveOne(ServerProcess server, int number)
    {
        using var content = new StringContent(
            $$"""
            {"appointments":[{"owner":"user:f{{number % Calendars}}","title":"Budget","start":"2026-11-23T09:00:00","timeZone":"UTC","duration":"PT1H",
             "attendees":[{"calendar":"user:f{{number % Calendars}}"}]}]}
            """,
            Encoding.UTF8, "application/json");
        using var answer = await server.Client.PostAsync(new Uri("/v1/commands/save-appointments", UriKind.Relative), content);
        var at = Stopwatch.GetTimestamp();
        if (!answer.IsSuccessStatusCode)
        {
            Interlocked.Increment(ref refused);
            return;
        }

        Acknowledged[(string)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["saved"]![0]!["id"]!] = at;
    }
}
