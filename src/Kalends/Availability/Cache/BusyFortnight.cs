namespace Kalends.Availability;

/// <summary>
/// What blocks one calendar in one fortnight, in order of start and end: four bytes an attendance, since ten thousand people's year is thirteen
/// million of them; eight where one of them begins or ends within a minute, lies across or lasts for days. Fortnights begin on Mondays in UTC, so that
/// few appointments lie across. What an attendance is called, and whose it is, comes later and only where somebody asks (<see cref="NamedBlock"/>); but
/// for secret ones, of which the owner sees more than others. May be shared between threads.
/// </summary>
public sealed class BusyFortnight
{
    public const long Seconds = 14 * 24 * 3_600;

    /// <summary>1970-01-05, the first Monday there is.</summary>
    private const long FirstMonday = 4 * 24 * 3_600;

    /// <summary>The object, and the head of its array.</summary>
    private const int BytesOfEmpty = 88;

    private const int BytesOfArray = 24;

    /// <summary>A word of each row, or two.</summary>
    private readonly uint[] words;
    private readonly bool isWide;

    /// <summary>Minutes, rounded up, that none of them is longer than; if it says the most that it can, some may be.</summary>
    private readonly ushort longest;

    /// <summary>Of each row, where any is secret.</summary>
    private readonly int[]? owners;
    private BlockNames? names;

    private BusyFortnight(int number, List<BlockingTime> times)
    {
        Number = number;
        isWide = !times.TrueForAll(time => Packed.IsNarrow(time, Start));
        words = new uint[isWide ? 2 * times.Count : times.Count];
        for (var index = 0; index < times.Count; index++)
        {
            Write(index, new(times[index], Start));
        }

        longest = (ushort)Math.Min(ushort.MaxValue, times.Select(time => (time.To - time.From + Packed.Minute - 1) / Packed.Minute).DefaultIfEmpty().Max());
        owners = times.Exists(time => time.Privacy == Privacy.Secret) ? [.. times.Select(time => (int)time.Owner)] : null;
    }

    private BusyFortnight(BusyFortnight named) =>
        (Number, words, isWide, longest, owners) = (named.Number, named.words, named.isWide, named.longest, named.owners);

    public int Number { get; }

    /// <summary>What it takes of memory, without names.</summary>
    public int Bytes => BytesOfEmpty + (words.Length * sizeof(uint)) + (owners is null ? 0 : BytesOfArray + (Count * sizeof(int)));

    /// <summary>Of the names known so far. Changes as they come.</summary>
    public long NamedBytes => names?.Bytes ?? 0;

    private long Start => StartOf(Number);

    private int Count => isWide ? words.Length / 2 : words.Length;

    /// <summary>The fortnight that a second lies in; it may lie before 1970.</summary>
    public static int NumberOf(long moment) => (int)Math.Floor((moment - FirstMonday) / (double)Seconds);

    public static long StartOf(int number) => FirstMonday + (number * Seconds);

    /// <summary>
    /// Fortnights without a gap from attendances that all block, in any order. An attendance that reaches over several lies in each. Null where one
    /// cannot be packed: it lasts eight years, or more, or its owner is beyond the two thousand millionth.
    /// </summary>
    public static BusyFortnight[]? Pack(int first, int last, List<BlockingTime> times)
    {
        var each = Enumerable.Range(0, last - first + 1).Select(_ => new List<BlockingTime>()).ToArray();
        foreach (var time in InOrder(times))
        {
            for (var number = Math.Max(first, NumberOf(time.From)); number <= Math.Min(last, NumberOf(time.To - 1)); number++)
            {
                if (!Packed.Fits(time, StartOf(number)))
                {
                    return null;
                }

                each[number - first].Add(time);
            }
        }

        return [.. each.Select((rows, place) => new BusyFortnight(first + place, rows))];
    }

    public long From(int index) => Start + RowAt(index).Start;

    public long To(int index)
    {
        var row = RowAt(index);
        return Start + row.Start + row.Length;
    }

    /// <summary>The same without names: whoever is reading this one goes on to find them in it.</summary>
    public BusyFortnight Nameless() => names is null ? this : new(this);

    public bool HasName(int index) => Volatile.Read(ref names)?.Knows(index) == true;

    public NamedBlock? NameOf(int index) => Volatile.Read(ref names)?.Find(index);

    /// <summary>Handed in by one at a time; read by any.</summary>
    public void Name(IReadOnlyCollection<(int Index, NamedBlock Block)> blocks) => Volatile.Write(ref names, new(names, blocks));

