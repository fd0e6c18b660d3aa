using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kalends.Messages;
using Kalends.Messages.Json;

namespace Kalends.Server.Http;

/// <summary>Makes an answer's headers and body of what came of a message.</summary>
internal static class Answers
{
    public const string Json = "application/json";

    public static Task Write(HttpContext context, Reply reply)
    {
        var headers = context.Response.Headers;
        if (reply.IsReplay)
        {
            headers["Idempotency-Replayed"] = "true";
        }

        if (reply.Position is { } position)
        {
            headers["Kalends-Position"] = position.ToString();
        }

        return reply switch
        {
            { Refusal: { } refusal } => Problems.Write(context, refusal),
            { Replayed: { } kept } => WriteBytes(context, Json, kept),
            { Result: { } result } => reply.DryRun ? WriteJson(context, MarkedDry(result), Json) : WriteResult(context, result),
            _ => throw new InvalidOperationException("a reply without result, refusal or replay"),
        };
    }

    public static async Task WriteJson(HttpContext context, object value, string mediaType)
    {
        context.Response.ContentType = mediaType;
        using var pipe = new AnswerPipe(context, compressible: true);
        await JsonSerializer.SerializeAsync(pipe, value, value.GetType(), WireJson.Options, context.RequestAborted);
        await pipe.Finish(context.RequestAborted);
    }

    public static async Task WriteText(HttpContext context, string mediaType, string text)
    {
        const int CharactersAtOnce = 4_096;
        context.Response.ContentType = mediaType + "; charset=utf-8";
        using var pipe = new AnswerPipe(context, compressible: mediaType == "text/calendar");
        var encoder = Encoding.UTF8.GetEncoder();
        for (var at = 0; at < text.Length; at += CharactersAtOnce)
        {
            var part = text.AsSpan(at, Math.Min(CharactersAtOnce, text.Length - at));
            var written = encoder.GetBytes(part, pipe.GetSpan(Encoding.UTF8.GetMaxByteCount(part.Length)), at + part.Length == text.Length);
            pipe.Advance(written);
            await pipe.FlushAsync(context.RequestAborted);
        }

        await pipe.Finish(context.RequestAborted);
    }

    public static async Task WriteBytes(HttpContext context, string mediaType, ReadOnlyMemory<byte> body)
    {
        context.Response.ContentType = mediaType;
        using var pipe = new AnswerPipe(context, compressible: true);
        await pipe.WriteAsync(body, context.RequestAborted);
        await pipe.Finish(context.RequestAborted);
    }

    private static Task WriteResult(HttpContext context, object result)
    {
        if (result is IHasVersionTag { Version: var version })
        {
            var tag = $"\"{version}\"";
            context.Response.Headers.ETag = tag;
            // A tag is of use only to a copy that is kept: keep it, but ask each time.
            context.Response.Headers.CacheControl = "private, no-cache";
            if (HttpMethods.IsGet(context.Request.Method) && HasAlready(context.Request, tag))
            {
                context.Response.StatusCode = StatusCodes.Status304NotModified;
                return Task.CompletedTask;
            }
        }

        return result is ITextResult text ? WriteText(context, text.MediaType, text.Text) : WriteJson(context, result, Json);
    }

    /// <summary>If-None-Match compares weakly (RFC 9110 §13.1.2), so <c>W/"3"</c> is <c>"3"</c>.</summary>
    private static bool HasAlready(HttpRequest request, string tag) => request.Headers.IfNoneMatch
        .SelectMany(line => (line ?? "").Split(',', StringSplitOptions.TrimEntries))
        .Any(known => known == "*" || (known.StartsWith("W/", StringComparison.Ordinal) ? known[2..] : known) == tag);

    private static JsonNode MarkedDry(object result)
    {
        var answer = JsonSerializer.SerializeToNode(result, result.GetType(), WireJson.Options)!;
        answer.AsObject()["dryRun"] = true;
        return answer;
    }
}
