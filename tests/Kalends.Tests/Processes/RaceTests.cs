using System.Net;
using Kalends.Tests.Postgres;

namespace Kalends.Tests.Processes;

/// <summary>Many writers at once, from one process and from two on the same file.</summary>
[Collection(nameof(WholeServers))]
public sealed class RaceTests
{
    [Fact]
    public async Task One_of_two_hundred_writers_gets_the_slot_a_hundred_times()
    {
        using var folder = new KalendsFolder();
        await using var server = await KalendsProcess.Start(folder);
        for (var round = 0; round < 100; round++)
        {
            await ExactlyOneWins([server], 200, round);
        }

        await Soundness.Check(folder);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_of_sixty_four_equal_requests_wins_over_two_processes(bool cached)
    {
        using var folder = new KalendsFolder { HasCache = cached };
        await using var first = await KalendsProcess.Start(folder);
        await using var second = await KalendsProcess.Start(folder);
        for (var round = 0; round < 20; round++)
        {
            await ExactlyOneWins([first, second], 64, round);
        }

        await Soundness.Check(folder);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_of_sixty_four_equal_requests_wins_over_two_processes_on_PostgreSQL(bool cached)
    {
        var database = await PrivateCluster.Database();
        using (var folder = new KalendsFolder { Store = database, HasCache = cached })
        {
            await using var first = await KalendsProcess.Start(folder);
            await using var second = await KalendsProcess.Start(folder);
            for (var round = 0; round < 20; round++)
            {
                await ExactlyOneWins([first, second], 64, round);
            }

            await Soundness.Check(folder);
        }

        await PrivateCluster.Drop(database);
    }

    [Fact]
    public async Task Of_saves_against_one_version_one_wins()
    {
        using var folder = new KalendsFolder();
        await using var server = await KalendsProcess.Start(folder);
        const string Meeting = "\"start\":\"2026-11-23T09:00:00\",\"timeZone\":\"UTC\",\"duration\":\"PT1H\"";
        var id = (string)(await server.Post("commands/save-appointments", $$"""{"appointments":[{{{Meeting}}}]}""")).Body!["saved"]![0]!["id"]!;
        var version = 1L;
        for (var round = 0; round < 20; round++)
        {
            var save = $$"""{"appointments":[{"id":"{{id}}","version":{{version}},{{Meeting}}}]}""";
            var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => server.Post("commands/save-appointments", save)));
            Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
            Assert.All(answers.Where(answer => answer.Status != HttpStatusCode.OK), answer =>
                Assert.Equal((HttpStatusCode.Conflict, "stale-version"), (answer.Status, (string)answer.Body!["code"]!)));
            // A plain save in between is never refused, and makes every version known before it stale.
            var plain = await server.Post("commands/save-appointments", $$"""{"appointments":[{"id":"{{id}}",{{Meeting}}}]}""");
            Assert.Equal(version + 2, (long)plain.Body!["saved"]![0]!["version"]!);
            version += 2;
        }

        await Soundness.Check(folder);
    }

    private static async Task ExactlyOneWins(KalendsProcess[] servers, int writers, int round)
    {
        var start = new NodaTime.LocalDateTime(2026, 1, 1, 8, 0).PlusHours(round);
        var answers = await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => servers[writer % servers.Length].Post(
            "commands/save-appointments",
            $$"""
            {"appointments":[{"start":"{{start:uuuu-MM-dd'T'HH:mm:ss}}","timeZone":"UTC","duration":"PT1H",
             "attendees":[{"calendar":"user:u{{writer}}"},{"calendar":"room:paris-3"}]}]}
            """,
            $"user:u{writer}")));
        Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
        // Each server has seen the room free an hour ago, and sees it taken now.
        foreach (var server in servers)
        {
            var end = start.PlusHours(1);
            var seen = await server.Post(
                "queries/get-free-busy",
                $$"""{"timespan":{"from":"{{start:uuuu-MM-dd'T'HH:mm:ss}}Z","to":"{{end.PlusHours(1):uuuu-MM-dd'T'HH:mm:ss}}Z"},"attendees":["room:paris-3"]}""");
            var busy = Assert.Single(seen.Body!["calendars"]![0]!["busy"]!.AsArray());
            Assert.Equal($"{end:uuuu-MM-dd'T'HH:mm:ss}Z", (string)busy!["to"]!);
        }

        Assert.All(answers.Where(answer => answer.Status != HttpStatusCode.OK), answer =>
        {
            Assert.Equal((HttpStatusCode.Conflict, "conflict"), (answer.Status, (string)answer.Body!["code"]!));
            Assert.Equal("room:paris-3", (string)answer.Body["conflicts"]![0]!["calendar"]!);
        });
    }
}
