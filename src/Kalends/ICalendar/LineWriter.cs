using System.Text;

namespace Kalends.ICalendar;

/// <summary>
/// Writes content lines (RFC 5545 §3.1): folded at 75 octets, never inside a character, ended by CRLF. Values must come escaped; as the last
/// guard, a control character that got this far is left out, so that no value can begin a line of its own.
/// </summary>
internal sealed class LineWriter
{
    private const int MostOctets = 75;

    private readonly StringBuilder text = new();

    public void Line(string name, string value) => Line(name, [], value);

    /// <summary>Parameters without a value (null) are left out; the others are quoted where they must be.</summary>
    public void Line(string name, IEnumerable<(string Name, string? Value)> parameters, string value)
    {
        var line = new StringBuilder(name);
        foreach (var (parameter, said) in parameters)
        {
            if (said is not null)
            {
                line.Append(';').Append(parameter).Append('=').Append(said.All(IsPlain) ? said : TextValues.Quote(said));
            }
        }

        Fold(TextValues.WithoutControls(line.Append(':').Append(value).ToString()));
    }

    public void TextLine(string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            Line(name, TextValues.Escape(value));
        }
    }

    public string Taken()
    {
        var taken = text.ToString();
        text.Clear();
        return taken;
    }

    private static bool IsPlain(char character) => char.IsAsciiLetterOrDigit(character) || character is '-' or '/' or '_' or '.' or '+';

    private void Fold(string line)
    {
        var octets = 0;
        foreach (var rune in line.EnumerateRunes())
        {
            if (octets + rune.Utf8SequenceLength > MostOctets)
            {
                text.Append("\r\n ");
                octets = 1;
            }

            text.Append(rune.ToString());
            octets += rune.Utf8SequenceLength;
        }

        text.Append("\r\n");
    }
}
