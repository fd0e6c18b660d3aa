using Kalends.Storage;
using NodaTime;

namespace Kalends.Messages;

/// <summary>How a message is to be run, beside what it says.</summary>
public sealed record RunOptions
{
    /// <summary>Work everything out, keep nothing.</summary>
    public bool DryRun { get; init; }

    /// <summary>The caller's name for this one command, 1–255 printable characters: run again, it answers what it answered first.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Told after each part of a command that is done in parts: how much is done, how much is left.</summary>
    public Action<long, long>? Progress { get; init; }

    /// <summary>Of a query: its data must be at least as new.</summary>
    public Position? AtLeast { get; init; }

    /// <summary>Of a query that streams: who takes its items.</summary>
    public IItemSink? Items { get; init; }

    /// <summary>The trace id of the request, kept in the trail.</summary>
    public string? RequestId { get; init; }
}

/// <summary>
/// What came of a message: a result, or a refusal, or the JSON of an earlier answer to the same idempotency key.
/// </summary>
public sealed record Reply
{
    public object? Result { get; init; }

    public Refusal? Refusal { get; init; }

    /// <summary>The kept result of the first run, as JSON in UTF-8.</summary>
    public ReadOnlyMemory<byte>? Replayed { get; init; }

    public bool IsReplay { get; init; }

    public bool DryRun { get; init; }

    /// <summary>How far the store had come when a command was done.</summary>
    public Position? Position { get; init; }

    public static Reply Refused(Refusal refusal) => new() { Refusal = refusal };
}

/// <summary>How long answers to idempotency keys are kept.</summary>
public static class Idempotency
{
    public static readonly Duration KeptFor = Duration.FromHours(24);

    public const int LongestKey = 255;

    public const string Reused = "This Idempotency-Key came before with another request; use a new key for a new request.";

    /// <summary>What is wrong with a key, or null; to have none is right.</summary>
    public static Refusal? Refuse(string? key) => key is not null && (key.Length is 0 or > LongestKey || key.Any(char.IsControl))
        ? Refusal.Of(RefusalCode.Invalid, $"Idempotency-Key must be 1 to {LongestKey} printable characters.")
        : null;
}
