using System.Numerics;

namespace Kalends.Recurrence;

/// <summary>
/// A set of days of one year, a bit each: bit 1 is January 1. Bit 0 is the day before and the bit after the last the day after, which
/// SKIP may reach (RFC 7529). Filled anew for each year; the words are made once.
/// </summary>
internal sealed class DayBits
{
    public const int None = -1;
    private const int Words = 6;
    private const int End = Words * 64;

    /// <summary>Seven bits times this is the same seven bits over and over; the tenth time only its lowest fits.</summary>
    private const ulong EachWeek = 0x8102_0408_1020_4081;

    private readonly ulong[] words = new ulong[Words];

    public void Clear() => Array.Clear(words);

    public bool Has(int bit) => (words[bit >> 6] & (1UL << bit)) != 0;

    public void Add(int bit) => words[bit >> 6] |= 1UL << bit;

    public void Remove(int bit) => words[bit >> 6] &= ~(1UL << bit);

    /// <summary>Adds the bits from <paramref name="first"/> to <paramref name="last"/>, both in.</summary>
    public void AddRange(int first, int last)
    {
        var (low, high) = (first >> 6, last >> 6);
        var (lowMask, highMask) = (ulong.MaxValue << first, ulong.MaxValue >> (63 - (last & 63)));
        if (low == high)
        {
            words[low] |= lowMask & highMask;
            return;
        }

        words[low] |= lowMask;
        for (var word = low + 1; word < high; word++)
        {
            words[word] = ulong.MaxValue;
        }

        words[high] |= highMask;
    }

    /// <summary>Adds a mask of up to 64 days whose lowest bit stands on <paramref name="offset"/>.</summary>
    public void AddMask(ulong mask, int offset)
    {
        var (word, shift) = (offset >> 6, offset & 63);
        words[word] |= mask << shift;
        if (shift > 0 && word + 1 < Words)
        {
            words[word + 1] |= mask >> (64 - shift);
        }
    }

    /// <summary>Adds the weekdays of a mask (bit 0 for Monday), where bit 0 of the set is <paramref name="weekday"/>.</summary>
    public void AddWeekdays(uint mask, int weekday)
    {
        for (var word = 0; word < Words; word++)
        {
            words[word] |= Weekdays(mask, weekday);
            weekday = weekday == 6 ? 0 : weekday + 1;
        }
    }

    /// <summary>64 days from one weekday on. 64 is nine weeks and a day.</summary>
    public static ulong Weekdays(uint mask, int weekday)
    {
        var week = ((mask >> weekday) | (mask << (7 - weekday))) & 0x7F;
        return unchecked(week * EachWeek);
    }

    public void KeepOnly(DayBits other)
    {
        for (var word = 0; word < Words; word++)
        {
            words[word] &= other.words[word];
        }
    }

    /// <summary>The first day at or after a bit, or <see cref="None"/>.</summary>
    public int Next(int bit)
    {
        if (bit >= End)
        {
            return None;
        }

        var word = bit >> 6;
        var rest = words[word] & (ulong.MaxValue << bit);
        while (rest == 0)
        {
            if (++word == Words)
            {
                return None;
            }

            rest = words[word];
        }

        return (word << 6) + BitOperations.TrailingZeroCount(rest);
    }

    /// <summary>How many days lie in [from, to).</summary>
    public int Count(int from, int to)
    {
        var count = 0;
        for (var word = from >> 6; word < Words && word << 6 < to; word++)
        {
            count += BitOperations.PopCount(words[word] & Within(word, from, to));
        }

        return count;
    }

    /// <summary>The day with this many before it in [from, …); the caller knows that it is there.</summary>
    public int Select(int from, int rank)
    {
        for (var word = from >> 6; ; word++)
        {
            var rest = words[word] & Within(word, from, End);
            var here = BitOperations.PopCount(rest);
            if (rank >= here)
            {
                rank -= here;
                continue;
            }

            for (; rank > 0; rank--)
            {
                rest &= rest - 1;
            }

            return (word << 6) + BitOperations.TrailingZeroCount(rest);
        }
    }

    private static ulong Within(int word, int from, int to)
    {
        var mask = from > word << 6 ? ulong.MaxValue << from : ulong.MaxValue;
        return to < (word + 1) << 6 ? mask & ~(ulong.MaxValue << to) : mask;
    }
}
