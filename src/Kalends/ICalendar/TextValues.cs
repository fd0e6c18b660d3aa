using System.Text;

namespace Kalends.ICalendar;

/// <summary>
/// Texts as iCalendar values (RFC 5545 §3.3.11) and as parameter values (RFC 6868), both ways. What separates lines for anybody (CR, LF,
/// vertical tab, form feed, NEL, U+2028, U+2029) is one line end in a text; other control characters stand for nothing and go.
/// </summary>
public static class TextValues
{
    /// <summary>The text as Kalends keeps it: line ends as LF, no control character but it and the tab, no half of a surrogate pair.</summary>
    public static string Clean(string text)
    {
        if (!NeedsCleaning(text))
        {
            return text;
        }

        var cleaned = new StringBuilder(text.Length);
        for (var index = 0; index < text.Length; index++)
        {
            var character = text[index];
            if (character == '\r' && index + 1 < text.Length && text[index + 1] == '\n')
            {
                continue;
            }

            if (IsLineEnd(character))
            {
                cleaned.Append('\n');
            }
            else if (char.IsSurrogate(character))
            {
                var paired = char.IsHighSurrogate(character) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]);
                _ = paired ? cleaned.Append(character).Append(text[++index]) : cleaned.Append('\uFFFD');
            }
            else if (character == '\t' || !char.IsControl(character))
            {
                cleaned.Append(character);
            }
        }

        return cleaned.ToString();
    }

    public static string WithoutControls(string line) =>
        line.AsSpan().IndexOfAnyInRange('\0', '\b') < 0 && line.AsSpan().IndexOfAnyInRange('\n', '\x1F') < 0
        && line.AsSpan().IndexOfAnyInRange('\x7F', '\x9F') < 0
            ? line
            : string.Concat(line.Where(character => character == '\t' || !char.IsControl(character)));

    public static string Escape(string text) => Clean(text)
        .Replace("\\", "\\\\", StringComparison.Ordinal).Replace(";", "\\;", StringComparison.Ordinal)
        .Replace(",", "\\,", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    /// <summary>A backslash before anything that needs none stands for itself.</summary>
    public static string Unescape(string value) => value.Contains('\\', StringComparison.Ordinal)
        ? Clean(Replaced(value, '\\', next => next switch
        {
            'n' or 'N' => '\n',
            '\\' or ';' or ',' or '"' or ':' => next,
            _ => null,
        }))
        : Clean(value);

    /// <summary>A parameter value in quotes; RFC 6868 gives the quote and the line end their own signs.</summary>
    public static string Quote(string text) => "\"" + Clean(text)
        .Replace("^", "^^", StringComparison.Ordinal).Replace("\"", "^'", StringComparison.Ordinal)
        .Replace("\n", "^n", StringComparison.Ordinal).Replace('\t', ' ') + "\"";

    public static string Unquote(string value) => value.Contains('^', StringComparison.Ordinal)
        ? Clean(Replaced(value, '^', next => next switch { 'n' => '\n', '^' => '^', '\'' => '"', _ => null }))
        : Clean(value);

    /// <summary>What somebody wrote, as long as a message can quote it.</summary>
    public static string Short(string text) => text.Length > 60 ? text[..60] + "…" : text;

    private static string Replaced(string value, char sign, Func<char, char?> meaning)
    {
        var read = new StringBuilder(value.Length);
        for (var index = 0; index < value.Length; index++)
        {
            if (value[index] == sign && index + 1 < value.Length && meaning(value[index + 1]) is { } meant)
            {
                read.Append(meant);
                index++;
            }
            else
            {
                read.Append(value[index]);
            }
        }

        return read.ToString();
    }

    private static bool NeedsCleaning(string text)
    {
        foreach (var character in text)
        {
            if ((char.IsControl(character) && character is not ('\t' or '\n')) || character is '\u2028' or '\u2029' || char.IsSurrogate(character))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsLineEnd(char character) =>
        character is '\r' or '\n' or '\v' or '\f' or '\x1C' or '\x1D' or '\x1E' or '\u0085' or '\u2028' or '\u2029';
}
