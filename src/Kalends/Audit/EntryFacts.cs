using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Kalends.Audit;

/// <summary>
/// All that an entry of the trail says, with its command, as its digest sees it: long texts enter as their own SHA-256, so that they can be
/// erased and the digest still be worked out. What the command's row says is null where that row is not there.
/// </summary>
public sealed record EntryFacts
{
    public required long Seq { get; init; }

    public required Guid Command { get; init; }

    /// <summary>Seconds since 1970.</summary>
    public long? At { get; init; }

    public string? Person { get; init; }

    public string? App { get; init; }

    public string? Name { get; init; }

    public string? RequestId { get; init; }

    /// <summary>The SHA-256 of the command's data, and of what the appointment said before and after; null where there is none.</summary>
    public byte[]? Data { get; init; }

    public byte[]? Before { get; init; }

    public byte[]? After { get; init; }

    public Guid? Appointment { get; init; }

    public Guid? Series { get; init; }

    public string? Kind { get; init; }

    public long? Version { get; init; }

    /// <summary>The calendars it changed, by key, and the version it made of each.</summary>
    public required IReadOnlyList<(long Calendar, long Version)> Versions { get; init; }

    /// <summary>
    /// SHA-256 of all of it, the same whichever store has it: a byte for the form, then each member in a fixed order, led by its length; −1 for none.
    /// The id of the publication is left out: it belongs to the outbox, which is cleared away once it has been sent.
    /// </summary>
    public byte[] Digest()
    {
        var written = new ArrayBufferWriter<byte>();
        written.Write([Form]);
        Number(written, Seq);
        Bytes(written, Command.ToByteArray(bigEndian: true));
        Bytes(written, At is { } at ? Big(at) : null);
        foreach (var text in new[] { Person, App, Name, RequestId, Kind })
        {
            Bytes(written, text is null ? null : Encoding.UTF8.GetBytes(text));
        }

        Bytes(written, Data);
        Bytes(written, Appointment?.ToByteArray(bigEndian: true));
        Bytes(written, Series?.ToByteArray(bigEndian: true));
        Bytes(written, Version is { } version ? Big(version) : null);
        Number(written, Versions.Count);
        foreach (var (calendar, given) in Versions.OrderBy(pair => pair.Calendar))
        {
            Number(written, calendar);
            Number(written, given);
        }

        Bytes(written, Before);
        Bytes(written, After);
        return SHA256.HashData(written.WrittenSpan);
    }

    private const byte Form = 1;

    private static void Bytes(ArrayBufferWriter<byte> written, byte[]? bytes)
    {
        Number(written, bytes?.Length ?? -1);
        written.Write(bytes);
    }

    private static void Number(ArrayBufferWriter<byte> written, long number) => written.Write(Big(number));

    private static byte[] Big(long number)
    {
        var bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        return bytes;
    }
}
