using System.Text.Json;

namespace Kalends.Tests.Http;

/// <summary>An OpenAPI document as lines for the eye: <c>save-appointments.request.appointments[].title: string</c>.</summary>
internal static class Surface
{
    private const int Deepest = 12;

    public static IEnumerable<string> Of(JsonElement document) =>
        from path in document.GetProperty("paths").EnumerateObject()
        from method in path.Value.EnumerateObject()
        orderby path.Name, method.Name
        from line in Operation(document, path.Name, method.Name, method.Value)
        select line;

    private static IEnumerable<string> Operation(JsonElement document, string path, string method, JsonElement operation)
    {
        yield return $"{method.ToUpperInvariant()} {path}";
        var name = operation.Text("operationId");
        if (operation.TryGetProperty("parameters", out var parameters))
        {
            foreach (var parameter in parameters.EnumerateArray())
            {
                var required = parameter.TryGetProperty("required", out var must) && must.GetBoolean();
                yield return $"  {name}.{parameter.Text("in")}.{parameter.Text("name")}: {Kind(parameter.GetProperty("schema"))}{(required ? " required" : "")}";
            }
        }

        var bodies = operation.TryGetProperty("requestBody", out var body) ? Content($"{name}.request", body) : [];
        foreach (var (at, schema) in bodies.Concat(Content($"{name}.result", operation.GetProperty("responses").GetProperty("200"))))
        {
            foreach (var line in Members(document, at, schema, 0))
            {
                yield return "  " + line;
            }
        }
    }

    private static IEnumerable<(string At, JsonElement Schema)> Content(string at, JsonElement body) =>
        body.GetProperty("content").EnumerateObject().Select(content =>
            (content.Name == "application/json" ? at : $"{at}({content.Name})", content.Value.GetProperty("schema")));

    private static IEnumerable<string> Members(JsonElement document, string at, JsonElement schema, int depth)
    {
        if (depth > Deepest)
        {
            yield return $"{at}: and so on";
        }
        else if (schema.TryGetProperty("$ref", out var reference))
        {
            var found = document.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1]);
            foreach (var line in OfObject(document, at, found, depth))
            {
                yield return line;
            }
        }
        else if (schema.TryGetProperty("items", out var items) || (schema.TryGetProperty("additionalProperties", out items) && items.ValueKind == JsonValueKind.Object))
        {
            foreach (var line in Members(document, at + (schema.Text("type") == "array" ? "[]" : "{}"), items, depth + 1))
            {
                yield return line;
            }
        }
        else
        {
            yield return $"{at}: {Kind(schema)}";
        }
    }

    private static IEnumerable<string> OfObject(JsonElement document, string at, JsonElement schema, int depth)
    {
        var required = schema.TryGetProperty("required", out var names) ? names.EnumerateArray().Select(name => name.GetString()).ToHashSet() : [];
        return schema.TryGetProperty("properties", out var properties) && properties.EnumerateObject().Any()
            ? properties.EnumerateObject().SelectMany(member =>
                Members(document, $"{at}.{member.Name}{(required.Contains(member.Name) ? "!" : "")}", member.Value, depth + 1))
            : [$"{at}: object"];
    }

    private static string Kind(JsonElement schema)
    {
        if (schema.TryGetProperty("enum", out var words))
        {
            return string.Join(" | ", words.EnumerateArray().Select(word => word.GetString()));
        }

        var type = !schema.TryGetProperty("type", out var plain) ? "any"
            : plain.ValueKind == JsonValueKind.Array ? string.Join(" | ", plain.EnumerateArray().Select(word => word.GetString())) : plain.GetString()!;
        return type == "array" ? Kind(schema.GetProperty("items")) + "[]"
            : schema.TryGetProperty("format", out var format) ? $"{type}({format.GetString()})" : type;
    }
}
