using System.Text;
using Kalends.Storage;

namespace Kalends.Availability;

/// <summary>
/// What a conflict says of a block besides its time. All of it from one row, since of blocks of the same time the order says nothing
/// without their ids.
/// </summary>
public readonly record struct NamedBlock(Guid Appointment, string? Title, int Owner, Busyness Busyness, Privacy Privacy, bool AllDay);

/// <summary>
/// Names of blocks of one fortnight, side by side: they live for thousands of questions and then go by the thousand, and as objects of their own took
/// two and a half times as much until the runtime came to clear them away. Never changes; more names make a new one.
/// </summary>
internal sealed class BlockNames
{
    /// <summary>The object, its arrays' heads, and a word that is not full.</summary>
    private const int BytesOfEmpty = 88;

    private const int BytesOfName = 32;

    private readonly Name[] names;

    /// <summary>In UTF-8, one behind the other.</summary>
    private readonly byte[] titles;

    /// <param name="known">What was named before.</param>
    /// <param name="more">By their places in the fortnight. Those that were named before are named anew.</param>
    public BlockNames(BlockNames? known, IEnumerable<(int Index, NamedBlock Block)> more)
    {
        var all = new SortedList<int, NamedBlock>(known?.names.Select((name, place) => (name.Index, Block: known.At(place))).ToDictionary() ?? []);
        foreach (var (index, block) in more)
        {
            all[index] = block;
        }

        names = new Name[all.Count];
        titles = new byte[all.Values.Sum(block => Encoding.UTF8.GetByteCount(block.Title ?? ""))];
        var end = 0;
        for (var place = 0; place < all.Count; place++)
        {
            var block = all.Values[place];
            end += Encoding.UTF8.GetBytes(block.Title, titles.AsSpan(end));
            names[place] = new(all.Keys[place], end, block);
        }
    }

    /// <summary>What it takes of memory.</summary>
    public int Bytes => BytesOfEmpty + (BytesOfName * names.Length) + titles.Length;

    public bool Knows(int index) => PlaceOf(index) >= 0;

    public NamedBlock? Find(int index) => PlaceOf(index) is >= 0 and var place ? At(place) : null;

    private int PlaceOf(int index) => names.AsSpan().BinarySearch(new Wanted(index));

    private NamedBlock At(int place)
    {
        var name = names[place];
        var from = place == 0 ? 0 : names[place - 1].TitleEnd;
        return name.ToBlock(name.HasTitle ? Encoding.UTF8.GetString(titles.AsSpan(from..name.TitleEnd)) : null);
    }

    private readonly struct Name(int index, int titleEnd, NamedBlock block)
    {
        private const byte AllDay = 16;
        private const byte Titled = 32;

        private readonly Guid appointment = block.Appointment;
        private readonly int owner = block.Owner;

        /// <summary>Privacy in the lowest two bits, then busyness.</summary>
        private readonly byte kind = (byte)((int)block.Privacy | ((int)block.Busyness << 2) | (block.AllDay ? AllDay : 0) | (block.Title is null ? 0 : Titled));

        public int Index { get; } = index;

        public int TitleEnd { get; } = titleEnd;

        public bool HasTitle => (kind & Titled) != 0;

        public NamedBlock ToBlock(string? title) => new(appointment, title, owner, (Busyness)((kind >> 2) & 3), (Privacy)(kind & 3), (kind & AllDay) != 0);
    }

    private readonly struct Wanted(int index) : IComparable<Name>
    {
        public int CompareTo(Name other) => index.CompareTo(other.Index);
    }
}
