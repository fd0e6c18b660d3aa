using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Kalends.Messages.Json;
using Microsoft.OpenApi;

namespace Kalends.Server.Http.OpenApi;

/// <summary>
/// JSON schemas of messages and results, from the same contracts that read and write them (<see cref="WireJson"/>). Requests take no
/// members but those named; answers may grow. A type in both has two schemas, the request's named <c>…Input</c>.
/// </summary>
internal sealed class Schemas(OpenApiDocument document)
{
    private readonly Dictionary<string, Type> types = [];

    public IOpenApiSchema OfRequest(Type type) => Of(type, isRequest: true);

    public IOpenApiSchema OfResult(Type type) => Of(type, isRequest: false);

    private IOpenApiSchema Of(Type declared, bool isRequest)
    {
        var type = Nullable.GetUnderlyingType(declared) ?? declared;
        type = type.GetCustomAttribute<LooksLikeAttribute>()?.Type ?? type;
        var contract = WireJson.Options.GetTypeInfo(type);
        return contract.Kind switch
        {
            JsonTypeInfoKind.Object => OfObject(contract, isRequest),
            JsonTypeInfoKind.Enumerable => new OpenApiSchema { Type = JsonSchemaType.Array, Items = Of(contract.ElementType!, isRequest) },
            JsonTypeInfoKind.Dictionary =>
                new OpenApiSchema { Type = JsonSchemaType.Object, AdditionalProperties = Of(contract.ElementType!, isRequest) },
            _ => OfValue(type, contract),
        };
    }

    private OpenApiSchemaReference OfObject(JsonTypeInfo contract, bool isRequest)
    {
        var name = contract.Type.Name.Split('`')[0] + (isRequest == IsMessage(contract.Type) ? "" : isRequest ? "Input" : "Output");
        if (!types.TryAdd(name, contract.Type) && types[name] != contract.Type)
        {
            throw new InvalidOperationException($"{contract.Type} and {types[name]} would share the schema {name}; rename one.");
        }

        var schemas = (document.Components ??= new()).Schemas ??= new Dictionary<string, IOpenApiSchema>();
        if (!schemas.ContainsKey(name))
        {
            var schema = new OpenApiSchema { Type = JsonSchemaType.Object, AdditionalPropertiesAllowed = !isRequest };
            schemas[name] = schema;
            AddMembers(schema, contract, isRequest);
        }

        return new(name, document);
    }

    private void AddMembers(OpenApiSchema schema, JsonTypeInfo contract, bool isRequest)
    {
        schema.Properties = new Dictionary<string, IOpenApiSchema>();
        schema.Required = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var member in contract.Properties.Where(member => isRequest ? member.Set is not null : member.Get is not null))
        {
            schema.Properties[member.Name] = Of(member.PropertyType, isRequest);
            if (isRequest ? member.IsRequired : !MayBeAbsent(member))
            {
                schema.Required.Add(member.Name);
            }
        }
    }

    private static bool MayBeAbsent(JsonPropertyInfo member) =>
        Nullable.GetUnderlyingType(member.PropertyType) is not null || (!member.PropertyType.IsValueType && member.IsGetNullable);

    private static bool IsMessage(Type type) => type.BaseType is { } parent
        && ((parent.IsGenericType && parent.GetGenericTypeDefinition() == typeof(Messages.Message<>)) || IsMessage(parent));

    private static OpenApiSchema OfValue(Type type, JsonTypeInfo contract) => contract.Converter switch
    {
        IWireValue when type.IsEnum => new()
        {
            Type = JsonSchemaType.String,
            Enum = [.. EnumConverter.Words(type).Select(word => (JsonNode)JsonValue.Create(word))],
        },
        IWireValue wire => new()
        {
            Type = wire.MayBeNumber ? JsonSchemaType.String | JsonSchemaType.Integer : JsonSchemaType.String,
            Format = FormatOf(type),
            Description = wire.Form,
            MinLength = type == typeof(Storage.CalendarId) ? 1 : null,
            MaxLength = type == typeof(Storage.CalendarId) ? Storage.CalendarId.LongestId : null,
            Examples = [JsonValue.Create(wire.Example)],
        },
        _ => OfPlain(type),
    };

    private static string? FormatOf(Type type) => type.Name switch
    {
        nameof(NodaTime.Instant) => "date-time",
        nameof(NodaTime.LocalDate) => "date",
        nameof(Time.NominalDuration) => "duration",
        _ => null,
    };

    private static OpenApiSchema OfPlain(Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Boolean => new() { Type = JsonSchemaType.Boolean },
        TypeCode.Int32 => new() { Type = JsonSchemaType.Integer, Format = "int32" },
        TypeCode.Int64 => new() { Type = JsonSchemaType.Integer, Format = "int64" },
        >= TypeCode.SByte and <= TypeCode.UInt64 => new() { Type = JsonSchemaType.Integer },
        TypeCode.Single or TypeCode.Double or TypeCode.Decimal => new() { Type = JsonSchemaType.Number },
        TypeCode.String => new() { Type = JsonSchemaType.String },
        _ when type == typeof(Guid) => new() { Type = JsonSchemaType.String, Format = "uuid" },
        _ when type == typeof(Uri) => new() { Type = JsonSchemaType.String, Format = "uri" },
        _ => new(),
    };
}
