using System.Buffers;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Kalends.Storage.Postgres;

/// <summary>
/// Packs what an appointment says, some 600 bytes of JSON, to some 90: what stands in columns beside it is written as one byte, and the rest
/// compressed with a dictionary of what appointments say. JSON holds no bytes below 0x20 (RFC 8259 §7), so those stand for what was left out. What
/// comes out is what went in, to the letter. The first byte names the dictionary, so that another can follow; the length of the JSON follows, seven
/// bits a byte, lowest first.
/// </summary>
internal static class Bodies
{
    private const byte Dictionary = 1;

    /// <summary>Higher ones win under 2 % and take six times as long.</summary>
    private const int Level = 3;

    /// <summary>64 KiB: few appointments say more, and each thread keeps as much.</summary>
    private const int WindowLog = 16;

    /// <summary>Longer than any appointment may be: what claims to be is broken.</summary>
    private const int Longest = 64 * 1024 * 1024;

    /// <summary>The dictionary, and a length of any number.</summary>
    private const int LongestHead = 6;

    private static readonly byte[] Words = ReadWords();

    [ThreadStatic]
    private static Compressor? compressor;

    [ThreadStatic]
    private static Decompressor? decompressor;

    public static byte[] Pack(ReadOnlySpan<byte> json, Beside beside)
    {
        compressor ??= NewCompressor();
        var shortened = ArrayPool<byte>.Shared.Rent(json.Length);
        var packed = ArrayPool<byte>.Shared.Rent(LongestHead + Compressor.GetCompressBound(json.Length));
        try
        {
            json.CopyTo(shortened);
            var length = beside.Shorten(shortened.AsSpan(0, json.Length));
            var at = WriteHead(packed, length);
            at += compressor.Wrap(shortened.AsSpan(0, length), packed.AsSpan(at));
            return packed.AsSpan(0, at).ToArray();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(packed);
            ArrayPool<byte>.Shared.Return(shortened);
        }
    }

    /// <exception cref="InvalidDataException">It is not what was packed.</exception>
    public static byte[] Unpack(ReadOnlySpan<byte> packed, Beside beside)
    {
        if (packed.Length < 2 || packed[0] != Dictionary)
        {
            throw new InvalidDataException("the body of an appointment was packed with a dictionary that this program does not have");
        }

        var (length, at) = Length(packed);
        decompressor ??= NewDecompressor();
        var shortened = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            return decompressor.Unwrap(packed[at..], shortened.AsSpan(0, length)) == length
                ? beside.Restore(shortened.AsSpan(0, length))
                : throw new InvalidDataException("the body of an appointment is cut off");
        }
        catch (ZstdException broken)
        {
            throw new InvalidDataException("the body of an appointment is torn", broken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(shortened);
        }
    }

    /// <summary>The dictionary and the length; the answer is where they end.</summary>
    private static int WriteHead(Span<byte> into, int length)
    {
        into[0] = Dictionary;
        var at = 1;
        for (; length > 0x7F; length >>= 7)
        {
            into[at++] = (byte)((length & 0x7F) | 0x80);
        }

        into[at++] = (byte)length;
        return at;
    }

    /// <summary>And where it ends. Four times seven bits are more than <see cref="Longest"/>.</summary>
    private static (int Length, int At) Length(ReadOnlySpan<byte> packed)
    {
        var (length, at) = (0, 1);
        for (var shift = 0; shift <= 21 && at < packed.Length; shift += 7)
        {
            length |= (packed[at] & 0x7F) << shift;
            if (packed[at++] <= 0x7F)
            {
                return length <= Longest ? (length, at) : throw new InvalidDataException("the body of an appointment claims to be longer than any may be");
            }
        }

        throw new InvalidDataException("the body of an appointment has no length");
    }

    private static Compressor NewCompressor()
    {
        var made = new Compressor(Level);
        made.SetParameter(ZSTD_cParameter.ZSTD_c_windowLog, WindowLog);
        // No magic number, no length and no name of the dictionary: each costs bytes, and all are known.
        made.SetParameter(ZSTD_cParameter.ZSTD_c_experimentalParam2, (int)ZSTD_format_e.ZSTD_f_zstd1_magicless);
        made.SetParameter(ZSTD_cParameter.ZSTD_c_contentSizeFlag, 0);
        made.SetParameter(ZSTD_cParameter.ZSTD_c_dictIDFlag, 0);
        made.LoadDictionary(Words);
        return made;
    }

    private static Decompressor NewDecompressor()
    {
        var made = new Decompressor();
        made.SetParameter(ZSTD_dParameter.ZSTD_d_experimentalParam1, (int)ZSTD_format_e.ZSTD_f_zstd1_magicless);
        made.LoadDictionary(Words);
        return made;
    }

    private static byte[] ReadWords()
    {
        using var stream = typeof(Bodies).Assembly.GetManifestResourceStream("bodies-1.dictionary")!;
        using var words = new MemoryStream();
        stream.CopyTo(words);
        return words.ToArray();
    }
}
