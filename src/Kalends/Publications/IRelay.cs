using System.Security.Cryptography;
using Kalends.Storage;

namespace Kalends.Publications;

/// <summary>An event as a relay keeps it: the number of its publication, and the CloudEvent in JSON.</summary>
public sealed record RelayedEvent(long Seq, byte[] Json);

/// <summary>
/// Where what is published is copied to, in order, for services to read without asking the store: one row of events a tenant. Whatever may go wrong there,
/// what is in the store is in the store.
/// </summary>
public interface IRelay
{
    /// <summary>
    /// Appends these where the last event is of that very number, and nothing where it is not: then somebody else has written, or what was written is lost. All
    /// of them, or the first of them. What is of a history that this store has left goes before anything is done.
    /// </summary>
    /// <param name="tenant">Whose they are.</param>
    /// <param name="history">What they are a part of.</param>
    /// <param name="after">The number of the last event there, 0 where there is none.</param>
    /// <param name="events">In order of number; none, to be told only how far the relay is.</param>
    /// <param name="stopped">Ends it.</param>
    /// <returns>The number of the last event that is there now, 0 where there is none.</returns>
    ValueTask<long> Append(string tenant, RelayHistory history, long after, IReadOnlyList<RelayedEvent> events, CancellationToken stopped);

    /// <summary>Throws away what is there of a tenant.</summary>
    ValueTask Drop(string tenant, CancellationToken stopped);
}

/// <summary>
/// The history of a store, by names that tell nothing of what they are made of: the one it is in, and those it has left by being restored from a copy, whose
/// numbers it gives once more.
/// </summary>
public sealed record RelayHistory(string Present, IReadOnlyList<string> Left)
{
    public static RelayHistory Of(SealingKeys keys) => new(Name(keys.InForce), [.. keys.Retired.Select(Name)]);

    private static string Name(ReadOnlyMemory<byte> key) => Convert.ToHexStringLower(HMACSHA256.HashData(key.Span, "relay"u8)[..16]);
}
