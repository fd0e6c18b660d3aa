using System.Collections.Concurrent;
using System.Net;
using Kalends.Tests.Faults;
using Kalends.Tests.Postgres;
using Kalends.Tests.Processes;

namespace Kalends.Tests.Webhooks;

/// <summary>The server is killed while it delivers and writers save: each acknowledged change arrives, and those of each calendar in their order.</summary>
[Collection(nameof(WholeServers))]
public sealed class WebhookKillTests
{
    private const int Writers = 3;

    private readonly ConcurrentQueue<(string Id, string Person)> acknowledged = new();

    [Fact]
    public async Task Nothing_is_passed_over_by_kills()
    {
        using var folder = new KalendsFolder { Settings = Settings() };
        await Arrives(folder);
    }

    [Fact]
    public async Task Nothing_is_passed_over_by_kills_on_PostgreSQL()
    {
        var database = await PrivateCluster.Database();
        using (var folder = new KalendsFolder { Store = database, Settings = Settings() })
        {
            await Arrives(folder);
        }

        await PrivateCluster.Drop(database);
    }

    private static Dictionary<string, string> Settings() => new()
    {
        ["Kalends__Outgoing__AllowPrivate"] = "true", ["Kalends__Outgoing__AllowHttp"] = "true", ["Kalends__Queue__LeaseSeconds"] = "1",
    };

    private async Task Arrives(KalendsFolder folder)
    {
        await using var receiver = await Receiver.Start();
        var server = await KalendsProcess.Start(folder);
        try
        {
            var (status, body) = await server.Post(
                "commands/subscribe-webhook", $$"""{"uri":"{{receiver.Address}}/hook","types":["kalends.appointment.created.v1"]}""", "user:listener");
            Assert.True(status == HttpStatusCode.OK, body?.ToJsonString());
            for (var kill = 0; kill < Math.Max(1, Rounds.Kills / 2); kill++)
            {
                var writers = Enumerable.Range(0, Writers).Select(writer => Write(server, $"user:w{writer}")).ToList();
                var before = receiver.All.Count;
                await Queue.Office.Until(() => Task.FromResult(receiver.All.Count > before + 8));
                server.Kill();
                await Task.WhenAll(writers);
                await server.DisposeAsync();
                server = await KalendsProcess.Start(folder);
            }

            await Queue.Office.Until(
                () => Task.FromResult(acknowledged.Select(one => one.Id).ToHashSet().IsSubsetOf(receiver.All.Select(one => one.Subject))), seconds: 60);
        }
        finally
        {
            await server.DisposeAsync();
        }

        var first = receiver.All.Select(one => one.Subject).Distinct().ToList();
        foreach (var own in acknowledged.GroupBy(one => one.Person))
        {
            var ids = own.Select(one => one.Id).ToList();
            Assert.Equal(ids, first.Where(ids.Contains));
        }

        Assert.Equal(first.Count, receiver.All.Select(one => one.Id).Distinct().Count());
    }

    private async Task Write(KalendsProcess server, string person)
    {
        try
        {
            while (true)
            {
                var (status, body) = await server.Post(
                    "commands/save-appointments", """{"appointments":[{"start":"2026-11-23T09:00:00","timeZone":"UTC","duration":"PT1H"}]}""", person);
                if (status == HttpStatusCode.OK)
                {
                    acknowledged.Enqueue(((string)body!["saved"]![0]!["id"]!, person));
                }
            }
        }
        catch (Exception gone) when (gone is HttpRequestException or IOException or System.Text.Json.JsonException)
        {
            // It was killed.
        }
    }
}
