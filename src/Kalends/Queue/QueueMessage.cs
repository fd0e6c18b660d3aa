using NodaTime;

namespace Kalends.Queue;

/// <summary>
/// Something to be done later, by whichever worker reads it. <see cref="Kind"/> says what, <see cref="Body"/> with what (JSON in UTF-8). Times are kept to
/// the millisecond.
/// </summary>
public sealed record NewMessage(string Queue, string Kind, byte[] Body, Instant Deadline)
{
    /// <summary>What is longer belongs in a row of its own, which the message names: each read of a batch would carry it.</summary>
    public const int LongestBody = 256 * 1024;

    /// <summary>Of the names of queues, kinds and destinations.</summary>
    public const int LongestName = 255;

    /// <summary>Whom it is for, such as the host of a receiver: one that is dead or slow holds up its own messages alone.</summary>
    public string? Destination { get; init; }

    /// <summary>Not to be read before; at once when absent.</summary>
    public Instant? VisibleAt { get; init; }

    /// <summary>Throws where a limit is broken: whoever sends looks at what comes from outside first.</summary>
    public NewMessage Checked() =>
        Body.Length > LongestBody ? throw new ArgumentException($"a message may have {LongestBody} bytes, and this one has {Body.Length}")
        : IsName(Queue) && IsName(Kind) && (Destination is null || IsName(Destination)) ? this
        : throw new ArgumentException($"a queue, kind or destination has 1 to {LongestName} characters");

    private static bool IsName(string text) => text.Length is > 0 and <= LongestName;
}

/// <summary>A message as it is kept: waiting, held by a worker, or shelved as a dead letter.</summary>
public sealed record QueueMessage
{
    /// <summary>Of the error that is kept; longer ones are cut.</summary>
    public const int LongestError = 500;

    public required long Id { get; init; }

    public required string Queue { get; init; }

    public required string Kind { get; init; }

    /// <summary>JSON in UTF-8.</summary>
    public required byte[] Body { get; init; }

    public required string? Destination { get; init; }

    public required Instant EnqueuedAt { get; init; }

    /// <summary>When it may be read; of one that is held, when its lease runs out; of a dead letter, when it was shelved.</summary>
    public required Instant VisibleAt { get; init; }

    /// <summary>When it has lost its purpose.</summary>
    public required Instant Deadline { get; init; }

    /// <summary>How often it was read and came to no end. What could not be done for the world's fault does not count.</summary>
    public required int Reads { get; init; }

    /// <summary>True between a read and what came of it; also where whoever read it has fallen silent.</summary>
    public required bool IsHeld { get; init; }

    /// <summary>What went wrong last.</summary>
    public required string? LastError { get; init; }

    public static string? Bounded(string? error) => error is { Length: > LongestError } ? error[..LongestError] : error;
}

/// <summary>
/// The right to bring a message to its end, given by a read. The number grows with each read of the message and never comes again, so that of two who
/// believe that they hold it only the later is right.
/// </summary>
public readonly record struct Lease(long Message, long Number);
