using System.Net;
using System.Text.Json;
using Kalends.Storage;

namespace Kalends.Tests.Http;

public sealed class EndpointTests(EdgeHost host) : IClassFixture<EdgeHost>
{
    private const string Asked = """{"timespan":{"from":"2026-11-23T08:00:00Z","to":"2026-11-23T09:00:00Z"},"attendees":["user:ana","user:ben"]}""";

    private const string InAddress = "/v1/queries/echo?from=2026-11-23T08:00:00Z&to=2026-11-23T09:00:00Z&attendees=user:ana&attendees=user:ben";

    [Fact]
    public async Task A_query_answers_its_result_and_knows_the_caller()
    {
        var answer = await host.Ana.Post("/v1/queries/echo", Asked);
        var json = await answer.Json();
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(("acme", "user:ana", "web"), (json.Text("tenant"), json.Text("person"), json.Text("app")));
        Assert.Equal(Asked, json.GetProperty("asked").GetRawText());
    }

    [Fact]
    public async Task A_flat_query_answers_GET_as_it_answers_POST()
    {
        var answer = await host.Ana.Get(InAddress + "&loud=true&times=3&mood=very-glad&text=a%20%2B+b%26c");
        var asked = (await answer.Json()).GetProperty("asked");
        Assert.Equal(["user:ana", "user:ben"], asked.GetProperty("attendees").EnumerateArray().Select(one => one.GetString()));
        Assert.True(asked.GetProperty("loud").GetBoolean());
        Assert.Equal((3, "very-glad", "a + b&c"), (asked.GetProperty("times").GetInt32(), asked.Text("mood"), asked.Text("text")));
    }

    [Theory]
    [InlineData("/v1/queries/echo?from=2026-11-23T08:00:00Z&attendees=user:ana", "/timespan/to")]
    [InlineData(InAddress + "&louder=true", "/louder")]
    [InlineData(InAddress + "&loud=yes", "/loud")]
    [InlineData(InAddress + "&times=many", "/times")]
    [InlineData(InAddress + "&times=3&times=4", "/times")]
    [InlineData(InAddress + "&mood=glad", "/mood")]
    [InlineData(InAddress + "&from=2026-11-23T08:00:00Z", "/timespan/from")]
    [InlineData(InAddress + "&attendees=", "/attendees/2")]
    [InlineData(InAddress + "&dryRun=true", "/dryRun")]
    public async Task Parameters_are_refused_by_the_member_they_stand_for(string address, string pointer)
    {
        var problem = await (await host.Ana.Get(address)).Problem(HttpStatusCode.BadRequest, "invalid");
        Assert.Contains(pointer, problem.Pointers());
    }

    [Fact]
    public async Task All_faults_of_a_body_are_told_at_once()
    {
        var problem = await (await host.Ana.Post("/v1/queries/echo", """{"attendees":["user:ana",""],"tims":3,"loud":1}"""))
            .Problem(HttpStatusCode.BadRequest, "invalid");
        Assert.Equal(["/attendees/1", "/loud", "/timespan", "/tims"], problem.Pointers().Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"text\":\"\\ud800\"}")]
    [InlineData("{\"times\":1e999}")]
    public async Task A_body_that_is_no_request_is_refused(string body) =>
        await (await host.Ana.Post("/v1/queries/echo", body)).Problem(HttpStatusCode.BadRequest, "invalid");

    [Fact]
    public async Task A_body_of_invalid_UTF8_is_refused()
    {
        byte[] body = [.. "{\"text\":\""u8, 0xC3, 0x28, .. "\"}"u8];
        await (await host.Ana.Post("/v1/commands/keep", body)).Problem(HttpStatusCode.BadRequest, "invalid");
    }

    [Fact]
    public async Task A_byte_order_mark_before_a_body_is_nothing()
    {
        byte[] body = [0xEF, 0xBB, 0xBF, .. "{\"text\":\"x\"}"u8];
        Assert.Equal("x", (await (await host.Ana.Post("/v1/commands/keep", body)).Json()).Text("text"));
    }

