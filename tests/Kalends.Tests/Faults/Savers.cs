using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Kalends.Tests.Processes;
using Npgsql;

namespace Kalends.Tests.Faults;

/// <summary>
/// Writers that keep book of what they were told, over the JSON API: each saves three appointments a call, in a calendar of its own and one that
/// all share. Half of the calls bear an idempotency key; whose outcome stays open are sent again until they are answered.
/// </summary>
internal sealed class Savers
{
    private readonly List<Saver> savers;
    private readonly ConcurrentDictionary<string, string[]> acknowledged = new();
    private readonly ConcurrentDictionary<string, string> refused = new();
    private readonly ConcurrentQueue<string> wrong = new();
    private int open;
    private int resolved;

    public Savers(int writers, int seed, string shared = "group:all") =>
        savers = [.. Enumerable.Range(0, writers).Select(number => new Saver(this, $"user:w{number}", shared, new(seed + number)))];

    /// <summary>Calls that were answered with 200, with 503, and with a 503 that says that it may have been kept, or not at all.</summary>
    public int Acknowledged => acknowledged.Count;

    public int Refused => refused.Count;

    public int Open => open;

    /// <summary>Of those that stayed open, how many were answered when they were sent again.</summary>
    public int Resolved => resolved;

    /// <summary>Connections to the server that ended without an answer: only a killed server may do that.</summary>
    public int Unanswered { get; private set; }

    public TimeSpan LongestRefusal { get; private set; }

    public TimeSpan LongestAnswer { get; private set; }

