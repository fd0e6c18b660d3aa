using System.Text;

namespace Kalends.Server.Http;

/// <summary>The characters of a text body: UTF-8, or Latin-1 where it is not valid UTF-8, as old calendar programs write it.</summary>
internal static class RequestText
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static ReadOnlyMemory<byte> WithoutMark(ReadOnlyMemory<byte> body) => body.Span.StartsWith(Encoding.UTF8.Preamble) ? body[3..] : body;

    public static string Decode(ReadOnlyMemory<byte> body)
    {
        var bytes = WithoutMark(body).Span;
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return Encoding.Latin1.GetString(bytes);
        }
    }
}
