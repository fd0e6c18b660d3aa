using System.Text.Json;
using System.Text.Json.Serialization;

namespace Kalends.Messages.Json;

/// <summary>Enums are kebab-case words on the wire (<c>needs-action</c>), to the letter: no numbers, no other case, no lists.</summary>
public sealed class EnumConverter : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => typeToConvert.IsEnum;

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(Of<>).MakeGenericType(typeToConvert))!;

    public static IEnumerable<string> Words(Type type) => Enum.GetNames(type).Select(JsonNamingPolicy.KebabCaseLower.ConvertName);

    private sealed class Of<T>() : WireValueConverter<T>("one of " + string.Join(", ", Words(typeof(T))), Words(typeof(T)).First())
        where T : struct, Enum
    {
        private static readonly Dictionary<string, T> ByWord =
            Words(typeof(T)).Zip(Enum.GetValues<T>()).ToDictionary(StringComparer.Ordinal);

        private static readonly Dictionary<T, string> ToWord = ByWord.ToDictionary(pair => pair.Value, pair => pair.Key);

        protected override bool TryParse(string text, out T value) => ByWord.TryGetValue(text, out value);

        protected override string Format(T value) => ToWord[value];
    }
}
