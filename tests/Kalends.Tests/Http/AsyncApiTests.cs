using System.Text.Json;
using System.Text.RegularExpressions;
using Kalends.Tests.Rules;

namespace Kalends.Tests.Http;

/// <summary>The document of what is published, held to the code that publishes and to the rules of AsyncAPI 3.0.</summary>
public sealed partial class AsyncApiTests(EdgeHost host) : IClassFixture<EdgeHost>
{
    [Fact]
    public async Task Every_type_that_the_code_publishes_is_in_the_document()
    {
        var document = await Document();
        var written = SourceTree.Under("src/", ".cs").SelectMany(file => TypeName().Matches(SourceTree.Read(file))).Select(match => match.Groups[1].Value)
            .Distinct().Order(StringComparer.Ordinal).ToList();
        Assert.Contains("kalends.appointment.created.v1", written);
        var webhook = Names(document.GetProperty("channels").GetProperty("webhook").GetProperty("messages"));
        Assert.Equal(written, webhook.Order(StringComparer.Ordinal));
        foreach (var channel in new[] { "events", "socket" })
        {
            Assert.Empty(written.Where(type => !type.Contains(".webhook.", StringComparison.Ordinal))
                .Except(Names(document.GetProperty("channels").GetProperty(channel).GetProperty("messages"))));
        }
    }

    [Fact]
    public async Task It_is_built_as_AsyncAPI_3_wants_it()
    {
        var document = await Document();
        Assert.Equal("3.0.0", document.Text("asyncapi"));
        Assert.Empty(Names(document).Except(["asyncapi", "info", "defaultContentType", "channels", "operations", "components"]));
        Assert.NotEmpty(document.GetProperty("info").Text("title"));
        Assert.NotEmpty(document.GetProperty("info").Text("version"));
        foreach (Match reference in Reference().Matches(document.GetRawText()))
        {
            var at = reference.Groups[1].Value.Split('/').Skip(1).Aggregate(document, (element, step) => element.GetProperty(step));
            Assert.Equal(JsonValueKind.Object, at.ValueKind);
        }

        foreach (var channel in document.GetProperty("channels").EnumerateObject())
        {
            Assert.Empty(Names(channel.Value).Except(["address", "description", "messages", "bindings"]));
            Assert.All(channel.Value.GetProperty("messages").EnumerateObject(), message => Assert.StartsWith("#/components/messages/", message.Value.Text("$ref")));
        }

        foreach (var operation in document.GetProperty("operations").EnumerateObject())
        {
            Assert.Equal("send", operation.Value.Text("action"));
            var channel = operation.Value.GetProperty("channel").Text("$ref");
            Assert.All(operation.Value.GetProperty("messages").EnumerateArray(), message => Assert.StartsWith(channel + "/messages/", message.Text("$ref")));
        }

        foreach (var kind in document.GetProperty("components").EnumerateObject())
        {
            Assert.All(Names(kind.Value), name => Assert.Matches("^[a-zA-Z0-9._-]+$", name));
        }
    }

    [Fact]
    public async Task Its_schemas_say_what_an_event_has()
    {
        var schemas = (await Document()).GetProperty("components").GetProperty("schemas");
        var cloud = schemas.GetProperty("CloudEvent");
        Assert.Equal(
            ["data", "datacontenttype", "id", "source", "specversion", "subject", "type"], cloud.GetProperty("required").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal("uuid", cloud.GetProperty("properties").GetProperty("id").Text("format"));
        Assert.Contains("previousTimespan", Names(schemas.GetProperty("CloudEventData").GetProperty("properties")));
    }

    private static IEnumerable<string> Names(JsonElement element) => element.EnumerateObject().Select(member => member.Name);

    private async Task<JsonElement> Document() => await (await host.Stranger.Get("/asyncapi/v1.json")).Json();

    [GeneratedRegex("\"(kalends\\.[a-z]+\\.[a-z]+\\.v[0-9]+)\"")]
    private static partial Regex TypeName();

    [GeneratedRegex("\"\\$ref\":\\s*\"#([^\"]+)\"")]
    private static partial Regex Reference();
}