    [Fact]
    public async Task A_command_answers_its_position()
    {
        var answer = await host.Ana.Post("/v1/commands/keep", """{"text":"x"}""");
        var position = answer.Headers.GetValues("Kalends-Position").Single();
        Assert.True(Position.TryParse(position, out var parsed) && parsed.Number > 0, position);
        Assert.Equal(HttpStatusCode.OK, (await host.Ana.Get(InAddress, ("Kalends-Position", position))).StatusCode);
        Assert.False((await answer.Json()).TryGetProperty("dryRun", out _));
    }

    [Fact]
    public async Task A_dry_run_says_so_and_has_no_position()
    {
        var answer = await host.Ana.Post("/v1/commands/keep?dryRun=true", """{"text":"x"}""");
        Assert.Equal("""{"text":"x","dryRun":true}""", (await answer.Json()).GetRawText());
        Assert.False(answer.Headers.Contains("Kalends-Position"));
    }

    [Theory]
    [InlineData("dryRun=yes")]
    [InlineData("dryRun=")]
    [InlineData("dryRun=true&dryRun=true")]
    [InlineData("dryrun=true")]
    [InlineData("calendar=user:ana")]
    public async Task A_command_is_not_run_when_a_parameter_is_misspelt(string parameters) =>
        await (await host.Ana.Post("/v1/commands/keep?" + parameters, """{"text":"x"}""")).Problem(HttpStatusCode.BadRequest, "invalid");

    [Fact]
    public async Task The_same_idempotency_key_replays_the_first_answer()
    {
        using var client = host.As(EdgeHost.Token("user:" + Guid.NewGuid()));
        client.DefaultRequestHeaders.Add("Idempotency-Key", "one");
        var first = await client.Post("/v1/commands/keep", """{"text":"x"}""");
        var second = await client.Post("/v1/commands/keep", """{"text": "x"}""");
        Assert.Equal((await first.Json()).GetRawText(), (await second.Json()).GetRawText());
        Assert.False(first.Headers.Contains("Idempotency-Replayed"));
        Assert.Equal("true", second.Headers.GetValues("Idempotency-Replayed").Single());
        Assert.True(At(first).IsWithin(At(second)));
        await (await client.Post("/v1/commands/keep", """{"text":"y"}""")).Problem(HttpStatusCode.UnprocessableEntity, "idempotency-key-reused");
    }

