using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Kalends.Tests.Postgres;

namespace Kalends.Tests.Processes;

/// <summary>Servers are killed while four writers save: who listens and comes back hears each acknowledged change once, and in order.</summary>
[Collection(nameof(WholeServers))]
public sealed class FeedKillTests
{
    private const int Writers = 4;

    private readonly ConcurrentDictionary<string, string> acknowledged = new();
    private readonly ConcurrentQueue<(string Id, string Person)> heard = new();
    private volatile KalendsProcess? server;
    private volatile bool isOver;
    private volatile string complaint = "";

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_is_missed_and_nothing_heard_twice_over_kills()
    {
        using var folder = new KalendsFolder();
        await HearsAll(folder, kills: 2);
    }

    [Fact]
    public async Task Nothing_is_missed_and_nothing_heard_twice_over_kills_on_PostgreSQL()
    {
        var database = await PrivateCluster.Database();
        using (var folder = new KalendsFolder { Store = database })
        {
            await HearsAll(folder, kills: 2);
        }

        await PrivateCluster.Drop(database);
    }

    private volatile bool isListening;

    private async Task HearsAll(KalendsFolder folder, int kills)
    {
        try
        {
            await HearsOver(folder, kills);
        }
        finally
        {
            // Also where it came to nothing: who listens would go on, and the server with them.
            isOver = true;
            await server!.DisposeAsync();
        }
    }

    private async Task HearsOver(KalendsFolder folder, int kills)
    {
        server = await KalendsProcess.Start(folder);
        var listening = Listen(folder);
        await Until(() => isListening);
        for (var round = 0; round <= kills; round++)
        {
            var current = server!;
            var writers = Enumerable.Range(0, Writers).Select(writer => Write(current, $"user:w{writer}")).ToList();
            var before = acknowledged.Count;
            await Until(() => acknowledged.Count > before + 20 + (7 * round));
            current.Kill();
            await Task.WhenAll(writers);
            await current.DisposeAsync();
            server = await KalendsProcess.Start(folder);
        }

        await Until(
            () => acknowledged.Keys.All(heard.Select(one => one.Id).ToHashSet().Contains),
            () => $"of {acknowledged.Count} changes {heard.Count} were heard; {complaint}\n{server!.Log}");
        await Task.Delay(100, Stopped);
        isOver = true;
        server!.Kill();
        await listening;
        var all = heard.ToList();
        Assert.Equal(all.Count, all.Select(one => one.Id).Distinct().Count());
        foreach (var writer in acknowledged.Values.Distinct())
        {
            // A writer saves one after the other, and ids are in the order of time.
            var own = all.Where(one => one.Person == writer && acknowledged.ContainsKey(one.Id)).Select(one => one.Id).ToList();
            Assert.Equal(order.Where(one => one.Person == writer).Select(one => one.Id), own);
        }
    }

    private readonly ConcurrentQueue<(string Id, string Person)> order = new();

    private async Task Write(KalendsProcess writing, string person)
    {
        try
        {
            while (true)
            {
                await Save(writing, person);
            }
        }
        catch (Exception gone) when (gone is HttpRequestException or IOException or System.Text.Json.JsonException)
        {
            // It was killed.
        }
    }

    private async Task Save(KalendsProcess writing, string person)
    {
        var (status, body) = await writing.Post(
            "commands/save-appointments", """{"appointments":[{"start":"2026-11-23T09:00:00","timeZone":"UTC","duration":"PT1H"}]}""", person);
        if (status == HttpStatusCode.OK)
        {
            var id = (string)body!["saved"]![0]!["id"]!;
            acknowledged[id] = person;
            order.Enqueue((id, person));
        }
    }

    private async Task Listen(KalendsFolder folder)
    {
        string? last = null;
        while (!isOver)
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/events");
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", folder.Token("user:listener"));
                if (last is not null)
                {
                    request.Headers.TryAddWithoutValidation("Last-Event-ID", last);
                }

                using var answer = await server!.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Stopped);
                answer.EnsureSuccessStatusCode();
                using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Stopped));
                string? id = null, data = null;
                while (await reader.ReadLineAsync(Stopped) is { } line)
                {
                    (id, data) = line switch
                    {
                        _ when line.StartsWith("id: ", StringComparison.Ordinal) => (line[4..], data),
                        _ when line.StartsWith("data: ", StringComparison.Ordinal) => (id, line[6..]),
                        _ => (id, data),
                    };
                    if (line.Length == 0)
                    {
                        (last, isListening) = (id, true);
                        if (data is not null && JsonNode.Parse(data) is { } told)
                        {
                            heard.Enqueue(((string)told["data"]!["id"]!, (string)told["data"]!["owner"]!));
                        }

                        data = null;
                    }
                }
            }
            catch (Exception gone) when (gone is HttpRequestException or IOException or ObjectDisposedException or OperationCanceledException)
            {
                complaint = gone.Message;
                await Task.Delay(20, Stopped);
            }
        }
    }

    private static async Task Until(Func<bool> holds, Func<string>? says = null)
    {
        for (var attempt = 0; !holds(); attempt++)
        {
            Assert.True(attempt < 3_000, attempt < 3_000 ? "" : says?.Invoke() ?? "it did not come to that");
            await Task.Delay(10, Stopped);
        }
    }
}
