using System.Diagnostics;
using System.Net;
using Kalends.Tests.Postgres;
using Kalends.Tests.Processes;
using Npgsql;

namespace Kalends.Tests.Faults;

/// <summary>
/// The database is slow, silent or held up by others: whoever meets that is told in bounded time, the rest is served, and it goes on by itself. With
/// patience of a few seconds where the program's own is longer.
/// </summary>
[Collection(nameof(Alone))]
public sealed class SlowDatabaseTests : IAsyncLifetime
{
    private const int Seed = 20261204;

    /// <summary>Seconds: 2 for a connection, 3 for a round trip, 1 for a lock, 2 for a statement.</summary>
    private const string Hasty = "Timeout=2;Command Timeout=3;Options=-c lock_timeout=1000 -c statement_timeout=2000 -c idle_in_transaction_session_timeout=10000";

    /// <summary>What those come to, and some seconds for a machine that is busy with other things.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(12);

    private string database = "";
    private UnrulyLine line = null!;

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await PrivateCluster.Database();
        line = new(Proxy.PortOf(database));
    }

    public async ValueTask DisposeAsync()
    {
        await line.DisposeAsync();
        await PrivateCluster.Drop(database);
    }

    [Fact]
    public async Task A_database_that_falls_silent_holds_nobody_up_for_long()
    {
        using var folder = new KalendsFolder { HasWorkers = false, Store = $"{line.To(database)};Maximum Pool Size=16;{Hasty}" };
        await using var server = await KalendsProcess.Start(folder);
        var savers = new Savers(24, Seed);
        await savers.Meanwhile(server, 48, async () =>
        {
            await savers.Until(48);
            foreach (var end in (Action[])[line.Flow, line.Forget])
            {
                line.Stall();
                var others = Enumerable.Range(0, 24).Select(person => Take(server, "queries/get-calendars", "{}", $"user:r{person}")).ToList();
                await LivesOn(server, Task.WhenAll(others));
                Assert.All(others, other => IsUnavailable(other.Result));
                end();
                await savers.Until(24);
            }
        });
        await Check(savers, server);
        Assert.InRange(line.Connections, 1, 16);
        line.CutForgotten();
        await LeavesAtMost(16);
    }

    [Fact]
    public async Task A_slow_line_is_slow_and_a_request_has_an_end_but_not_its_commit()
    {
        using var folder = new KalendsFolder
        {
            HasWorkers = false, Store = $"{line.To(database)};Maximum Pool Size=16;{Hasty}", Settings = { ["Kalends__Limits__RequestSeconds"] = "2" },
        };
        await using var server = await KalendsProcess.Start(folder);
        var savers = new Savers(8, Seed);
        await savers.Meanwhile(server, 16, async () =>
        {
            line.Delay = TimeSpan.FromMilliseconds(100);
            await savers.Until(16);
            line.Delay = TimeSpan.FromMilliseconds(700);
            await Task.Delay(3_000, Stopped);
            line.Delay = TimeSpan.Zero;
        });
        await Check(savers, server);
        Assert.Contains("longer than 2 seconds", savers.Reasons, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_waits_for_a_calendar_that_somebody_holds_is_told_and_the_others_are_served()
    {
        using var folder = new KalendsFolder { HasWorkers = false, Store = $"{database};Maximum Pool Size=12;{Hasty}" };
        await using var server = await KalendsProcess.Start(folder);
        Assert.All(await Saves(server, "ana", 2), saved => Assert.Equal(HttpStatusCode.OK, saved.Status));
        await using (await Hold("SELECT 1 FROM calendar WHERE id = 'user:ana' FOR UPDATE"))
        {
            var waiting = Saves(server, "ana", 8);
            while (!waiting.IsCompleted)
            {
                Assert.All(await Saves(server, "ben", 2), saved => Assert.Equal(HttpStatusCode.OK, saved.Status));
            }

            Assert.All(await waiting, IsUnavailable);
            // More than there are connections: the rest waits for one, and is told in time whether it comes to its turn.
            Assert.All(await Saves(server, "ana", 40), IsUnavailable);
        }

        Assert.All(await Saves(server, "ana", 8), saved => Assert.Equal(HttpStatusCode.OK, saved.Status));
        await Soundness.Check(folder);
        await LeavesAtMost(12);
    }

    [Fact]
    public async Task A_statement_that_takes_too_long_is_refused_and_nothing_of_it_is_kept()
    {
        await PrivateCluster.Execute(database, """
            CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(CASE WHEN NEW.title = ''slow'' THEN 20 ELSE 0 END); RETURN NEW; END';
            CREATE TRIGGER dawdle BEFORE INSERT ON appointment FOR EACH ROW EXECUTE FUNCTION dawdle()
            """);
        using var folder = new KalendsFolder { HasWorkers = false, Store = $"{database};Maximum Pool Size=12;{Hasty}" };
        await using var server = await KalendsProcess.Start(folder);
        await Saves(server, "ben", 1);
        var slow = Saves(server, "ana", 4, "slow");
        while (!slow.IsCompleted)
        {
            Assert.All(await Saves(server, "ben", 2), saved => Assert.Equal(HttpStatusCode.OK, saved.Status));
        }

        Assert.All(await slow, IsUnavailable);
        Assert.Equal(0L, await PrivateCluster.Execute(database, "SELECT count(*) FROM appointment WHERE title = 'slow'"));
        Assert.All(await Saves(server, "ana", 4), saved => Assert.Equal(HttpStatusCode.OK, saved.Status));
        await Soundness.Check(folder);
    }

    [Fact]
    public async Task Who_hangs_up_gives_the_connection_back()
    {
        using var folder = new KalendsFolder { HasWorkers = false, Store = $"{database};Maximum Pool Size=4;Timeout=2;Options=-c lock_timeout=30000" };
        await using var server = await KalendsProcess.Start(folder);
        await Saves(server, "ana", 1);
        await using (await Hold("SELECT 1 FROM calendar WHERE id = 'user:ana' FOR UPDATE"))
        {
            for (var round = 0; round < 5; round++)
            {
                using var impatient = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
                await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
                    await Assert.ThrowsAnyAsync<OperationCanceledException>(() => server.Ask("commands/save-appointments", Save("left"), "user:ana", null, impatient.Token))));
                Assert.All(await Saves(server, "ben", 2), saved => Assert.Equal(HttpStatusCode.OK, saved.Status));
            }
        }

        Assert.Equal(0L, await PrivateCluster.Execute(database, "SELECT count(*) FROM appointment WHERE title = 'left'"));
        await LeavesAtMost(4);
    }

    /// <summary>The process answers whoever asks after it while its requests wait: none of its threads stands still for them.</summary>
    private static async Task LivesOn(KalendsProcess server, Task meanwhile)
    {
        while (!meanwhile.IsCompleted)
        {
            var asked = Stopwatch.GetTimestamp();
            using var answer = await server.Client.GetAsync(new Uri("/healthz", UriKind.Relative), Stopped);
            Assert.True(Stopwatch.GetElapsedTime(asked) < TimeSpan.FromSeconds(2), $"healthz took {Stopwatch.GetElapsedTime(asked)}");
            await Task.Delay(20, Stopped);
        }

        await meanwhile;
    }

    private static async Task<(HttpStatusCode Status, string Said, TimeSpan Time)> Take(KalendsProcess server, string path, string json, string person)
    {
        var began = Stopwatch.GetTimestamp();
        var (status, body, retryAfter) = await server.Ask(path, json, person);
        return (status, $"{body?["code"]} {retryAfter} {body?["detail"]}", Stopwatch.GetElapsedTime(began));
    }

    private static async Task<(HttpStatusCode Status, string Said, TimeSpan Time)[]> Saves(KalendsProcess server, string person, int writers, string title = "") =>
        await Task.WhenAll(Enumerable.Range(0, writers).Select(_ => Take(server, "commands/save-appointments", Save(title), $"user:{person}")));

    private static string Save(string title) =>
        $$"""{"appointments":[{"title":"{{title}}","start":"2026-11-23T09:00:00","timeZone":"UTC","duration":"PT1H"}]}""";

    private static void IsUnavailable((HttpStatusCode Status, string Said, TimeSpan Time) answer)
    {
        Assert.True(answer.Status == HttpStatusCode.ServiceUnavailable && answer.Said.StartsWith("unavailable 1 ", StringComparison.Ordinal), $"{answer}");
        Assert.True(answer.Time < Longest, $"{answer}");
        Assert.DoesNotContain("may have kept", answer.Said, StringComparison.Ordinal);
    }

    private async Task Check(Savers savers, KalendsProcess server)
    {
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {Seed}");
        using var direct = new KalendsFolder { Store = database };
        await savers.Check(direct, server);
        Assert.Equal(0, savers.Unanswered);
        Assert.True(savers.Refused > 0, $"nobody met it: {savers}");
        Assert.True(savers.LongestAnswer < Longest, $"{savers}");
    }

    /// <summary>A transaction of somebody else, until it is disposed.</summary>
    private async Task<NpgsqlConnection> Hold(string sql)
    {
        var connection = new NpgsqlConnection($"{database};Pooling=false");
        await connection.OpenAsync(Stopped);
        await using var command = new NpgsqlCommand("BEGIN; " + sql, connection);
        await command.ExecuteNonQueryAsync(Stopped);
        return connection;
    }

    /// <summary>The database has no more sessions of the server than its pool may hold.</summary>
    private async Task LeavesAtMost(long pool)
    {
        const string Sessions = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'kalends'";
        var sessions = long.MaxValue;
        for (var wait = 0; wait < 50 && sessions > pool; wait++)
        {
            sessions = (long)(await PrivateCluster.Execute(database, Sessions))!;
            await Task.Delay(sessions > pool ? 100 : 0, Stopped);
        }

        Assert.InRange(sessions, 1, pool);
    }
}
