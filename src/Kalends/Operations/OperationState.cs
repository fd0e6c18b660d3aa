using System.Text.Json;
using Kalends.Messages;
using Kalends.Messages.Json;

namespace Kalends.Operations;

/// <summary>What is told of an asynchronous command: how far it is, and then its result, or the problem in its place.</summary>
public sealed record OperationState : IChangesUntilOver
{
    public required Guid Operation { get; init; }

    public required OperationStatus Status { get; init; }

    /// <summary>What the command would have answered at once.</summary>
    public JsonElement? Result { get; init; }

    public Problem? Problem { get; init; }

    /// <summary>While it runs, of a command that is done in parts, once the first is.</summary>
    public OperationProgress? Progress { get; init; }

    public bool IsOver => Status is not (OperationStatus.Waiting or OperationStatus.Running);

    public static OperationState Of(Operation operation) => new()
    {
        Operation = operation.Id,
        Status = operation.Status,
        Result = operation is { Status: OperationStatus.Done, Answer: { } result } ? JsonSerializer.Deserialize<JsonElement>(result) : null,
        Problem = operation is { Status: OperationStatus.Failed, Answer: { } refusal }
            ? Problem.Of(WireJson.Read<Refusal>(refusal), operation.RequestId ?? operation.Id.ToString("N")) : null,
        Progress = operation is { Status: OperationStatus.Running, Answer: { } progress } ? WireJson.Read<OperationProgress>(progress) : null,
    };
}

/// <summary>How far a command that is done in parts has come, in whatever it counts.</summary>
public sealed record OperationProgress(long Done, long Left);
