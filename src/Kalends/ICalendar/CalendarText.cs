using System.Text;

namespace Kalends.ICalendar;

/// <summary>Bytes of an iCalendar file to text. RFC 5545 §3.1.4 says UTF-8; what is not valid UTF-8 was, in practice, written as Latin-1.</summary>
public static class CalendarText
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static string Decode(byte[] bytes)
    {
        var content = bytes.AsSpan();
        if (content.StartsWith(Encoding.UTF8.Preamble))
        {
            content = content[Encoding.UTF8.Preamble.Length..];
        }

        try
        {
            return Strict.GetString(content);
        }
        catch (DecoderFallbackException)
        {
            return Encoding.Latin1.GetString(content);
        }
    }
}
