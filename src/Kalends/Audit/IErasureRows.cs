using Kalends.Storage;
using NodaTime;

namespace Kalends.Audit;

/// <summary>What an entry of the trail says of an appointment, before the change or after it, as JSON in UTF-8.</summary>
public readonly record struct EntrySide(long Seq, bool IsAfter, byte[] Said);

/// <summary>A side that was erased: by which command, and the SHA-256 of what it said and of what it says now.</summary>
public sealed record ErasedSide(long Seq, bool IsAfter, Guid Command, byte[] Said, byte[]? Says);

public interface IErasureRows
{
    /// <summary>Sides that were erased, in the order of entries, from just after one.</summary>
    ValueTask<IReadOnlyList<ErasedSide>> Erased(long afterSeq, bool afterSide, int limit);

    /// <summary>The data of a command; null where it is not there.</summary>
    ValueTask<byte[]?> Data(Guid command);
}

public interface IErasureWrites : IErasureRows
{
    /// <summary>
    /// Sides of entries made before a moment, and what entries made later found that had been left before it, of appointments that a calendar owned
    /// then, that say something <see cref="ErasedText"/> takes away.
    /// </summary>
    ValueTask<IReadOnlyList<EntrySide>> Find(Calendar owner, Instant before, int limit);

    /// <summary>How many of them there are.</summary>
    ValueTask<long> Count(Calendar owner, Instant before);

    /// <summary>
    /// Puts what is left in the place of what sides said, keeping the SHA-256 of that. A store lets nothing but that be left: <see cref="ErasedText.Of"/>.
    /// </summary>
    ValueTask Erase(Guid command, IReadOnlyList<EntrySide> left);
}
