using System.Buffers;
using System.Text;

namespace Kalends.ICalendar;

/// <summary>
/// Cuts a text into content lines (RFC 5545 §3.1), each unfolded. Takes CRLF, LF and bare CR as line ends, drops control
/// characters, and gives up on a line that grows beyond the limit while still reading past it. Each character is looked at a fixed
/// number of times, however a text is folded.
/// </summary>
internal sealed class UnfoldedLines(TextReader text, int longest)
{
    private static readonly SearchValues<char> LineEnds = SearchValues.Create("\r\n");

    private readonly char[] buffer = new char[16_384];
    private readonly StringBuilder line = new();
    private int at;
    private int filled;

    /// <summary>True when the line that <see cref="Next"/> answered was longer than the limit; it then holds only the beginning.</summary>
    public bool WasCut { get; private set; }

    /// <summary>The next line that is not empty, or null at the end.</summary>
    public string? Next()
    {
        line.Clear();
        WasCut = false;
        while (Fill())
        {
            if (LineEnds.Contains(buffer[at]))
            {
                at++;
                if (line.Length > 0 && !ContinuesAfterLineEnd())
                {
                    return Taken();
                }
            }
            else
            {
                Append();
            }
        }

        return line.Length > 0 ? Taken() : null;
    }

    private void Append()
    {
        var rest = buffer.AsSpan(at, filled - at);
        var end = rest.IndexOfAny(LineEnds);
        var part = end < 0 ? rest : rest[..end];
        at += part.Length;
        var room = longest - line.Length;
        WasCut |= part.Length > room;
        line.Append(part.Length > room ? part[..room] : part);
    }

    /// <summary>Passes over line ends; a space or tab after them means that the line goes on (an empty line between does no harm).</summary>
    private bool ContinuesAfterLineEnd()
    {
        while (Fill() && LineEnds.Contains(buffer[at]))
        {
            at++;
        }

        if (!Fill() || buffer[at] is not (' ' or '\t'))
        {
            return false;
        }

        at++;
        return true;
    }

    private bool Fill()
    {
        if (at == filled)
        {
            (at, filled) = (0, text.Read(buffer, 0, buffer.Length));
        }

        return at < filled;
    }

    private string Taken() => TextValues.WithoutControls(line.ToString());
}
