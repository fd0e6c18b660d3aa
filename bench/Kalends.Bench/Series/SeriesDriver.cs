using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Kalends.Messages;
using Kalends.Permissions;
using Kalends.Storage.Sqlite;
using NodaTime;

namespace Kalends.Bench.Series;

/// <summary>
/// Saves a daily series with 50 attendees (730 occurrences, 36,500 attendances) through the dispatcher, and in turns the bare inserts of the
/// same rows into a second store; then changes it: a title, one answer, one occurrence, all an hour later.
/// </summary>
public static class SeriesDriver
{
    private const int Attendees = 50;
    private const int People = 500;

    public static async Task<int> Run(int rounds, TextWriter output)
    {
        var folder = Directory.CreateTempSubdirectory("kalends-series-").FullName;
        try
        {
            await using var ours = new SqliteStore($"Data Source={folder}/ours.db");
            await using var theirs = new SqliteStore($"Data Source={folder}/bare.db");
            await ours.Migrate(default);
            await theirs.Migrate(default);
            using var bare = new BareSeries($"{folder}/bare.db", People);
            var measured = await Measure(new(ours), bare, rounds);
            var baseline = At(measured["bare inserts"], 0.5);
            await output.WriteLineAsync("| operation | p50 ms | p95 ms | to the bare inserts |\n| --- | ---: | ---: | ---: |");
            foreach (var (name, times) in measured)
            {
                await output.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture, $"| {name} | {At(times, 0.5):0.0} | {At(times, 0.95):0.0} | {At(times, 0.5) / baseline:0.00} |"));
            }

            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<Dictionary<string, List<double>>> Measure(Office office, BareSeries bare, int rounds)
    {
        var measured = new Dictionary<string, List<double>>();
        for (var round = -2; round < rounds; round++)
        {
            List<int> people = [.. Enumerable.Range(0, Attendees).Select(n => 1 + ((Math.Abs(round) * 37) + (n * 9)) % People)];
            var start = Instant.FromUtc(2026, 11, 2, 0, 0).ToUnixTimeSeconds() + (round * 60);
            var body = new string('x', 4_000);
            JsonNode? saved = null;
            await Time("save", async () => saved = await office.Save(people, round));
            await Time("bare inserts", () => Task.Run(() => bare.Save(people, 730, start, body)));
            var id = (string)saved!["id"]!;
            await Time("one answer to all", () => office.Answer(id, people[1]));
            await Time("a new title for all", () => office.Change(id, series => series["title"] = "Another"));
            await Time("one occurrence deleted", () => office.DeleteOne(people[0]));
            await Time("all an hour later", () => office.Change(id, series => series["start"] = ((string)series["start"]!).Replace("T09", "T10", StringComparison.Ordinal)));

            async Task Time(string name, Func<Task> work)
            {
                var started = Stopwatch.GetTimestamp();
                await work();
                var took = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
                if (round >= 0)
                {
                    (measured.TryGetValue(name, out var times) ? times : measured[name] = []).Add(took);
                }
            }
        }

        return measured;
    }

    private static double At(List<double> values, double share)
    {
        values.Sort();
        return values[(int)(share * (values.Count - 1))];
    }

    /// <summary>The dispatcher on a store, at a standing moment.</summary>
    private sealed class Office(SqliteStore store)
    {
        private static readonly Caller Clerk = new("bench", new("service:bench"), "bench", Scopes.Read | Scopes.Write | Scopes.Admin);

        private readonly Dispatcher dispatcher = new(store, new OwnCalendarOnly(), new StandingClock());

        public async Task<JsonNode> Save(List<int> people, int round)
        {
            var attendees = string.Join(',', people.Select(person => $$"""{"calendar":"user:{{person}}"}"""));
            var minute = Math.Abs(round) % 60;
            return (await Run("save-appointments", $$"""
                {"appointments":[{"owner":"user:{{people[0]}}","title":"Standup","start":"2026-11-02T09:{{minute:00}}:00","timeZone":"Europe/Paris",
                 "duration":"PT30M","recurrence":{"rule":"FREQ=DAILY;COUNT=730"},"attendees":[{{attendees}}]}]}
                """))["saved"]![0]!;
        }

        public Task<JsonNode> Answer(string id, int person) => Run(
            "respond-to-appointments", $$"""{"appointments":[{"id":"{{id}}","calendar":"user:{{person}}","response":"accepted"}]}""");

        public async Task Change(string id, Action<JsonNode> change)
        {
            var series = await Run("get-appointment", $$"""{"id":"{{id}}"}""");
            change(series);
            await Run("save-appointments", $$"""{"appointments":[{{series.ToJsonString()}}]}""");
        }

        public async Task DeleteOne(int person)
        {
            var found = await Run(
                "get-appointments", $$"""{"timespan":{"from":"2027-03-01T00:00:00Z","to":"2027-03-02T00:00:00Z"},"attendees":["user:{{person}}"],"limit":1}""");
            await Run("delete-appointments", $$"""{"appointments":[{"id":"{{found["entries"]![0]!["appointment"]}}"}]}""");
        }

        private async Task<JsonNode> Run(string name, string json)
        {
            var entry = Catalogue.Entries.Single(entry => entry.Name == name);
            var reply = await entry.Run(dispatcher, Encoding.UTF8.GetBytes(json), Clerk, new(), default);
            return reply.Refusal is { } refusal
                ? throw new InvalidOperationException($"{refusal.Detail} {string.Join(' ', refusal.Errors)}")
                : JsonNode.Parse(Kalends.Messages.Json.WireJson.WriteAny(reply.Result!))!;
        }
    }

    private sealed class StandingClock : IClock
    {
        public Instant GetCurrentInstant() => Instant.FromUtc(2026, 11, 1, 10, 0);
    }
}
