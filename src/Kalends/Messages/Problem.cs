using System.Text.Json.Serialization;

namespace Kalends.Messages;

/// <summary>A refusal on the wire: RFC 9457, with Kalends' code, the trace id, and what is wrong where.</summary>
public sealed record Problem
{
    public required string Type { get; init; }

    public required string Title { get; init; }

    public required int Status { get; init; }

    public required string Detail { get; init; }

    public required string Code { get; init; }

    /// <summary>Of the request; of what was done later, that of the request that began it.</summary>
    public required string TraceId { get; init; }

    public IReadOnlyList<FieldError>? Errors { get; init; }

    [JsonPropertyOrder(1)]
    public IReadOnlyList<ConflictingSpan>? Conflicts { get; init; }

    public static Problem Of(Refusal refusal, string traceId)
    {
        var (code, status, title) = Refusals.OnTheWire(refusal.Code);
        return new()
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
}
