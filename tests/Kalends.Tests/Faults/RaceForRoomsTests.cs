using System.Net;
using Kalends.Tests.Postgres;
using Kalends.Tests.Processes;
using NodaTime.Text;

namespace Kalends.Tests.Faults;

/// <summary>
/// 64 writers race for rooms and shared calendars over three server processes on one PostgreSQL. Whoever loses is told to whom, no room is booked
/// twice, each calendar and each appointment counts without a gap, and who follows the changes has seen them all.
/// </summary>
[Collection(nameof(Alone))]
public sealed class RaceForRoomsTests
{
    private const int Seed = 20261206;
    private const int Writers = 64;

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nobody_is_booked_over_and_whoever_loses_is_told_so()
    {
        var database = await PrivateCluster.Database();
        using (var folder = new KalendsFolder { Store = database })
        {
            await using var first = await KalendsProcess.Start(folder);
            await using var second = await KalendsProcess.Start(folder);
            await using var third = await KalendsProcess.Start(folder);
            KalendsProcess[] servers = [first, second, third];
            foreach (var server in servers)
            {
                await Racers.Warm(server);
            }

            var racers = new Racers(servers, Writers, Seed);
            using var over = new CancellationTokenSource(TimeSpan.FromSeconds(Rounds.RaceSeconds));
            var racing = racers.Run(over.Token);
            var following = Racers.AllRooms.Append("group:team").Select(calendar => Follow(servers, calendar, racing)).ToList();
            await racing;
            Tell(racers, await PrivateCluster.Execute(database, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"));

            Assert.True(racers.Wrong.Count == 0, string.Join('\n', racers.Wrong.Take(5)) + $"\n{first.Log}");
            Assert.True(racers.Answers.Where(pair => pair.Key.EndsWith("done", StringComparison.Ordinal)).Sum(pair => pair.Value) > Rounds.RaceSeconds * 10);
            Assert.True(racers.Answers.GetValueOrDefault("create 409 conflict") > 0 && racers.Answers.GetValueOrDefault("move 409 stale-version") > 0);
            foreach (var server in servers)
            {
                await Sweep(server);
            }

            Assert.All(racers.Told, pair => Assert.Equal(pair.Value.Count, pair.Value.Distinct().Count()));
            await Counted(database, racers);
            foreach (var (calendar, seen) in await Task.WhenAll(following))
            {
                var now = (await Known(first, calendar, null)).Known;
                // What one of them alone has; whole lists would fill the screen.
                var (ours, theirs) = (now.Split('\n').ToHashSet(), seen.Split('\n').ToHashSet());
                Assert.True(now == seen, $"{calendar}: only anew {string.Join(", ", ours.Except(theirs))}; only followed {string.Join(", ", theirs.Except(ours))}");
            }

            await Soundness.Check(folder);
        }

        await PrivateCluster.Drop(database);
    }

    /// <summary>What lies in a room, in order, never begins before the one before it has ended.</summary>
    private static async Task Sweep(KalendsProcess server)
    {
        foreach (var room in Racers.AllRooms)
        {
            var entries = new List<(NodaTime.Instant From, NodaTime.Instant To, string Appointment)>();
            for (string? cursor = ""; cursor is not null;)
            {
                var (status, body) = await server.Post("queries/get-appointments", $$"""
                    {"timespan":{{Racers.Week}},"attendees":["{{room}}"],"detail":"busy","limit":1000{{(cursor.Length == 0 ? "" : $",\"cursor\":\"{cursor}\"")}}}
                    """);
                Assert.True(status == HttpStatusCode.OK, body?.ToJsonString());
                entries.AddRange(body!["entries"]!.AsArray().Select(entry => (At(entry!["from"]!), At(entry["to"]!), (string)entry["appointment"]!)));
                cursor = (string?)body["cursor"];
            }

            Assert.NotEmpty(entries);
            Assert.All(entries.Order().Zip(entries.Order().Skip(1)), pair => Assert.True(pair.First.To <= pair.Second.From, $"{room}: {pair}"));
        }

        static NodaTime.Instant At(System.Text.Json.Nodes.JsonNode text) => InstantPattern.ExtendedIso.Parse((string)text!).Value;
    }

    /// <summary>Each number of each calendar was given once, and each version of each appointment; whoever was told one was told of a change of his own.</summary>
    private static async Task Counted(string database, Racers racers)
    {
        Assert.Empty(await Savers.Texts(database, """
            SELECT format('calendar %s: %s changes, numbered %s to %s, of which %s differ; its version is %s', c.id, count(g.*), min(g.v), max(g.v), count(DISTINCT g.v), c.version)
            FROM calendar c LEFT JOIN (SELECT n.calendar, n.v FROM trail, unnest(calendars, versions) n (calendar, v)) g ON g.calendar = c.key
            GROUP BY c.id, c.version HAVING count(g.*) <> c.version OR count(DISTINCT g.v) <> c.version OR max(g.v) <> c.version OR min(g.v) <> 1
            """));
        Assert.Empty(await Savers.Texts(database, """
            SELECT format('appointment %s has %s versions up to %s', appointment, count(*), max(version)) FROM trail
            WHERE appointment IS NOT NULL AND series IS NULL AND kind <> 'deleted'
            GROUP BY appointment HAVING count(*) <> max(version) OR count(DISTINCT version) <> max(version)
            """));
        var stored = (await Savers.Texts(database, "SELECT appointment || ' ' || version FROM trail WHERE appointment IS NOT NULL AND kind <> 'deleted'")).ToHashSet();
        Assert.Subset(stored, racers.Told.SelectMany(pair => pair.Value.Select(version => $"{pair.Key} {version}")).ToHashSet());
    }

    /// <summary>Somebody who keeps a copy of a calendar by its changes, from whichever server is at hand, until the race is over and once more.</summary>
    private static async Task<(string Calendar, string Seen)> Follow(KalendsProcess[] servers, string calendar, Task racing)
    {
        var copy = new Dictionary<string, long>();
        string? token = null;
        for (var turn = 0; ; turn++)
        {
            var last = racing.IsCompleted;
            (token, var seen) = await Known(servers[turn % servers.Length], calendar, token, copy);
            if (last)
            {
                return (calendar, seen);
            }

            await Task.Delay(50, Stopped);
        }
    }

    private static async Task<(string? Token, string Known)> Known(
        KalendsProcess server, string calendar, string? since, Dictionary<string, long>? copy = null)
    {
        copy ??= [];
        for (var more = true; more;)
        {
            var (status, body) = await server.Post("queries/get-changes", $$"""
                {"calendar":"{{calendar}}"{{(since is null ? "" : $",\"since\":\"{since}\"")}}}
                """);
            Assert.True(status == HttpStatusCode.OK, body?.ToJsonString());
            foreach (var change in body!["changes"]!.AsArray())
            {
                if ((string)change!["kind"]! == "deleted")
                {
                    copy.Remove((string)change["id"]!);
                }
                else
                {
                    copy[(string)change["id"]!] = (long)change["version"]!;
                }
            }

            (since, more) = ((string)body["token"]!, (bool)body["more"]!);
        }

        return (since, string.Join('\n', copy.Select(pair => $"{pair.Key} {pair.Value}").Order(StringComparer.Ordinal)));
    }

    private static void Tell(Racers racers, object? deadlocks)
    {
        var output = TestContext.Current.TestOutputHelper!;
        output.WriteLine($"seed {Seed}, {Rounds.RaceSeconds} s, deadlocks that the database resolved: {deadlocks}");
        output.WriteLine(string.Join('\n', racers.Answers.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Value,8} {pair.Key}")));
    }
}
