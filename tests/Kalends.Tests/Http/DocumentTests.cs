using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Kalends.Tests.Http;

public sealed partial class DocumentTests(EdgeHost host) : IClassFixture<EdgeHost>
{
    [Fact]
    public async Task The_document_has_every_address_of_the_catalogue()
    {
        var document = await (await host.Stranger.Get("/openapi/v1.json")).Json();
        Assert.StartsWith("3.1", document.Text("openapi"), StringComparison.Ordinal);
        var paths = document.GetProperty("paths");
        foreach (var entry in TestMessages.Entries)
        {
            var path = paths.GetProperty($"/v1/{(entry.IsCommand ? "commands" : "queries")}/{entry.Name}");
            Assert.Equal(entry.Summary, path.GetProperty("post").Text("summary"));
        }

        Assert.True(paths.GetProperty("/v1/queries/echo").TryGetProperty("get", out _));
        Assert.False(paths.GetProperty("/v1/queries/nested").TryGetProperty("get", out _));
        Assert.Equal("path", paths.GetProperty("/v1/things/{id}").GetProperty("get").GetProperty("parameters")[0].Text("in"));
    }

    [Fact]
    public async Task Schemas_say_what_the_reader_takes()
    {
        var schemas = (await (await host.Stranger.Get("/openapi/v1.json")).Json()).GetProperty("components").GetProperty("schemas");
        var echo = schemas.GetProperty("Echo");
        Assert.False(echo.GetProperty("additionalProperties").GetBoolean());
        Assert.Equal(["attendees", "timespan"], echo.GetProperty("required").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal("""["very-glad","sad"]""", Regex.Replace(echo.GetProperty("properties").GetProperty("mood").GetProperty("enum").GetRawText(), @"\s", ""));
        var calendar = echo.GetProperty("properties").GetProperty("attendees").GetProperty("items");
        Assert.Equal(("string", 255), (calendar.Text("type"), calendar.GetProperty("maxLength").GetInt32()));
        Assert.Equal("date-time", schemas.GetProperty("TimespanInput").GetProperty("properties").GetProperty("from").Text("format"));
    }

    [Fact]
    public async Task Every_reference_in_the_document_leads_somewhere()
    {
        var document = await (await host.Stranger.Get("/openapi/v1.json")).Json();
        foreach (Match reference in Reference().Matches(document.GetRawText()))
        {
            var at = reference.Groups[1].Value.Split('/').Skip(1).Aggregate(document, (element, step) => element.GetProperty(step));
            Assert.Equal(JsonValueKind.Object, at.ValueKind);
        }
    }

    [Fact]
    public async Task The_page_and_its_script_come_from_here()
    {
        var page = await host.Stranger.GetStringAsync(new Uri("/docs", UriKind.Relative), TestContext.Current.CancellationToken);
        var sources = Source().Matches(page).Select(match => match.Groups[1].Value).ToList();
        Assert.NotEmpty(sources);
        Assert.DoesNotContain(sources, source => source.Contains("//", StringComparison.Ordinal));
        foreach (var source in sources)
        {
            var script = await host.Stranger.GetAsync(new Uri(new Uri(host.Address, "/docs/"), source), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, script.StatusCode);
        }

        Assert.DoesNotContain("https://", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/openapi/v1.json")]
    [InlineData("/docs/")]
    public async Task Outside_development_documents_need_a_token(string address)
    {
        var folder = Directory.CreateTempSubdirectory("kalends-");
        using var pair = System.Security.Cryptography.RSA.Create(2048);
        var file = Path.Combine(folder.FullName, "issuer.pem");
        await File.WriteAllTextAsync(file, pair.ExportSubjectPublicKeyInfoPem(), TestContext.Current.CancellationToken);
        await using var own = await EdgeHost.Start("--environment=Production", "--Kalends:Auth:Issuer=i", $"--Kalends:Auth:KeyFile={file}");
        await (await own.Stranger.Get(address)).Problem(HttpStatusCode.Unauthorized, "unauthenticated");
        folder.Delete(recursive: true);
    }

    [GeneratedRegex("\"\\$ref\":\\s*\"#([^\"]+)\"")]
    private static partial Regex Reference();

    [GeneratedRegex("<script[^>]*\\ssrc=\"([^\"]+)\"")]
    private static partial Regex Source();
}
