using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Kalends.Storage.Sqlite;
using NodaTime;

namespace Kalends.Bench.Series;

/// <summary>
/// Saves a daily series with 50 attendees (730 occurrences, 36,500 attendances) through the dispatcher, and in turns the bare inserts of the
/// same rows into a second store; then changes it: a title, one answer, one occurrence, all an hour later. Between, a person's year is fetched,
/// of series and of single appointments.
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
        var year = new YearOfSeries(office);
        await year.Fill();
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
            await Year("a year of five series", "user:series");
            await Year("the same as single appointments", "user:singles");
            await Time("all an hour later", () => office.Change(id, series => series["start"] = ((string)series["start"]!).Replace("T09", "T10", StringComparison.Ordinal)));

            async Task Year(string name, string person)
            {
                var took = await year.Fetch(person);
                Note(name, took);
            }

            async Task Time(string name, Func<Task> work)
            {
                var started = Stopwatch.GetTimestamp();
                await work();
                Note(name, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }

            void Note(string name, double took)
            {
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
}
