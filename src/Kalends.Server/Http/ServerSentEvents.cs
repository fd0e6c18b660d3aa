using System.IO.Pipelines;
using System.Text;
using Microsoft.Net.Http.Headers;

namespace Kalends.Server.Http;

/// <summary>Server-sent events (WHATWG HTML §9.2): who wants them, and how they are written. Their data is JSON, which has no line breaks.</summary>
internal static class ServerSentEvents
{
    public const string MediaType = "text/event-stream";

    /// <summary>True where they are named, and JSON is not liked better.</summary>
    public static bool AreWanted(HttpRequest request)
    {
        var asked = request.Headers.Accept;
        if (asked.Count == 0 || !MediaTypeHeaderValue.TryParseList(asked!, out var kinds))
        {
            return false;
        }

        double Liking(string mediaType) =>
            kinds.Where(kind => kind.MediaType.Equals(mediaType, StringComparison.OrdinalIgnoreCase)).Select(kind => kind.Quality ?? 1).DefaultIfEmpty().Max();
        return Liking(MediaType) > 0 && Liking(MediaType) >= Liking(Answers.Json);
    }

    public static void Begin(HttpResponse response)
    {
        response.ContentType = MediaType;
        // Proxies that keep answers back until they are whole let these by.
        response.Headers["X-Accel-Buffering"] = "no";
    }

    public static void Write(PipeWriter writer, string name, ReadOnlySpan<byte> json)
    {
        Put(writer, Encoding.UTF8.GetBytes($"event: {name}\ndata: "));
        Put(writer, json);
        Put(writer, "\n\n"u8);
    }

    public static void Put(PipeWriter writer, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(writer.GetSpan(bytes.Length));
        writer.Advance(bytes.Length);
    }
}
