using System.IO.Compression;
using System.Net;
using System.Text;
using Kalends.Messages;
using Kalends.Server.Http;
using Microsoft.AspNetCore.Http;

namespace Kalends.Tests.Http;

public sealed class ProblemTests(EdgeHost host) : IClassFixture<EdgeHost>
{
    private const int Longest = 8 * 1024 * 1024;

    [Fact]
    public async Task What_is_not_known_is_not_found()
    {
        await (await host.Ana.Get("/nowhere")).Problem(HttpStatusCode.NotFound, "not-found");
        await (await host.Ana.Post("/v1/commands/no-such", "{}")).Problem(HttpStatusCode.NotFound, "not-found");
    }

    [Theory]
    [InlineData("GET", "/v1/commands/keep", "POST")]
    [InlineData("DELETE", "/v1/queries/echo", "GET, POST")]
    [InlineData("GET", "/v1/queries/nested", "POST")]
    [InlineData("POST", "/v1/limits", "GET")]
    public async Task A_wrong_method_is_told_the_right_ones(string method, string address, string allowed)
    {
        using var request = new HttpRequestMessage(new(method), address);
        var answer = await host.Ana.SendAsync(request, TestContext.Current.CancellationToken);
        await answer.Problem(HttpStatusCode.MethodNotAllowed, "method-not-allowed");
        Assert.Equal(allowed, string.Join(", ", answer.Content.Headers.Allow.Order()));
    }

