using System.Text.Json.Nodes;
using Kalends.Messages.Json;
using Kalends.Publications;
using Kalends.Webhooks;
using Microsoft.OpenApi;

namespace Kalends.Server.Http.OpenApi;

/// <summary>
/// What Kalends publishes, as AsyncAPI 3.0 says it: every type of event, and the three ways to hear of it. Schemas come from the types that are written, as
/// those of the OpenAPI document do.
/// </summary>
internal static class AsyncApiDocument
{
    private const string Stream = "events";

    private const string Socket = "socket";

    private const string Webhook = "webhook";

    private const string Heartbeat = "heartbeat";

    public static async Task<JsonObject> Make()
    {
        var types = FeedFilter.Known.Order(StringComparer.Ordinal).ToList();
        string[] pings = [.. types, WebhookPing.TypeName];
        return new()
        {
            ["asyncapi"] = "3.0.0",
            ["info"] = new JsonObject
            {
                ["title"] = "Kalends",
                ["version"] = "v1",
                ["description"] = "What changes in calendars, as CloudEvents 1.0: heard live, or sent to a receiver.",
            },
            ["defaultContentType"] = "application/cloudevents+json",
            ["channels"] = new JsonObject
            {
                [Stream] = Channel(
                    EventStream.Address, "Server-sent events (WHATWG HTML §9.2): the data of each is the event, its id goes on after it (Last-Event-ID)",
                    types, ""),
                [Socket] = Channel(
                    EventSocket.Address, $"WebSocket (RFC 6455), subprotocol {EventSocket.Protocol}; each message a JSON text",
                    [.. types, Heartbeat], Socket + "."),
                [Webhook] = Channel(
                    null, "HTTP POST to the address that was named to subscribe-webhook, signed as Standard Webhooks 1.0 says", pings, Webhook + "."),
            },
            ["operations"] = new JsonObject
            {
                ["streamEvents"] = Operation(Stream, types, isOpen: false),
                ["socketEvents"] = Operation(Socket, [.. types, Heartbeat], isOpen: false),
                ["deliverEvents"] = Operation(Webhook, pings, isOpen: true),
            },
            ["components"] = new JsonObject
            {
                ["messages"] = Messages(types),
                ["schemas"] = await Schemas(),
                ["securitySchemes"] = new JsonObject
                {
                    ["bearer"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer", ["bearerFormat"] = "JWT" },
                },
            },
        };
    }

    private static JsonObject Channel(string? address, string description, IEnumerable<string> messages, string prefix)
    {
        var channel = new JsonObject
        {
            ["address"] = address,
            ["description"] = description,
            ["messages"] = new JsonObject(messages.Select(name => KeyValuePair.Create(name, (JsonNode?)Reference($"components/messages/{prefix}{name}")))),
        };
        if (address is not null)
        {
            var query = new JsonObject
            {
                ["type"] = "object",
                ["properties"] = new JsonObject
                {
                    ["calendar"] = ListOf("What lay or lies on one of them; none: all that the caller may see"),
                    ["type"] = ListOf("None: all"),
                    ["lastEventId"] = new JsonObject { ["type"] = "string", ["description"] = "Goes on after it" },
                },
            };
            channel["bindings"] = address == EventSocket.Address
                ? new JsonObject { ["ws"] = new JsonObject { ["method"] = "GET", ["query"] = query, ["bindingVersion"] = "0.1.0" } }
                : new JsonObject { ["http"] = new JsonObject() };
        }

        return channel;
    }

    private static JsonObject ListOf(string description) =>
        new() { ["type"] = "array", ["description"] = description, ["items"] = new JsonObject { ["type"] = "string" } };

    private static JsonObject Operation(string channel, IEnumerable<string> messages, bool isOpen)
    {
        var operation = new JsonObject
        {
            ["action"] = "send",
            ["channel"] = Reference($"channels/{channel}"),
            ["messages"] = new JsonArray([.. messages.Select(name => (JsonNode)Reference($"channels/{channel}/messages/{name}"))]),
        };
        if (!isOpen)
        {
            operation["security"] = new JsonArray(Reference("components/securitySchemes/bearer"));
        }

        return operation;
    }

    private static JsonObject Messages(IEnumerable<string> types)
    {
        var messages = new JsonObject();
        foreach (var type in types)
        {
            var payload = OfType(nameof(CloudEvent), type);
            messages[type] = Message(type, Summary(type), payload);
            messages[$"{Socket}.{type}"] = Message(type, Summary(type), Enveloped(payload.DeepClone()));
            messages[$"{Webhook}.{type}"] = Signed(type, Summary(type), payload.DeepClone().AsObject());
        }

        messages[$"{Socket}.{Heartbeat}"] = Message(Heartbeat, "From where on one goes on, though nothing happened", Enveloped(null));
        messages[$"{Webhook}.{WebhookPing.TypeName}"] = Signed(
            WebhookPing.TypeName, "What ping-webhook sends, which tells of nothing", OfType(nameof(WebhookPing), WebhookPing.TypeName));
        return messages;
    }

    private static string Summary(string type) => $"An appointment was {type.Split('.')[2]}, as far as whoever hears of it may see";

    private static JsonObject Message(string name, string summary, JsonObject payload) =>
        new() { ["name"] = name, ["summary"] = summary, ["contentType"] = "application/json", ["payload"] = payload };

    private static JsonObject Signed(string name, string summary, JsonObject payload)
    {
        var message = Message(name, summary, payload);
        message["contentType"] = "application/cloudevents+json";
        string[] headers = ["webhook-id", "webhook-timestamp", "webhook-signature"];
        message["headers"] = new JsonObject
        {
            ["type"] = "object",
            ["required"] = new JsonArray([.. headers.Select(header => (JsonNode)header)]),
            ["properties"] = new JsonObject(headers.Select(header => KeyValuePair.Create(header, (JsonNode?)new JsonObject { ["type"] = "string" }))),
        };
        return message;
    }

    private static JsonObject OfType(string schema, string type) => new()
    {
        ["allOf"] = new JsonArray(
            Reference($"components/schemas/{schema}"),
            new JsonObject { ["properties"] = new JsonObject { ["type"] = new JsonObject { ["const"] = type } } }),
    };

    private static JsonObject Enveloped(JsonNode? payload)
    {
        var members = new JsonObject { ["id"] = new JsonObject { ["type"] = "string", ["description"] = "Goes on after it, as lastEventId" } };
        if (payload is not null)
        {
            members["event"] = payload;
        }

        return new() { ["type"] = "object", ["required"] = new JsonArray([.. members.Select(member => (JsonNode)member.Key)]), ["properties"] = members };
    }

    private static JsonObject Reference(string path) => new() { ["$ref"] = "#/" + path };

    /// <summary>As OpenAPI 3.1 says them, which is JSON Schema, and under the same addresses.</summary>
    private static async Task<JsonNode> Schemas()
    {
        var document = new OpenApiDocument { Info = new() { Title = "Kalends", Version = "v1" }, Paths = [] };
        var schemas = new Schemas(document);
        schemas.OfResult(typeof(CloudEvent));
        schemas.OfResult(typeof(WebhookPing));
        var json = JsonNode.Parse(await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1))!;
        return json["components"]!["schemas"]!.DeepClone();
    }
}
