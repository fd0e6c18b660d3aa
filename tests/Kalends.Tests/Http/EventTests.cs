using System.Net;
using NodaTime;

namespace Kalends.Tests.Http;

/// <summary>The live feed as server-sent events, over real connections.</summary>
public sealed class EventTests(EdgeHost host) : IClassFixture<EdgeHost>
{
    private const string Save = """{"appointments":[{"title":"Budget","start":"2026-11-23T09:00:00","timeZone":"UTC","duration":"PT1H"}]}""";

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_come_as_a_stream_that_goes_on_after_its_last_id()
    {
        using var answer = await Open(host.Ana, "/v1/events?calendar=user%3Aana");
        Assert.Equal(("text/event-stream", "no-store", "no"),
            (answer.Content.Headers.ContentType?.ToString(), answer.Headers.CacheControl?.ToString(), answer.Headers.GetValues("X-Accel-Buffering").Single()));
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Stopped));
        var begin = await Block(reader);
        Assert.Equal("retry: 1000", begin[0]);
        await host.Ana.Post("/v1/commands/save-appointments", Save);
        var told = await Block(reader);
        Assert.Equal("event: kalends.appointment.created.v1", told[1]);
        var json = System.Text.Json.Nodes.JsonNode.Parse(told[2]["data: ".Length..])!;
        Assert.NotNull((string?)json["kalendsrequest"]);
        Assert.Equal(3, told.Count);

        foreach (var again in new[]
        {
            await Open(host.Ana, "/v1/events", begin[1]["id: ".Length..]), await Open(host.Ana, $"/v1/events?lastEventId={begin[1]["id: ".Length..]}"),
        })
        {
            using var second = new StreamReader(await again.Content.ReadAsStreamAsync(Stopped));
            await Block(second);
            Assert.Equal(told[2], (await Block(second))[2]);
            again.Dispose();
        }
    }

    [Theory]
    [InlineData("/v1/events?type=kalends.appointment.x.v1", "/type/0")]
    [InlineData("/v1/events?calendar=", "/calendar/0")]
    [InlineData("/v1/events?calender=user:ana", "/calender")]
    [InlineData("/v1/events?lastEventId=forged", "/lastEventId")]
    [InlineData("/v1/events?lastEventId=a&lastEventId=b", "/lastEventId")]
    public async Task What_cannot_be_meant_is_refused_with_its_place(string address, string pointer)
    {
        var problem = await (await host.Ana.Get(address)).Problem(HttpStatusCode.BadRequest, "invalid");
        Assert.Equal(pointer, problem.GetProperty("errors")[0].Text("pointer"));
    }

    [Fact]
    public async Task A_token_that_may_not_read_hears_nothing()
    {
        using var client = host.As(EdgeHost.Token(scope: "kalends.write"));
        await (await client.Get("/v1/events")).Problem(HttpStatusCode.Forbidden, "forbidden");
    }

    [Fact]
    public async Task The_stream_ends_with_its_token()
    {
        // Within the skew of clocks, so that two seconds of it are left.
        using var client = host.As(EdgeHost.Key.Token("acme", new("user:ana"), "web", ["kalends.read"], Duration.FromSeconds(-28)));
        using var answer = await Open(client, "/v1/events");
        var text = await answer.Content.ReadAsStringAsync(Stopped).WaitAsync(TimeSpan.FromSeconds(20), Stopped);
        Assert.EndsWith("\n\n", text, StringComparison.Ordinal);
        await (await client.Get("/v1/events")).Problem(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Fact]
    public async Task One_person_and_one_process_have_so_many_and_a_place_is_free_again()
    {
        await using var own = await EdgeHost.Start("--Kalends:Limits:ListenersPerPerson=1", "--Kalends:Limits:Listeners=2");
        using var ben = own.As(EdgeHost.Token("user:ben"));
        using var cy = own.As(EdgeHost.Token("user:cy"));
        var first = await Open(own.Ana, "/v1/events");
        Assert.NotNull((await own.Ana.Get("/v1/events")).Headers.RetryAfter);
        await (await own.Ana.Get("/v1/events")).Problem(HttpStatusCode.TooManyRequests, "too-many-requests");
        using var second = await Open(ben, "/v1/events");
        await (await cy.Get("/v1/events")).Problem(HttpStatusCode.ServiceUnavailable, "unavailable");
        first.Dispose();
        for (var attempt = 0; attempt < 200; attempt++)
        {
            using var again = await own.Ana.GetAsync(new Uri("/v1/events", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Stopped);
            if (again.IsSuccessStatusCode)
            {
                return;
            }

            await Task.Delay(20, Stopped);
        }

        Assert.Fail("the place of who left was not free again");
    }

    [Fact]
    public async Task A_process_that_is_told_to_stop_ends_its_streams_at_once()
    {
        await using var own = await EdgeHost.Start();
        using var answer = await Open(own.Ana, "/v1/events");
        var whole = answer.Content.ReadAsStringAsync(Stopped);
        await own.Stop().WaitAsync(TimeSpan.FromSeconds(5), Stopped);
        Assert.EndsWith("\n\n", await whole, StringComparison.Ordinal);
    }

    private static async Task<HttpResponseMessage> Open(HttpClient client, string address, string? lastId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, UriKind.Relative));
        if (lastId is not null)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", lastId);
        }

        var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Stopped);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return answer;
    }

    private static async Task<List<string>> Block(StreamReader reader)
    {
        var lines = new List<string>();
        while (await reader.ReadLineAsync(Stopped).AsTask().WaitAsync(TimeSpan.FromSeconds(20), Stopped) is { Length: > 0 } line)
        {
            lines.Add(line);
        }

        return lines;
    }
}
