using System.Text.Json;
using System.Text.Json.Serialization;
using Kalends.Messages.Json;

namespace Kalends.Availability;

/// <summary>How many of a group must be free: a number, or <c>"all"</c> (<see cref="Count"/> is null).</summary>
[JsonConverter(typeof(Converter))]
public readonly record struct Quorum(int? Count)
{
    public sealed class Converter : JsonConverter<Quorum>, IWireValue
    {
        public string Form => "\"all\" or how many of the members must be free";

        public string Example => "1";

        public bool MayBeNumber => true;

        public override Quorum Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
        {
            JsonTokenType.Number when reader.TryGetInt32(out var count) => new(count),
            JsonTokenType.String when reader.ValueTextEquals("all"u8) => new(null),
            _ => throw new JsonException($"must be {Form}"),
        };

        public override void Write(Utf8JsonWriter writer, Quorum value, JsonSerializerOptions options)
        {
            if (value.Count is { } count)
            {
                writer.WriteNumberValue(count);
            }
            else
            {
                writer.WriteStringValue("all"u8);
            }
        }
    }
}
