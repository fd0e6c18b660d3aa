using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Serialization;
using Kalends.Messages;
using Kalends.Server.Telemetry;
using Microsoft.Net.Http.Headers;

namespace Kalends.Server.Http;

/// <summary>A refusal on the wire: RFC 9457, with Kalends' code, the trace id, and what is wrong where.</summary>
public sealed record Problem
{
    public required string Type { get; init; }

    public required string Title { get; init; }

    public required int Status { get; init; }

    public required string Detail { get; init; }

    public required string Code { get; init; }

    public required string TraceId { get; init; }

    public IReadOnlyList<FieldError>? Errors { get; init; }

    [JsonPropertyOrder(1)]
    public IReadOnlyList<ConflictingSpan>? Conflicts { get; init; }
}

internal static class Problems
{
    public const string MediaType = "application/problem+json";

    /// <summary>Writes the refusal as the whole answer. Nothing may have been sent before.</summary>
    public static Task Write(HttpContext context, Refusal refusal)
    {
        var (code, status, title) = Refusals.OnTheWire(refusal.Code);
        context.Response.StatusCode = status;
        context.Features.Set(new ProblemAnswered(code));
        if (refusal.RetryAfterSeconds is { } seconds)
        {
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        if (status == StatusCodes.Status401Unauthorized && !context.Response.Headers.ContainsKey(HeaderNames.WWWAuthenticate))
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
        }

        return Answers.WriteJson(context, Of(refusal, code, status, title, TraceId(context)), MediaType);
    }

    /// <summary>The W3C trace id where there is one, so that the caller's, ours and the logs' are the same.</summary>
    public static string TraceId(HttpContext context) => Activity.Current?.TraceId.ToHexString() ?? context.TraceIdentifier;

    /// <summary>What <c>GET /problems/{code}</c> answers: the type of a problem is an address that can be opened.</summary>
    public static Task Explain(HttpContext context)
    {
        var asked = context.Request.RouteValues["code"] as string;
        var known = Enum.GetValues<RefusalCode>().Select(Refusals.OnTheWire).FirstOrDefault(known => known.Code == asked);
        return known.Code is null
            ? Write(context, Refusal.Of(RefusalCode.NotFound, "There is no problem of this name."))
            : Answers.WriteText(context, "text/plain", $"{known.Code}: {known.Title} (status {known.Status}).\n");
    }

    private static Problem Of(Refusal refusal, string code, int status, string title, string traceId) => new()
    {
        Type = "/problems/" + code,
        Title = title,
        Status = status,
        Detail = refusal.Detail,
        Code = code,
        TraceId = traceId,
        Errors = refusal.Errors.Count > 0 ? refusal.Errors : null,
        Conflicts = refusal.Conflicts.Count > 0 ? refusal.Conflicts : null,
    };
}
