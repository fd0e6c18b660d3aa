using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Kalends.Messages.Json;

/// <summary>
/// Reads a message from JSON. What is right is read in one go; only when that fails is the body walked a second time, member
/// by member against the message's own contract, so that every fault is told at once, each with its pointer.
/// </summary>
public static class RequestReader
{
    public static Outcome<T> Read<T>(ReadOnlyMemory<byte> body)
        where T : class
    {
        try
        {
            var value = JsonSerializer.Deserialize<T>(body.Span, WireJson.Options);
            return value is null ? Refusal.At(RefusalCode.Invalid, "", "the body must be a JSON object") : value;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or OverflowException)
        {
            return Refusal.At(RefusalCode.Invalid, Explain(body, typeof(T), fault));
        }
    }

    private static IReadOnlyList<FieldError> Explain(ReadOnlyMemory<byte> body, Type type, Exception fault)
    {
        var errors = new Errors();
        try
        {
            using var document = JsonDocument.Parse(body, new() { MaxDepth = WireJson.DeepestNesting });
            Walk(document.RootElement, type, errors);
        }
        catch (JsonException syntax)
        {
            errors.Add($"is not JSON: line {syntax.LineNumber + 1}, byte {syntax.BytePositionInLine}: {syntax.Message.Split(" LineNumber")[0]}");
        }

        if (!errors.Any)
        {
            errors.Add($"cannot be read: {fault.Message.Split(" Path:")[0]}");
        }

        return errors.Found;
    }

    private static void Walk(JsonElement element, Type declared, Errors errors)
    {
        if (errors.Full)
        {
            return;
        }

        var type = WireJson.Options.GetTypeInfo(Nullable.GetUnderlyingType(declared) ?? declared);
        switch (type.Kind)
        {
            case JsonTypeInfoKind.Object when type.Converter is not IWireValue:
                WalkObject(element, type, errors);
                break;
            case JsonTypeInfoKind.Enumerable:
                WalkList(element, type.ElementType!, errors);
                break;
            case JsonTypeInfoKind.Dictionary:
                WalkMap(element, type.ElementType!, errors);
                break;
            default:
                ReadLeaf(element, type, errors);
                break;
        }
    }

    private static void WalkObject(JsonElement element, JsonTypeInfo type, Errors errors)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            errors.Add("must be an object");
            return;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in element.EnumerateObject().TakeWhile(_ => !errors.Full))
        {
            var name = NameOf(member);
            var property = type.Properties.FirstOrDefault(property => property.Name == name);
            if (!seen.Add(name))
            {
                errors.Add(name, "stands here twice");
            }
            else if (property is null)
            {
                errors.Add(name, "is not a member of this request" + Nearest(name, type));
            }
            else if (member.Value.ValueKind != JsonValueKind.Null)
            {
                Walk(member.Value, property.PropertyType, errors.In(name));
            }
            else if (property.IsRequired)
            {
                errors.Add(name, "is required");
            }
        }

        foreach (var property in type.Properties.Where(property => property.IsRequired && !seen.Contains(property.Name)))
        {
            errors.Add(property.Name, "is required");
        }
    }

    /// <summary>The member somebody may have meant: one that differs in case only, or by at most two letters.</summary>
    private static string Nearest(string name, JsonTypeInfo type)
    {
        const int Near = 2;
        var known = type.Properties.Select(property => (property.Name, Distance: Distance(property.Name, name))).MinBy(pair => pair.Distance);
        return known.Name is null || known.Distance > Near || known.Name.Length <= Near ? "" : $"; did you mean {known.Name}?";
    }

    /// <summary>Levenshtein's distance, letters without case; far for names that are too long to be a slip.</summary>
    private static int Distance(string left, string right)
    {
        if (right.Length > left.Length + 2)
        {
            return int.MaxValue;
        }

        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var same = char.ToLowerInvariant(left[i - 1]) == char.ToLowerInvariant(right[j - 1]);
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (same ? 0 : 1)));
            }
        }

        return row[^1];
    }

    private static string NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            return "(a name that is not valid Unicode)";
        }
    }

    private static void WalkList(JsonElement element, Type item, Errors errors)
    {
        if (element.ValueKind != JsonValueKind.Array)
        {
            errors.Add("must be a list");
            return;
        }

        var index = 0;
        foreach (var entry in element.EnumerateArray())
        {
            Walk(entry, item, errors.In(index++));
            if (errors.Full)
            {
                return;
            }
        }
    }

    private static void WalkMap(JsonElement element, Type value, Errors errors)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            errors.Add("must be an object");
            return;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in element.EnumerateObject().TakeWhile(_ => !errors.Full))
        {
            var name = NameOf(member);
            errors.Require(seen.Add(name), name, "stands here twice");
            Walk(member.Value, value, errors.In(name));
        }
    }

    private static void ReadLeaf(JsonElement element, JsonTypeInfo type, Errors errors)
    {
        try
        {
            if (element.ValueKind == JsonValueKind.Null || element.Deserialize(type) is null)
            {
                errors.Add("must not be null");
            }
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or FormatException or OverflowException)
        {
            errors.Add(type.Converter is IWireValue wire ? $"must be {wire.Form}, such as {wire.Example}" : FormOf(type.Type));
        }
    }

    private static string FormOf(Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.String => "must be a string of valid Unicode",
        TypeCode.Boolean => "must be true or false",
        TypeCode.Int32 or TypeCode.Int64 => "must be a whole number",
        _ when type == typeof(Guid) => "must be a UUID, such as 019ab0c2-6f00-7000-8000-000000000001",
        _ when type == typeof(Uri) => "must be a URI",
        _ => "is not of the right kind",
    };
}
