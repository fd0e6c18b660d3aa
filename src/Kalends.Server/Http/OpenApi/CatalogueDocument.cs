using Kalends.Messages;
using Kalends.Operations;
using Kalends.Publications;
using Kalends.Storage;
using Microsoft.OpenApi;

namespace Kalends.Server.Http.OpenApi;

/// <summary>Writes every address of the catalogue into the OpenAPI document, and the few beside it.</summary>
internal sealed class CatalogueDocument(OpenApiDocument document)
{
    private const string Security = "bearer";

    private static readonly string[] Filters = ["calendar", "type"];

    private readonly Schemas schemas = new(document);

    public void Describe(IReadOnlyList<CatalogueEntry> entries)
    {
        document.Info = new() { Title = "Kalends", Version = "v1", Description = "A group calendar: appointments, conflicts, openings." };
        document.Servers = [];
        document.Components ??= new();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [Security] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", BearerFormat = "JWT" },
        };
        document.Security = [new() { [new(Security, document)] = [] }];
        foreach (var entry in entries)
        {
            Describe(entry);
        }

        Add("/v1/limits", HttpMethod.Get, Plain("get-limits", "Lists the limits in force", schemas.OfResult(typeof(LimitsInForce))));
        Add(EventStream.Address, HttpMethod.Get, Events());
    }

    private OpenApiOperation Events()
    {
        var text = new OpenApiSchema { Type = JsonSchemaType.String };
        var operation = Plain("get-events", "Streams events as they are committed, as server-sent events whose data is a CloudEvent", text);
        operation.Responses!["200"] = Response(
            "Events, until the token ends; a disconnected listener resumes by Last-Event-ID", "text/event-stream", schemas.OfResult(typeof(CloudEvent)));
        operation.Parameters =
        [
            .. Filters.Select(name => new OpenApiParameter
            {
                Name = name,
                In = ParameterLocation.Query,
                Explode = true,
                Schema = new OpenApiSchema { Type = JsonSchemaType.Array, Items = text },
            }),
            new OpenApiParameter { Name = "lastEventId", In = ParameterLocation.Query, Description = "What Last-Event-ID says, which wins", Schema = text },
            Header("Last-Event-ID", EventStream.LongestId),
        ];
        return operation;
    }

    private void Describe(CatalogueEntry entry)
    {
        var address = Endpoints.AddressOf(entry);
        Add(address, HttpMethod.Post, Post(entry));
        var members = FlatMembers.Of(entry.MessageType);
        if (!entry.IsCommand && members.SayAllRequired)
        {
            Add(address, HttpMethod.Get, Get(entry, members, address, "-get"));
        }

        if (entry.Path is { } path)
        {
            Add(path, entry.IsCommand ? HttpMethod.Delete : HttpMethod.Get, Get(entry, members, path, "-at"));
        }
    }

    private OpenApiOperation Post(CatalogueEntry entry)
    {
        var operation = Plain(entry.Name, entry.Summary, schemas.OfResult(entry.ResultType), entry);
        var request = schemas.OfRequest(entry.MessageType);
        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Content = new Dictionary<string, OpenApiMediaType> { [Answers.Json] = new OpenApiMediaType { Schema = request } },
        };
        if (entry.Text is { } text)
        {
            operation.RequestBody.Content![text.MediaType] = new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.String } };
        }

        operation.Parameters = entry.IsCommand
            ? [DryRun(), Header("Idempotency-Key", Idempotency.LongestKey)]
            : [Header("Kalends-Position", Position.LongestText)];
        if (entry is { IsCommand: true, Path: null })
        {
            operation.Parameters.Add(Prefer());
            operation.Responses!["202"] = Response("Kept, to be run soon; see Location", Answers.Json, schemas.OfResult(typeof(OperationState)));
        }

        return operation;
    }

    private OpenApiOperation Get(CatalogueEntry entry, FlatMembers members, string path, string suffix)
    {
        var operation = Plain(entry.Name + suffix, entry.Summary, schemas.OfResult(entry.ResultType), entry);
        operation.Parameters = [.. members.All.Select(member => Parameter(member, path))];
        return operation;
    }

    private OpenApiOperation Plain(string id, string summary, IOpenApiSchema result, CatalogueEntry? entry = null)
    {
        var done = IsText(entry)
            ? Response("Done", "text/calendar", new OpenApiSchema { Type = JsonSchemaType.String })
            : Response("Done", Answers.Json, result);
        if (EventsOf(entry) is { } events)
        {
            done.Content![ServerSentEvents.MediaType] = new OpenApiMediaType
            {
                Schema = new OpenApiSchema { Type = JsonSchemaType.String, Description = events },
            };
        }

        return new()
        {
            OperationId = id,
            Summary = summary,
            Tags = new HashSet<OpenApiTagReference> { new(entry is null ? "service" : entry.IsCommand ? "commands" : "queries", document) },
            Responses = new() { ["200"] = done, ["default"] = Response("Refused; see code", Problems.MediaType, schemas.OfResult(typeof(Problem))) },
        };
    }

    private static string? EventsOf(CatalogueEntry? entry) =>
        entry?.Streams is { } members ? $"item: each of {string.Join(" and ", members)}; status: progress; done: what else is answered; error: a problem"
        : entry?.IsCommand == false && typeof(IChangesUntilOver).IsAssignableFrom(entry.ResultType) ? "status: each change; done: the last; error: a problem"
        : null;

    private static bool IsText(CatalogueEntry? entry) => entry is not null && typeof(ITextResult).IsAssignableFrom(entry.ResultType);

    private static OpenApiResponse Response(string description, string mediaType, IOpenApiSchema schema) => new()
    {
        Description = description,
        Content = new Dictionary<string, OpenApiMediaType> { [mediaType] = new OpenApiMediaType { Schema = schema } },
    };

    private OpenApiParameter Parameter(FlatMember member, string path)
    {
        var value = schemas.OfRequest(member.Value);
        var inPath = path.Contains($"{{{member.Parameter}}}", StringComparison.Ordinal);
        return new()
        {
            Name = member.Parameter,
            In = inPath ? ParameterLocation.Path : ParameterLocation.Query,
            Required = inPath || member.IsRequired,
            Explode = true,
            Schema = member.IsList ? new OpenApiSchema { Type = JsonSchemaType.Array, Items = value } : value,
        };
    }

    private static OpenApiParameter DryRun() => new()
    {
        Name = "dryRun",
        In = ParameterLocation.Query,
        Description = "Work everything out, keep nothing",
        Schema = new OpenApiSchema { Type = JsonSchemaType.Boolean },
    };

    private static OpenApiParameter Prefer() => new()
    {
        Name = "Prefer",
        In = ParameterLocation.Header,
        Description = "respond-async: answer 202 at once and run it soon",
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };

    private static OpenApiParameter Header(string name, int longest) => new()
    {
        Name = name,
        In = ParameterLocation.Header,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String, MaxLength = longest },
    };

    private void Add(string path, HttpMethod method, OpenApiOperation operation)
    {
        if (!document.Paths.TryGetValue(path, out var item))
        {
            document.Paths[path] = item = new OpenApiPathItem { Operations = [] };
        }

        item.Operations![method] = operation;
    }
}
