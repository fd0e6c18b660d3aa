using System.Buffers.Binary;
using System.Security.Cryptography;
using NodaTime;

namespace Kalends.Appointments;

/// <summary>
/// Which occurrence of its series: the wall time that the rules give it, in seconds since 1900, times two; one more for the second passing of
/// a wall time that clocks show twice. Rises as the occurrences do.
/// </summary>
public readonly record struct OccurrenceKey(long Value) : IComparable<OccurrenceKey>
{
    private static readonly LocalDateTime Zero = new(1900, 1, 1, 0, 0);

    /// <summary>The recurrence id of RFC 5545 §3.8.4.4, on the wall of the series' zone.</summary>
    public LocalDateTime Local => Zero.PlusSeconds(Value >> 1);

    /// <summary>The wall time was shown before, until the clocks were put back.</summary>
    public bool IsSecondPassing => (Value & 1) != 0;

    public static OccurrenceKey Of(LocalDateTime local, bool isSecondPassing = false) =>
        new((2 * Period.Between(Zero, local, PeriodUnits.Seconds).Seconds) + (isSecondPassing ? 1 : 0));

    public int CompareTo(OccurrenceKey other) => Value.CompareTo(other.Value);

    public static bool operator <(OccurrenceKey left, OccurrenceKey right) => left.Value < right.Value;

    public static bool operator >(OccurrenceKey left, OccurrenceKey right) => left.Value > right.Value;

    public static bool operator <=(OccurrenceKey left, OccurrenceKey right) => left.Value <= right.Value;

    public static bool operator >=(OccurrenceKey left, OccurrenceKey right) => left.Value >= right.Value;
}

/// <summary>
/// The ids of occurrences follow from series and recurrence id, so an occurrence has the same before it is stored, while it is and after it
/// was deleted; and from the id of one that is not stored its series can be found. UUIDv8 (RFC 9562 §5.8): the first 48 bits of the
/// series' id (its time, so they lie beside each other), 35 bits of key, the last 24 of the series' id, 15 bits of a hash of all.
/// </summary>
public static class OccurrenceIds
{
    /// <summary>Bytes at the beginning that are the series' own.</summary>
    public const int SharedHead = 6;

    private const int Length = 16;
    private const int KeyBits = 35;
    private const int TailBits = 24;
    private const int CheckBits = 15;

    public static Guid Of(Guid series, OccurrenceKey key)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(key.Value);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(key.Value, 1L << KeyBits);
        Span<byte> bytes = stackalloc byte[Length];
        series.TryWriteBytes(bytes, bigEndian: true, out _);
        var payload = (((UInt128)(ulong)key.Value << TailBits) | Tail(bytes)) << CheckBits | Check(bytes, key);
        Write(payload, bytes);
        return new(bytes, bigEndian: true);
    }

    /// <summary>True for what may be the id of an occurrence; whether it is, only its series can tell.</summary>
    public static bool MayBe(Guid id) => id.Version == 8;

    /// <summary>The key in the id of an occurrence. That it is one, the caller must know.</summary>
    public static OccurrenceKey KeyOf(Guid occurrence)
    {
        Span<byte> bytes = stackalloc byte[Length];
        occurrence.TryWriteBytes(bytes, bigEndian: true, out _);
        return new((long)(Payload(bytes) >> (TailBits + CheckBits)));
    }

    /// <summary>The last three bytes of the id of its series.</summary>
    public static byte[] TailOf(Guid occurrence)
    {
        Span<byte> bytes = stackalloc byte[Length];
        occurrence.TryWriteBytes(bytes, bigEndian: true, out _);
        var tail = (uint)((Payload(bytes) >> CheckBits) & 0xFF_FFFF);
        return [(byte)(tail >> 16), (byte)((tail >> 8) & 0xFF), (byte)(tail & 0xFF)];
    }

    /// <summary>Which occurrence of this series an id is, or null when it is none of it.</summary>
    public static OccurrenceKey? Read(Guid id, Guid series)
    {
        if (!MayBe(id))
        {
            return null;
        }

        Span<byte> bytes = stackalloc byte[Length];
        Span<byte> head = stackalloc byte[Length];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        series.TryWriteBytes(head, bigEndian: true, out _);
        if (!bytes[..SharedHead].SequenceEqual(head[..SharedHead]))
        {
            return null;
        }

        var key = new OccurrenceKey((long)(Payload(bytes) >> (TailBits + CheckBits)));
        return Of(series, key) == id ? key : null;
    }

    private static ulong Tail(ReadOnlySpan<byte> series) => BinaryPrimitives.ReadUInt32BigEndian(series[^4..]) & 0xFF_FFFF;

    private static ulong Check(ReadOnlySpan<byte> series, OccurrenceKey key)
    {
        Span<byte> hashed = stackalloc byte[Length + sizeof(long)];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        series.CopyTo(hashed);
        BinaryPrimitives.WriteInt64BigEndian(hashed[Length..], key.Value);
        SHA256.HashData(hashed, hash);
        return (ulong)BinaryPrimitives.ReadUInt16BigEndian(hash) >> 1;
    }

    /// <summary>The 74 bits that are left beside the head, the version and the variant.</summary>
    private static void Write(UInt128 payload, Span<byte> bytes)
    {
        var (high, low) = ((ulong)(payload >> 62), (ulong)(payload & ((UInt128.One << 62) - 1)));
        BinaryPrimitives.WriteUInt16BigEndian(bytes[SharedHead..], (ushort)(0x8000 | high));
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], 0x8000_0000_0000_0000 | low);
    }

    private static UInt128 Payload(ReadOnlySpan<byte> bytes) =>
        ((UInt128)(BinaryPrimitives.ReadUInt16BigEndian(bytes[SharedHead..]) & 0xFFFu) << 62)
        | (BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]) & 0x3FFF_FFFF_FFFF_FFFF);
}
