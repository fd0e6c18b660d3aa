using System.Buffers;
using Kalends.Messages.Json;

namespace Kalends.Storage;

/// <summary>
/// The caller's own name for a calendar: <c>user:ana</c>, <c>group:eng</c>, <c>room:paris-3</c>. 1–255 characters, no control
/// characters. Compared to the letter. A calendar that nobody ever wrote to is an empty one.
/// </summary>
[System.Text.Json.Serialization.JsonConverter(typeof(Converter))]
public readonly record struct CalendarId(string Value) : IComparable<CalendarId>
{
    public const int LongestId = 255;

    /// <summary>What a calendar stands for when nobody said: by the prefix of its name.</summary>
    public CalendarKind ImpliedKind => Value switch
    {
        _ when Value.StartsWith("user:", StringComparison.Ordinal) => CalendarKind.User,
        _ when Value.StartsWith("group:", StringComparison.Ordinal) => CalendarKind.Group,
        _ when Value.StartsWith("room:", StringComparison.Ordinal) => CalendarKind.Room,
        _ => CalendarKind.Other,
    };

    public int CompareTo(CalendarId other) => string.CompareOrdinal(Value, other.Value);

    public override string ToString() => Value;

    public static bool operator <(CalendarId left, CalendarId right) => left.CompareTo(right) < 0;

    public static bool operator >(CalendarId left, CalendarId right) => left.CompareTo(right) > 0;

    public static bool operator <=(CalendarId left, CalendarId right) => left.CompareTo(right) <= 0;

    public static bool operator >=(CalendarId left, CalendarId right) => left.CompareTo(right) >= 0;

    private static readonly SearchValues<char> Controls = SearchValues.Create([.. Enumerable.Range(0, 0xA0).Select(code => (char)code).Where(char.IsControl)]);

    public sealed class Converter() : WireValueConverter<CalendarId>("a calendar of 1 to 255 characters without control characters", "user:ana")
    {
        protected override bool TryParse(string text, out CalendarId value)
        {
            value = new(text);
            return text.Length is > 0 and <= LongestId && !text.AsSpan().ContainsAny(Controls);
        }

        protected override string Format(CalendarId value) => value.Value;
    }
}