    [Fact]
    public async Task A_bug_tells_nothing_of_the_inside_and_is_logged()
    {
        var problem = await (await host.Ana.Post("/v1/queries/fail", "{}")).Problem(HttpStatusCode.InternalServerError, "bug");
        Assert.DoesNotContain("secret", problem.GetRawText(), StringComparison.Ordinal);
        lock (host.Logged)
        {
            Assert.Contains(host.Logged, line => line.Contains(problem.Text("traceId"), StringComparison.Ordinal)
                && line.Contains("the secret inside", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("not-found", 404)]
    [InlineData("stale-version", 409)]
    [InlineData("managed-by-app", 409)]
    [InlineData("cursor-expired", 410)]
    [InlineData("sync-token-expired", 410)]
    [InlineData("forbidden", 403)]
    public async Task Refusals_have_the_status_of_their_code(string code, int status) =>
        await (await host.Ana.Get("/v1/queries/refuse?code=" + code)).Problem((HttpStatusCode)status, code);

    [Fact]
    public async Task A_conflict_names_calendars_and_spans()
    {
        var problem = await (await host.Ana.Get("/v1/queries/refuse?code=conflict")).Problem(HttpStatusCode.Conflict, "conflict");
        Assert.Equal(
            """[{"calendar":"room:paris-3","span":{"from":"2026-11-23T08:00:00Z","to":"2026-11-23T09:00:00Z"}}]""",
            problem.GetProperty("conflicts").GetRawText());
    }

    [Fact]
    public async Task Who_may_come_again_is_told_when()
    {
        var answer = await host.Ana.Get("/v1/queries/refuse?code=unavailable");
        await answer.Problem(HttpStatusCode.ServiceUnavailable, "unavailable");
        Assert.Equal(7, answer.Headers.RetryAfter?.Delta?.TotalSeconds);
    }

    [Fact]
    public async Task A_missing_scope_is_forbidden()
    {
        using var reader = host.As(EdgeHost.Token(scope: "kalends.read"));
        await (await reader.Post("/v1/commands/keep", """{"text":"x"}""")).Problem(HttpStatusCode.Forbidden, "forbidden");
    }

    [Fact]
    public async Task A_problems_type_can_be_opened()
    {
        Assert.Contains("409", await (await host.Ana.Get("/problems/conflict")).Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await (await host.Ana.Get("/problems/none")).Problem(HttpStatusCode.NotFound, "not-found");
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/xml")]
    [InlineData("nonsense")]
    [InlineData("text/calendar")]
    public async Task Another_kind_of_body_is_refused(string mediaType)
    {
        using var content = new ByteArrayContent("{}"u8.ToArray());
        content.Headers.TryAddWithoutValidation("Content-Type", mediaType);
        var answer = await host.Ana.PostAsync(new Uri("/v1/commands/keep", UriKind.Relative), content, TestContext.Current.CancellationToken);
        await answer.Problem(HttpStatusCode.UnsupportedMediaType, "unsupported-media-type");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("Application/JSON")]
    public async Task JSON_is_taken_with_or_without_saying_so(string? mediaType) =>
        Assert.Equal(HttpStatusCode.OK, (await host.Ana.Post("/v1/commands/keep", """{"text":"x"}""", mediaType)).StatusCode);

    [Fact]
    public async Task A_text_body_is_UTF8_or_else_Latin1()
    {
        foreach (var body in new byte[][] { Encoding.UTF8.GetBytes("é"), [0xEF, 0xBB, 0xBF, 0xC3, 0xA9], [0xE9] })
        {
            var answer = await host.Ana.Post("/v1/commands/import?calendar=user:ana&dryRun=true", body, "text/calendar");
            Assert.Equal("""{"text":"é","calendar":"user:ana","dryRun":true}""", (await answer.Json()).GetRawText());
        }

        var problem = await (await host.Ana.Post("/v1/commands/import?calender=user:ana", "é", "text/calendar")).Problem(HttpStatusCode.BadRequest, "invalid");
        Assert.Equal(["/calendar", "/calender"], problem.Pointers().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_text_body_has_its_own_limit()
    {
        var problem = await (await host.Ana.Post("/v1/commands/import?calendar=user:ana", new byte[1_001], "text/calendar"))
            .Problem(HttpStatusCode.RequestEntityTooLarge, "too-large");
        Assert.Contains("1000", problem.Text("detail"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_beyond_the_limit_is_refused_by_name(bool chunked)
    {
        using var content = new ByteArrayContent(new byte[Longest + 1]);
        content.Headers.ContentType = new("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/commands/keep") { Content = content };
        request.Headers.TransferEncodingChunked = chunked;
        var problem = await (await host.Ana.SendAsync(request, TestContext.Current.CancellationToken))
            .Problem(HttpStatusCode.RequestEntityTooLarge, "too-large");
        Assert.Contains("8388608", problem.Text("detail"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    public async Task A_bomb_is_refused_before_it_is_inflated(string encoding)
    {
        var bomb = Compress(encoding, stream =>
        {
            var zeros = new byte[1024 * 1024];
            for (var mebibyte = 0; mebibyte < 200; mebibyte++)
            {
                stream.Write(zeros);
            }
        });
        Assert.True(bomb.Length < 300_000);
        await (await host.Ana.Post("/v1/commands/keep", bomb, "application/json", encoding)).Problem(HttpStatusCode.RequestEntityTooLarge, "too-large");

        var context = new DefaultHttpContext { Request = { Body = new MemoryStream(bomb) } };
        context.Request.Headers.ContentEncoding = encoding;
        using var body = new RequestBody(new(new()));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(RefusalCode.TooLarge, (await body.Read(context, Longest, new()))?.Code);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 40_000_000, "inflated far more than the limit");
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    public async Task A_compressed_body_is_read(string encoding)
    {
        var body = Compress(encoding, stream => stream.Write("""{"text":"x"}"""u8));
        Assert.Equal("x", (await (await host.Ana.Post("/v1/commands/keep", body, "application/json", encoding)).Json()).Text("text"));
        await (await host.Ana.Post("/v1/commands/keep", body, "application/json", "zstd")).Problem(HttpStatusCode.UnsupportedMediaType, "unsupported-media-type");
        await (await host.Ana.Post("/v1/commands/keep", "not compressed"u8.ToArray(), "application/json", encoding)).Problem(HttpStatusCode.BadRequest, "invalid");
    }

    private static byte[] Compress(string encoding, Action<Stream> write)
    {
        var bytes = new MemoryStream();
        using (Stream stream = encoding switch
        {
            "gzip" => new GZipStream(bytes, CompressionLevel.Optimal),
            "deflate" => new ZLibStream(bytes, CompressionLevel.Optimal),
            _ => new BrotliStream(bytes, CompressionLevel.Fastest),
        })
        {
            write(stream);
        }

        return bytes.ToArray();
    }
}
