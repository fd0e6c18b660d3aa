using System.Globalization;
using System.Text;
using System.Text.Unicode;
using NodaTime;
using NodaTime.Text;

namespace Kalends.Storage.Postgres;

/// <summary>What stands in columns beside a body and is left out of it: 1 the id, 2 and 3 where it starts and ends, 4 its series.</summary>
internal readonly record struct Beside(Guid Id, long From, long To, Guid? Series)
{
    private const byte First = 1;

    private const byte Last = 4;

    /// <summary>Longer than an id in text (36) and an instant (20).</summary>
    private const int Room = 40;

    /// <summary>In place; the answer is the new length.</summary>
    public int Shorten(Span<byte> text)
    {
        var length = text.Length;
        Span<byte> written = stackalloc byte[Room];
        for (var mark = First; mark <= Last; mark++)
        {
            if (Write(mark, written) is > 0 and var wide)
            {
                length = Replace(text[..length], written[..wide], mark);
            }
        }

        return length;
    }

    public byte[] Restore(ReadOnlySpan<byte> shortened)
    {
        Span<byte> written = stackalloc byte[Last * Room];
        Span<int> wide = stackalloc int[Last];
        var length = shortened.Length;
        for (var mark = First; mark <= Last; mark++)
        {
            if (shortened.Count(mark) is > 0 and var times)
            {
                wide[mark - First] = Write(mark, written[((mark - First) * Room)..]);
                length += times * (wide[mark - First] - 1);
            }
        }

        var text = GC.AllocateUninitializedArray<byte>(length);
        var left = shortened;
        Span<byte> into = text;
        while (left.IndexOfAnyInRange(First, Last) is >= 0 and var at)
        {
            left[..at].CopyTo(into);
            into = into[at..];
            var which = left[at] - First;
            written.Slice(which * Room, wide[which]).CopyTo(into);
            into = into[wide[which]..];
            left = left[(at + 1)..];
        }

        left.CopyTo(into);
        return text;
    }

    /// <summary>How many bytes it wrote; none of a series that there is not.</summary>
    private int Write(byte mark, Span<byte> into)
    {
        var wide = 0;
        switch (mark)
        {
            case 1:
                Id.TryFormat(into, out wide, "D");
                break;
            case 2 or 3:
                wide = Write(mark == 2 ? From : To, into);
                break;
            default:
                _ = Series?.TryFormat(into, out wide, "D");
                break;
        }

        return wide;
    }

    /// <summary>As instants are written everywhere; years of four digits without a look at the pattern, which takes longer.</summary>
    private static int Write(long second, Span<byte> into)
    {
        var at = Instant.FromUnixTimeSeconds(second).InUtc().LocalDateTime;
        return at.Year is >= 1 and <= 9999 && Utf8.TryWrite(
            into, CultureInfo.InvariantCulture, $"{at.Year:D4}-{at.Month:D2}-{at.Day:D2}T{at.Hour:D2}:{at.Minute:D2}:{at.Second:D2}Z", out var wide)
            ? wide
            : Encoding.ASCII.GetBytes(InstantPattern.General.Format(Instant.FromUnixTimeSeconds(second)), into);
    }

    /// <summary>In place; the answer is the new length.</summary>
    private static int Replace(Span<byte> text, ReadOnlySpan<byte> what, byte mark)
    {
        var (from, to) = (0, 0);
        while (text[from..].IndexOf(what) is >= 0 and var found)
        {
            text.Slice(from, found).CopyTo(text[to..]);
            to += found;
            text[to++] = mark;
            from += found + what.Length;
        }

        text[from..].CopyTo(text[to..]);
        return to + text.Length - from;
    }
}
