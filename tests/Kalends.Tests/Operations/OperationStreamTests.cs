using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Kalends.Tests.Http;

namespace Kalends.Tests.Operations;

/// <summary>How far an operation is, told as it changes.</summary>
public sealed class OperationStreamTests(EdgeHost host) : IClassFixture<EdgeHost>
{
    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Parts_are_told_as_they_are_done_and_the_end_is_what_is_answered()
    {
        var location = await Begin(host.Ana, "count-up", """{"milliseconds":250}""");
        using var stream = await SseReader.Open(host.Ana, location);
        var events = await stream.All();
        Assert.All(events[..^1], one => Assert.Equal("status", one.Name));
        Assert.Contains(events, one => one.Data["progress"]?.ToJsonString() is """{"done":1,"left":2}""" or """{"done":2,"left":1}""");
        var (name, done) = events[^1];
        Assert.Equal(("done", "done", 3), (name, (string)done["status"]!, (int)done["result"]!["parts"]!));
        var plain = JsonNode.Parse(await (await host.Ana.Get(location)).Content.ReadAsStringAsync(Stopped));
        Assert.True(JsonNode.DeepEquals(plain, done), $"{plain}\n{done}");
        Assert.Equal(events.Select(one => one.Data.ToJsonString()).Distinct().Count(), events.Count);
    }

    [Fact]
    public async Task Nobody_else_is_told()
    {
        var location = await Begin(host.Ana, "keep", """{"text":"x"}""");
        using var ben = host.As(EdgeHost.Token("user:ben"));
        using var stream = await SseReader.Open(ben, location);
        await stream.Response.Problem(HttpStatusCode.NotFound, "not-found");
    }

    [Fact]
    public async Task What_is_called_off_is_over()
    {
        await using var idle = await EdgeHost.Start("--Kalends:Queue:Workers=0");
        var location = await Begin(idle.Ana, "keep", """{"text":"x"}""");
        using var stream = await SseReader.Open(idle.Ana, location);
        Assert.Equal("waiting", (string)(await stream.Next())!.Value.Data["status"]!);
        await idle.Ana.DeleteAsync(new Uri(location, UriKind.Relative), Stopped);
        var (name, data) = (await stream.Next())!.Value;
        Assert.Equal(("done", "cancelled"), (name, (string)data["status"]!));
        Assert.Null(await stream.Next());
    }

    [Fact]
    public async Task A_person_follows_no_more_at_once_than_they_may_listen_to()
    {
        await using var idle = await EdgeHost.Start("--Kalends:Queue:Workers=0", "--Kalends:Limits:ListenersPerPerson=1");
        var location = await Begin(idle.Ana, "keep", """{"text":"x"}""");
        using (var first = await SseReader.Open(idle.Ana, location))
        {
            await first.Next();
            using var second = await SseReader.Open(idle.Ana, location);
            await second.Response.Problem(HttpStatusCode.TooManyRequests, "too-many-requests");
        }

        for (var attempt = 0; ; attempt++)
        {
            using var third = await SseReader.Open(idle.Ana, location);
            if (third.Response.IsSuccessStatusCode)
            {
                return;
            }

            Assert.True(attempt < 100, "the seat of who left was not given back");
            await Task.Delay(25, Stopped);
        }
    }

    private static async Task<string> Begin(HttpClient client, string command, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/commands/" + command, UriKind.Relative))
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("Prefer", "respond-async");
        using var answer = await client.SendAsync(request, Stopped);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        return answer.Headers.Location!.ToString();
    }
}
