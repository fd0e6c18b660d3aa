using System.Text.Json;
using Kalends.Messages;
using Kalends.Messages.Json;
using Kalends.Storage;

namespace Kalends.Operations;

/// <summary>What is told of an asynchronous command: how far it is, and then its result, or the problem in its place.</summary>
public sealed record OperationState
{
    public required Guid Operation { get; init; }

    public required OperationStatus Status { get; init; }

    /// <summary>What the command would have answered at once.</summary>
    public JsonElement? Result { get; init; }

    public OperationProblem? Problem { get; init; }

    public static OperationState Of(Operation operation) => new()
    {
        Operation = operation.Id,
        Status = operation.Status,
        Result = operation is { Status: OperationStatus.Done, Answer: { } result } ? JsonSerializer.Deserialize<JsonElement>(result) : null,
        Problem = operation is { Status: OperationStatus.Failed, Answer: { } refusal }
            ? OperationProblem.Of(WireJson.Read<Refusal>(refusal), operation.RequestId) : null,
    };
}

/// <summary>A refusal as it would have been answered at once (RFC 9457).</summary>
public sealed record OperationProblem
{
    public required string Type { get; init; }

    public required string Title { get; init; }

    public required int Status { get; init; }

    public required string Detail { get; init; }

    public required string Code { get; init; }

    /// <summary>Of the request that began the operation.</summary>
    public string? TraceId { get; init; }

    public IReadOnlyList<FieldError>? Errors { get; init; }

    public IReadOnlyList<ConflictingSpan>? Conflicts { get; init; }

    public static OperationProblem Of(Refusal refusal, string? traceId)
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
