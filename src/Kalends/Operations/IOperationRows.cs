using Kalends.Messages;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Operations;

public enum OperationStatus
{
    Waiting,
    Running,
    Done,
    Failed,
    Cancelled,
}

/// <summary>
/// A command that somebody sent and does not wait for: all that is needed to run it as if they did, and what came of it. <see cref="Request"/> and
/// <see cref="Answer"/> are JSON in UTF-8; the answer is a result where it is done, a refusal where it failed, and how far it is while it runs.
/// </summary>
public sealed record Operation
{
    /// <summary>As long as answers to idempotency keys.</summary>
    public static readonly Duration KeptFor = Idempotency.KeptFor;

    public required Guid Id { get; init; }

    public required CalendarId Person { get; init; }

    public required string App { get; init; }

    public required Scopes Scopes { get; init; }

    public required string Command { get; init; }

    public required byte[] Request { get; init; }

    /// <summary>The caller's own, or one made of the id: run twice, the command is done once.</summary>
    public required string Key { get; init; }

    public required string? RequestId { get; init; }

    public required Instant CreatedAt { get; init; }

    public OperationStatus Status { get; init; } = OperationStatus.Waiting;

    public byte[]? Answer { get; init; }
}

/// <summary>A tenant's operations.</summary>
public interface IOperationRows
{
    /// <summary>The one of this id that was begun since <paramref name="notBefore"/>, or null; locked where the session writes.</summary>
    ValueTask<Operation?> Find(Guid id, Instant notBefore);
}

public interface IOperationWrites : IOperationRows
{
    /// <summary>In the place of one of the same id, which is then too old to be found; forgets a few others that are.</summary>
    ValueTask Add(Operation operation);

    ValueTask Change(Guid id, OperationStatus status, byte[]? answer);
}
