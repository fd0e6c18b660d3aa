using System.Net;
using System.Text.Json.Nodes;
using Kalends.Tests.Postgres;
using NodaTime;
using NodaTime.Text;

namespace Kalends.Tests.Processes;

/// <summary>Two servers on one store, each with a cache of its own and no word between them: what one has acknowledged the other knows at once.</summary>
[Collection(nameof(WholeServers))]
public sealed class FreshnessTests
{
    private const int Workers = 4;
    private const int Rounds = 60;

    [Fact]
    public async Task What_one_server_acknowledged_the_other_knows()
    {
        using var folder = new KalendsFolder();
        await NothingIsStale(folder);
    }

    [Fact]
    public async Task What_one_server_acknowledged_the_other_knows_on_PostgreSQL()
    {
        var database = await PrivateCluster.Database();
        using (var folder = new KalendsFolder { Store = database })
        {
            await NothingIsStale(folder);
        }

        await PrivateCluster.Drop(database);
    }

    private static async Task NothingIsStale(KalendsFolder folder)
    {
        await using var first = await KalendsProcess.Start(folder);
        await using var second = await KalendsProcess.Start(folder);
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => Work(worker, first, second)));
        await Soundness.Check(folder);
    }

    /// <summary>Each worker has hours of its own, in its own calendar and one that all share, so that versions rise under everybody's feet.</summary>
    private static async Task Work(int worker, params KalendsProcess[] servers)
    {
        var person = $"user:w{worker}";
        for (var round = 0; round < Rounds; round++)
        {
            var (writer, reader) = (servers[round % 2], servers[(round + 1) % 2]);
            var from = Instant.FromUtc(2026, 11, 2 + (round % 20), 2 + (worker * 5), 0);
            var id = (string)(await Done(writer, person, "commands/save-appointments", $$"""
                {"appointments":[{"title":"r{{round}}","start":"{{LocalDateTimePattern.GeneralIso.Format(from.InUtc().LocalDateTime)}}","timeZone":"UTC","duration":"PT1H",
                 "attendees":[{"calendar":"{{person}}","response":"accepted"},{"calendar":"group:all","response":"accepted"}]}]}
                """))["saved"]![0]!["id"]!;
            await Sees(reader, person, from, $"r{round}");
            await Done(writer, person, "commands/delete-appointments", $$"""{"appointments":[{"id":"{{id}}"}]}""");
            await Sees(reader, person, from, null);
        }
    }

    private static async Task Sees(KalendsProcess server, string person, Instant from, string? title)
    {
        var asked = $$"""
            {"timespan":{"from":"{{from}}","to":"{{from + Duration.FromHours(1)}}"},"attendees":["{{person}}","group:all"]
            """;
        var conflicts = (await Done(server, person, "queries/check-for-conflicts", asked + "}"))["conflicts"]!.AsArray();
        Assert.Equal(title is null ? [] : [title, title], conflicts.SelectMany(calendar => calendar!["busy"]!.AsArray()).Select(busy => (string)busy!["title"]!));
        var openings = (await Done(server, person, "queries/find-openings", asked + ",\"duration\":\"PT1H\"}"))["openings"]!.AsArray();
        Assert.Equal(title is null ? 1 : 0, openings.Count);
    }

    private static async Task<JsonNode> Done(KalendsProcess server, string person, string path, string json)
    {
        var (status, body) = await server.Post(path, json, person);
        Assert.True(status == HttpStatusCode.OK, $"{path}: {body}");
        return body!;
    }
}
