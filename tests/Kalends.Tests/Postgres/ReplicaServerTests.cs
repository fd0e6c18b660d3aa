using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Kalends.Tests.Http;
using Kalends.Tests.Processes;

namespace Kalends.Tests.Postgres;

/// <summary>A server in a process of its own that reads from a replica: the headers, what it logs, and that it stays ready without one.</summary>
[Collection(nameof(OnReplicas))]
public sealed class ReplicaServerTests(ReplicatedCluster cluster)
{
    private const string November = """{"timespan":{"from":"2026-11-01T00:00:00Z","to":"2026-12-01T00:00:00Z"},"attendees":["user:ana"],"limit":1000}""";

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_reads_its_own_writes_by_the_header_and_outlives_its_replica()
    {
        using var folder = new KalendsFolder { Store = await cluster.Database() };
        folder.Settings["ConnectionStrings__KalendsReplicas"] = cluster.Replicas;
        await using var server = await KalendsProcess.Start(folder);
        await Says(server, $"The replica 127.0.0.1:{cluster.Group.Port(ReplicatedCluster.Replica)} is used.");
        await SaveAndRead(server, folder, from: 0);

        await cluster.Group.Kill(ReplicatedCluster.Replica);
        await SaveAndRead(server, folder, from: 20);
        await Says(server, $"The replica 127.0.0.1:{cluster.Group.Port(ReplicatedCluster.Replica)} is not used for now. The database cannot be reached");
        Assert.Equal(HttpStatusCode.OK, (await server.Client.GetAsync(new Uri("/readyz", UriKind.Relative), Stopped)).StatusCode);
        await SaveAndRead(server, folder, from: 40);

        await cluster.StartReplica();
        await SaveAndRead(server, folder, from: 60);
        using var wrong = await Send(server, folder, "queries/get-appointments", November, "yesterday");
        var problem = await wrong.Problem(HttpStatusCode.BadRequest, "invalid");
        Assert.StartsWith("Kalends-Position must be", problem.Text("detail"), StringComparison.Ordinal);
    }

    private static async Task SaveAndRead(KalendsProcess server, KalendsFolder folder, int from)
    {
        for (var number = from; number < from + 20; number++)
        {
            using var saved = await Send(server, folder, "commands/save-appointments", $$"""{"appointments":[{{ReplicaDesk.At(1 + (number % 28), number % 23)}}]}""");
            Assert.Equal(HttpStatusCode.OK, saved.StatusCode);
            using var found = await Send(server, folder, "queries/get-appointments", November, saved.Headers.GetValues("Kalends-Position").Single());
            Assert.Equal(HttpStatusCode.OK, found.StatusCode);
            Assert.Equal(number + 1, JsonNode.Parse(await found.Content.ReadAsStringAsync(Stopped))!["entries"]!.AsArray().Count);
        }
    }

    private static async Task Says(KalendsProcess server, string sentence)
    {
        for (var attempt = 0; !server.Log.ToString().Contains(sentence, StringComparison.Ordinal); attempt++)
        {
            Assert.True(attempt < 1_500, $"\"{sentence}\" is not in the log:\n{server.Log}");
            await Task.Delay(20, Stopped);
        }
    }

    private static async Task<HttpResponseMessage> Send(KalendsProcess server, KalendsFolder folder, string path, string json, string? position = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/" + path) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", folder.Token("user:ana"));
        if (position is not null)
        {
            request.Headers.Add("Kalends-Position", position);
        }

        return await server.Client.SendAsync(request, Stopped);
    }
}
