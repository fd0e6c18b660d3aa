using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Kalends.Tests.Postgres;

namespace Kalends.Tests.Processes;

/// <summary>
/// Consumers that fall over at any moment and go on at either of two servers: each change reaches each of them once, and those of a calendar in their order.
/// KALENDS_PUBLICATIONS=1000000 publishes so many.
/// </summary>
[Collection(nameof(WholeServers))]
public sealed class RestartingConsumersTests
{
    private const int Writers = 2;
    private const int Consumers = 3;

    private readonly ConcurrentDictionary<string, List<string>> saved = new();
    private int restarts;

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_change_reaches_each_once_and_those_of_a_calendar_in_their_order()
    {
        var count = int.Parse(Environment.GetEnvironmentVariable("KALENDS_PUBLICATIONS") ?? "4000", CultureInfo.InvariantCulture);
        var database = await PrivateCluster.Database();
        using (var folder = new KalendsFolder { Store = database })
        {
            await using var first = await KalendsProcess.Start(folder);
            await using var second = await KalendsProcess.Start(folder);
            var begun = Enumerable.Range(0, Consumers).Select(_ => new TaskCompletionSource()).ToList();
            var consuming = Enumerable.Range(0, Consumers).Select(number => Consume(folder, [first, second], number, count, begun[number])).ToList();
            await Task.WhenAll(begun.Select(one => one.Task));
            var watch = Stopwatch.StartNew();
            await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Write(writer % 2 == 0 ? first : second, $"user:w{writer}", count / Writers)));
            var written = watch.Elapsed;
            foreach (var heard in await Task.WhenAll(consuming))
            {
                Assert.Equal(saved.Keys.Order(), heard.Keys.Order());
                Assert.All(saved, own => Assert.Equal(own.Value, heard[own.Key]));
            }

            TestContext.Current.SendDiagnosticMessage(
                "{0:N0} publications written in {1:F0} s, heard by {2} consumers with {3} restarts after {4:F0} s", count, written.TotalSeconds, Consumers, restarts,
                watch.Elapsed.TotalSeconds);
            Assert.True(restarts >= Consumers, $"only {restarts} restarts");
        }

        await PrivateCluster.Drop(database);
    }

    /// <summary>One command after the other; some of them large.</summary>
    private async Task Write(KalendsProcess server, string person, int count)
    {
        var (own, dice) = (saved.GetOrAdd(person, []), new Random(person[^1]));
        while (own.Count < count)
        {
            var some = Math.Min(count - own.Count, dice.Next(4) == 0 ? dice.Next(1, 10) : 500);
            var appointments = string.Join(',', Enumerable.Repeat("""{"start":"2026-11-23T09:00:00","timeZone":"UTC","duration":"PT1H"}""", some));
            var (status, body) = await server.Post("commands/save-appointments", $$"""{"appointments":[{{appointments}}]}""", person);
            Assert.True(status == HttpStatusCode.OK, body?.ToJsonString());
            own.AddRange(body!["saved"]!.AsArray().Select(one => (string)one!["id"]!));
        }
    }

    /// <summary>Until it has heard so many; the answer is what it heard of each calendar.</summary>
    private async Task<Dictionary<string, List<string>>> Consume(KalendsFolder folder, KalendsProcess[] servers, int number, int count, TaskCompletionSource begun)
    {
        var (heard, total, last, dice) = (new Dictionary<string, List<string>>(), 0, (string?)null, new Random(number));
        while (total < count)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/events");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", folder.Token($"user:consumer{number}"));
            if (last is not null)
            {
                request.Headers.TryAddWithoutValidation("Last-Event-ID", last);
            }

            using var answer = await servers[dice.Next(servers.Length)].Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Stopped);
            answer.EnsureSuccessStatusCode();
            using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Stopped));
            var (id, data) = (last, (string?)null);
            // It falls over in the middle of an event as well as after one.
            for (var lines = dice.Next(10, Math.Max(1_000, count / 5)); lines > 0 && total < count && await reader.ReadLineAsync(Stopped) is { } line; lines--)
            {
                (id, data) = line switch
                {
                    _ when line.StartsWith("id: ", StringComparison.Ordinal) => (line[4..], data),
                    _ when line.StartsWith("data: ", StringComparison.Ordinal) => (id, line[6..]),
                    _ => (id, data),
                };
                if (line.Length > 0)
                {
                    continue;
                }

                begun.TrySetResult();
                last = id;
                if (data is not null)
                {
                    var told = JsonNode.Parse(data)!["data"]!;
                    var owner = (string)told["owner"]!;
                    (heard.TryGetValue(owner, out var own) ? own : heard[owner] = []).Add((string)told["id"]!);
                    (data, total) = (null, total + 1);
                }
            }

            Interlocked.Increment(ref restarts);
        }

        return heard;
    }
}
