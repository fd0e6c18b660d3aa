using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Kalends.Messages.Json;

/// <summary>
/// How everything looks as JSON: camelCase, no nulls in answers; in requests unknown and repeated members are refused, absent and
/// null mean the same, depth is bounded.
/// </summary>
public static class WireJson
{
    /// <summary>Deeper than any message (the deepest nests 7), shallow enough to be no attack on the stack.</summary>
    public const int DeepestNesting = 32;

    public static readonly JsonSerializerOptions Options = Create();

    public static byte[] Write<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, Options);

    /// <summary>By the value's own type rather than the declared one.</summary>
    public static byte[] WriteAny(object value) => JsonSerializer.SerializeToUtf8Bytes(value, value.GetType(), Options);

    public static T Read<T>(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize<T>(json, Options) ?? throw new JsonException("null where a value is stored");

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            PropertyNameCaseInsensitive = false,
            NumberHandling = JsonNumberHandling.Strict,
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
            AllowDuplicateProperties = false,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            MaxDepth = DeepestNesting,
            // Answers are JSON and say so; escaping every letter beyond ASCII would only make them longer.
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { OnlyWhatIsCarried, NullMeansAbsent } },
        };
        foreach (var converter in new JsonConverter[]
        {
            new InstantConverter(), new LocalDateTimeConverter(), new LocalDateConverter(), new NominalDurationConverter(), new EnumConverter(),
        })
        {
            options.Converters.Add(converter);
        }

        options.MakeReadOnly();
        return options;
    }

    /// <summary>What our types work out from their members is not a member on the wire. (Anonymous types have no namespace.)</summary>
    private static void OnlyWhatIsCarried(JsonTypeInfo type)
    {
        if (type.Kind != JsonTypeInfoKind.Object || type.Type.Namespace?.StartsWith("Kalends", StringComparison.Ordinal) != true)
        {
            return;
        }

        for (var index = type.Properties.Count - 1; index >= 0; index--)
        {
            if (type.Properties[index].Set is null)
            {
                type.Properties.RemoveAt(index);
            }
        }
    }

    private static void NullMeansAbsent(JsonTypeInfo type)
    {
        foreach (var property in type.Properties)
        {
            if (property.Set is { } set && !(property.PropertyType.IsValueType && Nullable.GetUnderlyingType(property.PropertyType) is null))
            {
                var (name, isRequired) = (property.Name, property.IsRequired);
                property.Set = (target, value) =>
                {
                    if (value is not null)
                    {
                        set(target, value);
                    }
                    else if (isRequired)
                    {
                        throw new JsonException($"{name} is required");
                    }
                };
            }
        }
    }
}