    /// <summary>What 503 said, and how often.</summary>
    public string Reasons => string.Join('\n', refused.Values.GroupBy(reason => reason).Select(group => $"{group.Count()} × {group.Key}"));

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Acknowledged} calls acknowledged, {Refused} refused, {Open} open of which {Resolved} resolved; "
            + $"longest answer {LongestAnswer.TotalSeconds:0.00} s, longest refusal {LongestRefusal.TotalSeconds:0.00} s");

    /// <summary>Each writer saves until it is told to stop or the server is gone.</summary>
    public Task Run(KalendsProcess server, CancellationToken over) => Task.WhenAll(savers.Select(saver => Task.Run(() => saver.Run(server, over))));

    /// <summary>Runs while the rest is done, and until as many more are acknowledged: then a fault is over.</summary>
    public async Task Meanwhile(KalendsProcess server, int more, Func<Task> rest)
    {
        using var over = new CancellationTokenSource();
        var running = Run(server, over.Token);
        await rest();
        await Until(more);
        await over.CancelAsync();
        await running;
    }

    /// <summary>Until so many more calls have been acknowledged, for a minute at most.</summary>
    public async Task Until(int more)
    {
        var from = Acknowledged;
        for (var wait = 0; wait < 6_000 && Acknowledged < from + more; wait++)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        Assert.True(Acknowledged >= from + more, $"work does not go on: {this}\n{Reasons}");
    }

    /// <summary>Until so many more have been refused, for a minute at most.</summary>
    public async Task UntilRefused(int more)
    {
        var from = Refused;
        for (var wait = 0; wait < 6_000 && Refused < from + more; wait++)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        Assert.True(Refused >= from + more, $"nobody was refused: {this}");
    }

    /// <summary>
    /// What is stored is what was told: each acknowledged call whole and once, none of those that were refused; of the rest each is there whole or not.
    /// The outbox has one event for each appointment that is stored.
    /// </summary>
    public async Task Check(KalendsFolder folder, KalendsProcess server)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"{this}\n{Reasons}");
        Assert.True(wrong.IsEmpty, $"{string.Join('\n', wrong)}\n{server.Log}");
        var stored = await Texts(folder.Store, "SELECT a.id || ' ' || (t.after -> 'metadata' ->> 'call') FROM appointment a JOIN trail t ON t.appointment = a.id");
        var calls = stored.Select(line => line.Split(' ', 2)).ToLookup(parts => parts[1], parts => parts[0]);
        Assert.All(calls, call => Assert.Equal(3, call.Count()));
        Assert.All(acknowledged, call => Assert.Equal(call.Value.Order(), calls[call.Key].Order()));
        Assert.All(refused.Keys, call => Assert.Empty(calls[call]));
        var ids = calls.SelectMany(call => call).ToList();
        Assert.Equal(ids.Order(), (await Texts(folder.Store, "SELECT subject FROM outbox")).Order());
        var read = await Task.WhenAll(savers.Select(saver => saver.Read(server)));
        Assert.Equal(ids.Order(), read.SelectMany(each => each).Order());
        await Soundness.Check(folder);
    }

    public static async Task<List<string>> Texts(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var found = new List<string>();
        while (await reader.ReadAsync())
        {
            found.Add(reader.GetString(0));
        }

        return found;
    }

    private void Took(TimeSpan time, bool isRefusal)
    {
        lock (savers)
        {
            LongestAnswer = time > LongestAnswer ? time : LongestAnswer;
            LongestRefusal = isRefusal && time > LongestRefusal ? time : LongestRefusal;
        }
    }

    private void Lost()
    {
        lock (savers)
        {
            Unanswered++;
        }
    }

    private sealed class Saver(Savers all, string person, string shared, Random random)
    {
        private int number;

        /// <summary>A call with a key whose outcome is not known.</summary>
        private string? unresolved;

        public async Task Run(KalendsProcess server, CancellationToken over)
        {
            while (!over.IsCancellationRequested || (unresolved is not null && !server.HasExited))
            {
                var call = unresolved ?? $"{person}/{++number}";
                var key = unresolved is not null || random.Next(2) == 0 ? call : null;
                var began = Stopwatch.GetTimestamp();
                try
                {
                    var (status, body, retryAfter) = await server.Ask("commands/save-appointments", Three(call), person, key);
                    all.Took(Stopwatch.GetElapsedTime(began), status != HttpStatusCode.OK);
                    Note(call, key, status, body, retryAfter);
                    await Task.Delay(status == HttpStatusCode.OK ? 0 : 20, TestContext.Current.CancellationToken);
                }
                catch (Exception gone) when (gone is HttpRequestException or IOException or System.Text.Json.JsonException)
                {
                    all.Lost();
                    LeaveOpen(call, key);
                    return;
                }
            }
        }

        /// <summary>The ids of everything in the own calendar.</summary>
        public async Task<List<string>> Read(KalendsProcess server)
        {
            var found = new List<string>();
            for (string? cursor = ""; cursor is not null;)
            {
                var (status, body) = await server.Post("queries/get-appointments", $$"""
                    {"timespan":{"from":"2026-11-23T00:00:00Z","to":"2026-11-24T00:00:00Z"},"attendees":["{{person}}"],"limit":500
                     {{(cursor.Length == 0 ? "" : $",\"cursor\":\"{cursor}\"")}}}
                    """, person);
                Assert.True(status == HttpStatusCode.OK, body?.ToJsonString());
                found.AddRange(body!["entries"]!.AsArray().Select(entry => (string)entry!["appointment"]!));
                cursor = (string?)body["cursor"];
            }

            return found;
        }

        private void Note(string call, string? key, HttpStatusCode status, JsonNode? body, double? retryAfter)
        {
            var detail = (string?)body?["detail"] ?? "";
            if (status == HttpStatusCode.OK)
            {
                all.acknowledged[call] = [.. body!["saved"]!.AsArray().Select(saved => (string)saved!["id"]!)];
                all.resolved += call == unresolved ? 1 : 0;
                unresolved = null;
            }
            else if (status == HttpStatusCode.ServiceUnavailable && (string?)body!["code"] == "unavailable" && retryAfter >= 1)
            {
                if (detail.Contains("may have kept", StringComparison.Ordinal))
                {
                    LeaveOpen(call, key);
                }
                else if (call != unresolved)
                {
                    all.refused[call] = detail;
                }
            }
            else if (call != unresolved || status != HttpStatusCode.Conflict || !detail.Contains("still running", StringComparison.Ordinal))
            {
                all.wrong.Enqueue($"{call}: {status} {retryAfter} {body?.ToJsonString()}");
            }
        }

        private void LeaveOpen(string call, string? key)
        {
            if (call != unresolved)
            {
                Interlocked.Increment(ref all.open);
                unresolved = key;
            }
        }

        private string Three(string call) => $$"""
            {"appointments":[{{string.Join(',', Enumerable.Range(0, 3).Select(part => $$"""
                {"title":"{{call}}/{{part}}","start":"2026-11-23T09:00:00","timeZone":"UTC","duration":"PT1H","metadata":{"call":"{{call}}"},
                 "attendees":[{"calendar":"{{person}}"},{"calendar":"{{shared}}"}]}
                """))}}]}
            """;
    }
}