    /// <summary>
    /// The places of those that overlap [from, to). One that began in an earlier fortnight was found there, unless this one is the first that is looked at.
    /// </summary>
    public IEnumerable<int> Overlapping(long from, long to, bool isFirst)
    {
        for (var index = FirstAfter(from); index < Count && From(index) < to; index++)
        {
            if (To(index) > from && (isFirst || RowAt(index).Start >= 0))
            {
                yield return index;
            }
        }
    }

    /// <summary>The same, shown as they are.</summary>
    public void Scan(long calendar, (long From, long To) span, bool isFirst, Action<BlockingTime> visit)
    {
        var (start, count) = (Start, Count);
        for (var index = FirstAfter(span.From); index < count; index++)
        {
            var row = RowAt(index);
            var from = start + row.Start;
            if (from >= span.To)
            {
                return;
            }

            if (from + row.Length > span.From && (isFirst || row.Start >= 0))
            {
                visit(new(calendar, from, from + row.Length, row.Busyness, row.Privacy, owners?[index] ?? BlockingTime.NoOwner));
            }
        }
    }

    /// <summary>Those before it have all ended by then.</summary>
    private int FirstAfter(long moment)
    {
        if (longest == ushort.MaxValue)
        {
            return 0;
        }

        var (low, high) = (0, Count);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            (low, high) = From(middle) + (longest * (long)Packed.Minute) <= moment ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    private Packed RowAt(int index) => isWide
        ? new(words[2 * index] | ((long)words[(2 * index) + 1] << 32))
        : Packed.OfNarrow(words[index]);

    private void Write(int index, Packed row)
    {
        if (isWide)
        {
            (words[2 * index], words[(2 * index) + 1]) = unchecked(((uint)row.Word, (uint)(row.Word >> 32)));
        }
        else
        {
            words[index] = row.ToNarrow();
        }
    }

    /// <summary>Nearly always they are in order already.</summary>
    private static IEnumerable<BlockingTime> InOrder(List<BlockingTime> times)
    {
        for (var i = 1; i < times.Count; i++)
        {
            if ((times[i].From, times[i].To).CompareTo((times[i - 1].From, times[i - 1].To)) < 0)
            {
                return times.OrderBy(time => time.From).ThenBy(time => time.To);
            }
        }

        return times;
    }

    /// <summary>
    /// In one number: seconds from the start of the fortnight, which may be before it, then the length, busyness and privacy. Narrow the same in minutes:
    /// fifteen bits, thirteen and four.
    /// </summary>
    private readonly struct Packed(long packed)
    {
        public const int Minute = 60;

        private const int BitsOfTime = 28;
        private const int BitsOfKind = 4;
        private const int NarrowBits = 13;
        private const long Kinds = (1 << BitsOfKind) - 1;
        private const long Lengths = (1L << BitsOfTime) - 1;

        public Packed(BlockingTime time, long start)
            : this(((time.From - start) << (BitsOfTime + BitsOfKind)) | ((time.To - time.From) << BitsOfKind) | ((long)time.Busyness << 2) | (long)time.Privacy)
        {
        }

        public long Word => packed;

        public long Start => packed >> (BitsOfTime + BitsOfKind);

        public long Length => (packed >> BitsOfKind) & Lengths;

        public Busyness Busyness => (Busyness)((packed >> 2) & 3);

        public Privacy Privacy => (Privacy)(packed & 3);

        public static bool Fits(BlockingTime time, long start) => time.To - time.From < 1L << BitsOfTime
            && Math.Abs(time.From - start) < 1L << BitsOfTime && time.Owner is >= 0 and <= int.MaxValue;

        /// <summary>A fortnight has fewer minutes than there are starts.</summary>
        public static bool IsNarrow(BlockingTime time, long start) => time.From >= start && (time.From - start) % Minute == 0
            && (time.To - time.From) % Minute == 0 && time.To - time.From < (1L << NarrowBits) * Minute;

        public static Packed OfNarrow(uint word)
        {
            var (start, length) = (word >> (NarrowBits + BitsOfKind), (word >> BitsOfKind) & ((1u << NarrowBits) - 1));
            return new(((long)start * Minute << (BitsOfTime + BitsOfKind)) | ((long)length * Minute << BitsOfKind) | (word & Kinds));
        }

        public uint ToNarrow() =>
            ((uint)(Start / Minute) << (NarrowBits + BitsOfKind)) | ((uint)(Length / Minute) << BitsOfKind) | (uint)(packed & Kinds);
    }
}