    [Theory]
    [InlineData("seven", "must be what a command answered")]
    [InlineData("7", "must be what a command answered")]
    [InlineData("s-7", "must be what a command answered")]
    [InlineData("s12345678901234567", "must be what a command answered")]
    [InlineData("", "must be what a command answered")]
    [InlineData("s7FFFFFFF", "has not come to")]
    [InlineData("p16B374D848", "has not come to")]
    public async Task A_position_that_no_command_here_answered_is_refused_and_named(string position, string sentence)
    {
        var problem = await (await host.Ana.Get(InAddress, ("Kalends-Position", position))).Problem(HttpStatusCode.BadRequest, "invalid");
        Assert.StartsWith("Kalends-Position ", problem.Text("detail"), StringComparison.Ordinal);
        Assert.Contains(sentence, problem.Text("detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_thing_has_its_version_as_tag_and_is_not_sent_twice()
    {
        const string Address = "/v1/things/019ab0c2-6f00-7000-8000-000000000001";
        var first = await host.Ana.Get(Address);
        Assert.Equal("\"3\"", first.Headers.ETag?.Tag);
        Assert.Equal(HttpStatusCode.OK, (await host.Ana.Get(Address, ("If-None-Match", "\"2\""))).StatusCode);
        foreach (var known in new[] { "\"3\"", "W/\"3\"", "\"1\", \"3\"", "*" })
        {
            var again = await host.Ana.Get(Address, ("If-None-Match", known));
            Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
            Assert.Empty(await again.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        }

        await (await host.Ana.Get("/v1/things/7")).Problem(HttpStatusCode.BadRequest, "invalid");
    }

    [Theory]
    [InlineData("room:paris-3")]
    [InlineData("a/b")]
    [InlineData("a%2Fb c?d#e")]
    public async Task A_name_in_a_path_is_what_was_encoded(string shelf)
    {
        var answer = await host.Ana.Get($"/v1/shelves/{Uri.EscapeDataString(shelf)}/export.ics");
        Assert.Equal("text/calendar", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal($"X-SHELF:{shelf} é😀\r\n", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("gzip;q=0, identity")]
    public async Task Large_answers_arrive_whole_and_compressed_when_asked(string encodings)
    {
        using var handler = new HttpClientHandler { AutomaticDecompression = DecompressionMethods.All };
        using var client = new HttpClient(handler) { BaseAddress = host.Address };
        client.DefaultRequestHeaders.Authorization = host.Ana.DefaultRequestHeaders.Authorization;
        var answer = await client.Get("/v1/queries/fill?lines=50000", ("Accept-Encoding", encodings));
        Assert.Equal(50_000, (await answer.Json()).GetProperty("lines").GetArrayLength());
        var text = await client.Get("/v1/shelves/s/export.ics?times=20000", ("Accept-Encoding", encodings));
        Assert.Equal(20_000 * "X-SHELF:s é😀\r\n".Length, (await text.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Length);
        var plain = (await host.Ana.Get("/v1/queries/fill?lines=50000", ("Accept-Encoding", encodings))).Content.Headers.ContentEncoding.Count == 0;
        Assert.Equal(encodings.Contains("q=0", StringComparison.Ordinal), plain);
    }

    [Fact]
    public async Task A_short_answer_goes_as_it_is_with_its_length()
    {
        var answer = await host.Ana.Get("/v1/queries/fill?lines=3", ("Accept-Encoding", "gzip, br"));
        Assert.Empty(answer.Content.Headers.ContentEncoding);
        Assert.NotNull(answer.Content.Headers.ContentLength);
    }

    [Fact]
    public async Task Limits_are_listed_with_their_reasons()
    {
        var limits = (await (await host.Ana.Get("/v1/limits")).Json()).GetProperty("limits").EnumerateArray().ToList();
        var body = limits.Single(limit => limit.Text("name") == "body-bytes");
        Assert.Equal(8 * 1024 * 1024, body.GetProperty("most").GetInt64());
        Assert.Contains(limits, limit => limit.Text("name") == "import-text");
        Assert.Contains(limits, limit => limit.Text("name") == "echo-things");
        Assert.All(limits, limit => Assert.NotEmpty(limit.Text("reason")));
    }

    [Fact]
    public async Task Health_needs_no_token_and_readiness_is_the_stores()
    {
        await using var own = await EdgeHost.Start();
        Assert.Equal(HttpStatusCode.OK, (await own.Stranger.Get("/healthz")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await own.Stranger.Get("/readyz")).StatusCode);
        await using var unready = await EdgeHost.Start(migrated: false);
        Assert.Equal(HttpStatusCode.OK, (await unready.Stranger.Get("/healthz")).StatusCode);
        await (await unready.Stranger.Get("/readyz")).Problem(HttpStatusCode.ServiceUnavailable, "unavailable");
    }

    [Fact]
    public async Task Every_answer_carries_the_security_headers_and_no_server_name()
    {
        foreach (var answer in new[] { await host.Ana.Get(InAddress), await host.Stranger.Get("/nowhere") })
        {
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
            Assert.Empty(answer.Headers.Server);
        }
    }

    private static Position At(HttpResponseMessage answer) =>
        Position.TryParse(answer.Headers.GetValues("Kalends-Position").Single(), out var position) ? position : throw new FormatException();
}
