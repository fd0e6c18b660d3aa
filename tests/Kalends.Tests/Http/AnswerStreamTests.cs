using System.Net;
using System.Text.Json.Nodes;
using Kalends.Tests.Conversations;

namespace Kalends.Tests.Http;

/// <summary>Queries that answer by events: each item as it is found, and the same as at once.</summary>
public sealed class AnswerStreamTests(EdgeHost host) : IClassFixture<EdgeHost>
{
    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("find-openings", "\"attendees\":[\"user:ana\"],\"duration\":\"PT1H\",\"step\":\"PT1H\",\"limit\":45,\"nearMisses\":2")]
    [InlineData("get-appointments", "\"attendees\":[\"user:ana\",\"user:ben\"],\"limit\":4")]
    public async Task Items_together_are_the_plain_answer(string name, string members)
    {
        var asked = $$"""{"timespan":{"from":"2026-11-02T00:00:00Z","to":"2026-11-09T00:00:00Z"},{{members}}}""";
        foreach (var day in new[] { "2026-11-02", "2026-11-03", "2026-11-05" })
        {
            var saved = await host.Ana.Post("/v1/commands/save-appointments", $$"""
                {"appointments":[{"title":"Budget","start":"{{day}}T09:00:00","timeZone":"UTC","duration":"PT1H","attendees":[{"calendar":"user:ana"},{"calendar":"user:ben"}]}]}
                """);
            Assert.True(saved.IsSuccessStatusCode);
        }

        var plain = JsonNode.Parse(await (await host.Ana.Post("/v1/queries/" + name, asked)).Content.ReadAsStringAsync(Stopped))!.AsObject();
        using var stream = await SseReader.Open(host.Ana, "/v1/queries/" + name, asked);
        var events = await stream.All();
        Assert.Equal("done", events[^1].Name);
        Assert.Contains(events, one => one.Name == "status" && (double)one.Data["progress"]! <= 1);
        List<JsonNode> items = [.. events.Where(one => one.Name == "item").Select(one => one.Data)];
        var together = events[^1].Data.AsObject();
        Assert.Equal(items.Count, (int)together["items"]!);
        Assert.True(items.Count > 3);
        Assert.True(together.Remove("items") && together.Remove("cursor") && plain.Remove("cursor"));
        Streamed.Put(together, items);
        Assert.True(JsonNode.DeepEquals(plain, together), $"{plain}\n{together}");
    }

    [Fact]
    public async Task The_first_item_is_there_before_the_last_is_found()
    {
        using var stream = await SseReader.Open(host.Ana, "/v1/queries/trickle?name=first&drops=3&milliseconds=200");
        Assert.Equal("item", (await stream.Next())!.Value.Name);
        Assert.True(Trickle.Taken.GetValueOrDefault("first") < 3);
        var events = await stream.All();
        Assert.Equal("""{"items":3,"else":"rest"}""", events[^1].Data.ToJsonString());
    }

    [Fact]
    public async Task What_is_refused_before_the_first_item_is_an_ordinary_problem()
    {
        using var invalid = await SseReader.Open(host.Ana, "/v1/queries/find-openings", "{}");
        await invalid.Response.Problem(HttpStatusCode.BadRequest, "invalid");
        using var late = await SseReader.Open(host.Ana, "/v1/queries/trickle?name=refused&ends=conflict");
        await late.Response.Problem(HttpStatusCode.Conflict, "conflict");
        using var bug = await SseReader.Open(host.Ana, "/v1/queries/trickle?name=refused&ends=bug");
        await bug.Response.Problem(HttpStatusCode.InternalServerError, "bug");
    }

    [Theory]
    [InlineData("conflict")]
    [InlineData("bug")]
    public async Task After_it_the_problem_is_an_event(string code)
    {
        using var stream = await SseReader.Open(host.Ana, "/v1/queries/trickle?name=late&drops=2&ends=" + code);
        var events = await stream.All();
        Assert.Equal(("error", code), (events[^1].Name, (string)events[^1].Data["code"]!));
        Assert.DoesNotContain("secret", events[^1].Data.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(2, events.Count(one => one.Name == "item"));
    }

    [Fact]
    public async Task It_may_take_no_longer_than_a_plain_answer()
    {
        await using var hasty = await EdgeHost.Start("--Kalends:Limits:RequestSeconds=1");
        using var stream = await SseReader.Open(hasty.Ana, "/v1/queries/trickle?name=long&drops=100&milliseconds=100");
        var events = await stream.All();
        Assert.Equal(("error", "unavailable"), (events[^1].Name, (string)events[^1].Data["code"]!));
    }

    [Fact]
    public async Task Whoever_leaves_stops_the_work()
    {
        using (var stream = await SseReader.Open(host.Ana, "/v1/queries/trickle?name=left&drops=100000&milliseconds=10"))
        {
            await stream.Next();
        }

        for (var attempt = 0; attempt < 200 && !Trickle.Stopped.ContainsKey("left"); attempt++)
        {
            await Task.Delay(25, Stopped);
        }

        Assert.True(Trickle.Stopped.ContainsKey("left"));
    }

    [Fact]
    public async Task Whoever_reads_slowly_holds_little_memory()
    {
        using var stream = await SseReader.Open(host.Ana, "/v1/queries/trickle?name=slow&drops=100000&bytes=10000");
        await stream.Next();
        var before = -1;
        for (var now = 0; now != before; now = Trickle.Taken["slow"])
        {
            before = now;
            await Task.Delay(300, Stopped);
        }

        // Of a gigabyte: what the connection's own buffers take.
        Assert.InRange(before, 1, 2_000);
    }

    [Theory]
    [InlineData("application/json", "application/json")]
    [InlineData("*/*", "application/json")]
    [InlineData("application/json, text/event-stream;q=0.5", "application/json")]
    [InlineData("text/event-stream;q=0", "application/json")]
    [InlineData("application/json;q=0.1, text/event-stream", "text/event-stream")]
    public async Task Events_come_where_they_are_asked_for(string accepted, string answered)
    {
        using var answer = await host.Ana.Get(
            "/v1/queries/get-appointments?from=2026-11-02T00:00:00Z&to=2026-11-03T00:00:00Z&attendees=user:ana", ("Accept", accepted));
        Assert.Equal(answered, answer.Content.Headers.ContentType?.MediaType);
    }
}
