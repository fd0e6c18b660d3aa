using System.Buffers.Binary;
using System.Security.Cryptography;
using NodaTime;

namespace Kalends.Audit;

/// <summary>
/// One link of a tenant's chain: the digests of entries that no seal before it covers, bound to the seal before it. Whoever changes what was sealed has to
/// make this seal and all after it anew, and then the hash of the last one is another.
/// </summary>
public sealed record Seal
{
    /// <summary>Number of an entry, eight bytes with the highest first, and its digest.</summary>
    private const int EntryLength = sizeof(long) + SHA256.HashSizeInBytes;

    /// <summary>From 1, without gaps.</summary>
    public required long Number { get; init; }

    /// <summary>In whole seconds.</summary>
    public required Instant MadeAt { get; init; }

    /// <summary>Every entry up to this number is covered, by this seal or by one before it; some beyond it are as well.</summary>
    public required long Whole { get; init; }

    public required long Entries { get; init; }

    /// <summary>What it covers, in the order of numbers; null where all of it has been forgotten.</summary>
    public required byte[]? Digests { get; init; }

    /// <summary>SHA-256 of <see cref="Digests"/>, which stays when they go.</summary>
    public required byte[] Sum { get; init; }

    public required byte[] Hash { get; init; }

    public static Seal After(Seal? before, Instant madeAt, long whole, IReadOnlyCollection<EntryFacts> entries)
    {
        var digests = new byte[entries.Count * EntryLength];
        foreach (var (index, entry) in entries.OrderBy(entry => entry.Seq).Index())
        {
            var place = digests.AsSpan(index * EntryLength, EntryLength);
            BinaryPrimitives.WriteInt64BigEndian(place, entry.Seq);
            entry.Digest().CopyTo(place[sizeof(long)..]);
        }

        var made = new Seal
        {
            Number = (before?.Number ?? 0) + 1,
            MadeAt = madeAt,
            Whole = whole,
            Entries = entries.Count,
            Digests = digests,
            Sum = SHA256.HashData(digests),
            Hash = [],
        };
        return made with { Hash = made.HashAfter(before?.Hash) };
    }

    /// <summary>SHA-256 of the hash before (32 zeros for the first), number, seconds since 1970, whole, count, and the sum of the digests.</summary>
    public byte[] HashAfter(byte[]? before)
    {
        Span<byte> written = stackalloc byte[(2 * SHA256.HashSizeInBytes) + (4 * sizeof(long))];
        before?.AsSpan(0, SHA256.HashSizeInBytes).CopyTo(written);
        var numbers = written[SHA256.HashSizeInBytes..];
        BinaryPrimitives.WriteInt64BigEndian(numbers, Number);
        BinaryPrimitives.WriteInt64BigEndian(numbers[8..], MadeAt.ToUnixTimeSeconds());
        BinaryPrimitives.WriteInt64BigEndian(numbers[16..], Whole);
        BinaryPrimitives.WriteInt64BigEndian(numbers[24..], Entries);
        Sum.AsSpan(0, Math.Min(Sum.Length, SHA256.HashSizeInBytes)).CopyTo(numbers[32..]);
        return SHA256.HashData(written);
    }

    /// <summary>True where sum, count and digests are of one another.</summary>
    public bool IsWhole => Sum.Length == SHA256.HashSizeInBytes
        && (Digests is null || (Digests.Length == Entries * EntryLength && SHA256.HashData(Digests).AsSpan().SequenceEqual(Sum)));

    /// <summary>The entries it covers; none once they have been forgotten.</summary>
    public IEnumerable<(long Seq, ReadOnlyMemory<byte> Digest)> Covered()
    {
        for (var place = 0; place + EntryLength <= (Digests?.Length ?? 0); place += EntryLength)
        {
            yield return (BinaryPrimitives.ReadInt64BigEndian(Digests.AsSpan(place)), Digests.AsMemory(place + sizeof(long), SHA256.HashSizeInBytes));
        }
    }

    /// <summary>What an auditor keeps: <c>12:hash</c>.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Number}:{Convert.ToHexStringLower(Hash)}");
}
