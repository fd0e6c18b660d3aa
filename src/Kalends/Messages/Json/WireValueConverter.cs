using System.Text.Json;
using System.Text.Json.Serialization;

namespace Kalends.Messages.Json;

/// <summary>What a value that is one string on the wire looks like, for error texts and for the OpenAPI document.</summary>
public interface IWireValue
{
    /// <summary>Completes "must be …".</summary>
    string Form { get; }

    string Example { get; }

    /// <summary>True where a whole number does as well as a word.</summary>
    bool MayBeNumber => false;
}

/// <summary>A type that is written as JSON made beforehand says here what that JSON looks like.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class LooksLikeAttribute(Type type) : Attribute
{
    public Type Type => type;
}

/// <summary>A value that is one string on the wire. Whatever does not parse is refused with its form named.</summary>
public abstract class WireValueConverter<T>(string form, string example) : JsonConverter<T>, IWireValue
{
    private const int LongestText = 500;

    public string Form => form;

    public string Example => example;

    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName
        && reader.ValueSpan.Length <= LongestText * 4
        && reader.GetString() is { Length: <= LongestText } text
        && TryParse(text, out var value)
            ? value
            : throw new JsonException($"must be {form}, such as {example}");

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(Format(value));

    public override T ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Read(ref reader, typeToConvert, options);

    public override void WriteAsPropertyName(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WritePropertyName(Format(value));

    protected abstract bool TryParse(string text, out T value);

    protected abstract string Format(T value);
}
