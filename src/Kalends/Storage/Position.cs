using System.Globalization;

namespace Kalends.Storage;

/// <summary>
/// How far a store had come: what a session sees includes everything up to its position. Positions of one store are in order. <see cref="Kind"/>
/// is a letter of the kind of store, since one kind counts what another does not know; to callers the whole of it is a word.
/// </summary>
public readonly record struct Position(char Kind, ulong Number)
{
    /// <summary>The letter and 16 hexadecimal digits.</summary>
    public const int LongestText = 17;

    /// <summary>Whether who has come to <paramref name="other"/> has come to this one.</summary>
    public bool IsWithin(Position other) => Kind == other.Kind && Number <= other.Number;

    public static bool TryParse(string? text, out Position position)
    {
        position = default;
        if (text is not { Length: > 1 and <= LongestText } || !char.IsAsciiLetterLower(text[0])
            || !ulong.TryParse(text.AsSpan(1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        position = new(text[0], number);
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Kind}{Number:X}");
}
