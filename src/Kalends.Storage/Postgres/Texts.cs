namespace Kalends.Storage.Postgres;

/// <summary>
/// PostgreSQL's text holds every character but U+0000. It is kept as two: <see cref="Mark"/>, a character of the private use area, and 0; the
/// mark itself as itself and 1. All texts pass here, so that what is looked for is written as what is stored.
/// </summary>
internal static class Texts
{
    private const char Mark = '\uE000';

    public static string? ToStored(string? text) => text is null || text.AsSpan().IndexOfAny('\0', Mark) < 0
        ? text
        : text.Replace($"{Mark}", $"{Mark}1", StringComparison.Ordinal).Replace("\0", $"{Mark}0", StringComparison.Ordinal);

    public static string FromStored(string text) => !text.Contains(Mark, StringComparison.Ordinal)
        ? text
        : text.Replace($"{Mark}0", "\0", StringComparison.Ordinal).Replace($"{Mark}1", $"{Mark}", StringComparison.Ordinal);
}
