using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Kalends.Storage.Copying;

/// <summary>
/// What a table holds of each tenant, as a count and a sum: the rows' hashes (SHA-256, of what a row means and not of how a store keeps it) added
/// up, so that the order of rows does not matter.
/// </summary>
internal sealed class ContentSums
{
    private const byte Null = 0, Number = 1, Words = 2, Raw = 3, Several = 4;

    private readonly ArrayBufferWriter<byte> written = new();
    private readonly SortedDictionary<long, ContentSum> tenants = [];

    public IReadOnlyDictionary<long, ContentSum> Tenants => tenants;

    public void Add(object?[] row)
    {
        written.ResetWrittenCount();
        foreach (var value in row)
        {
            Write(value);
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(written.WrittenSpan, hash);
        var tenant = (long)row[0]!;
        var before = tenants.GetValueOrDefault(tenant);
        tenants[tenant] = new(before.Rows + 1, unchecked(before.Sum + BinaryPrimitives.ReadUInt128BigEndian(hash)));
    }

    private void Write(object? value)
    {
        switch (value)
        {
            case null:
                WriteNumber(Null, 0);
                break;
            case long number:
                WriteNumber(Number, number);
                break;
            case bool truth:
                WriteNumber(Number, truth ? 1 : 0);
                break;
            case string text:
                WriteNumber(Words, Encoding.UTF8.GetByteCount(text));
                Encoding.UTF8.GetBytes(text, written);
                break;
            case byte[] bytes:
                WriteNumber(Raw, bytes.Length);
                written.Write(bytes);
                break;
            case Guid id:
                Write(id.ToByteArray(bigEndian: true));
                break;
            case long[] numbers:
                WriteNumber(Several, numbers.Length);
                Array.ForEach(numbers, number => WriteNumber(Number, number));
                break;
            case string[] texts:
                WriteNumber(Several, texts.Length);
                Array.ForEach(texts, Write);
                break;
            default:
                throw new ArgumentException($"no column holds {value.GetType()}", nameof(value));
        }
    }

    private void WriteNumber(byte what, long number)
    {
        var place = written.GetSpan(1 + sizeof(long));
        place[0] = what;
        BinaryPrimitives.WriteInt64BigEndian(place[1..], number);
        written.Advance(1 + sizeof(long));
    }
}

internal readonly record struct ContentSum(long Rows, UInt128 Sum);
