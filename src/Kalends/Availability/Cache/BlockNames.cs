using System.Text;
using Kalends.Storage;

namespace Kalends.Availability;

/// <summary>
/// What a conflict says of a block besides its time. All of it from one row, since of blocks of the same time the order says nothing
/// without their ids.
/// </summary>
public readonly record struct NamedBlock(Guid Appointment, string? Title, int Owner, Busyness Busyness, Privacy Privacy, bool AllDay);

/// <summary>
/// Names of blocks of one fortnight, side by side. As objects of their own they took two and a half times as much, also after their use: they live for
/// thousands of questions and go by the thousand, and such the runtime clears away late. Never changes; more names make a new one.
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
    /// <param name="more">By their places in the fortnight, each once. Those that were named before are named anew.</param>
    public BlockNames(BlockNames? known, IReadOnlyCollection<(int Index, NamedBlock Block)> more)
    {
        var (kept, size) = (new List<int>(known?.names.Length ?? 0), 0);
        var added = more.OrderBy(one => one.Index).ToList();
        for (var (place, next) = (0, 0); place < known?.names.Length; place++)
        {
            while (next < added.Count && added[next].Index < known.names[place].Index)
            {
                next++;
            }

            if (next == added.Count || added[next].Index > known.names[place].Index)
            {
                kept.Add(place);
                size += known.TitleAt(place).Length;
            }
        }

        names = new Name[kept.Count + added.Count];
        titles = new byte[size + added.Sum(one => Encoding.UTF8.GetByteCount(one.Block.Title ?? ""))];
        var end = 0;
        for (var (place, old, next) = (0, 0, 0); place < names.Length; place++)
        {
            if (next == added.Count || (old < kept.Count && known!.names[kept[old]].Index < added[next].Index))
            {
                var title = known!.TitleAt(kept[old]);
                title.CopyTo(titles.AsSpan(end));
                end += title.Length;
                names[place] = known.names[kept[old++]] with { TitleEnd = end };
            }
            else
            {
                var (index, block) = added[next++];
                end += Encoding.UTF8.GetBytes(block.Title, titles.AsSpan(end));
                names[place] = new(index, end, block);
            }
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
        return name.ToBlock(name.HasTitle ? Encoding.UTF8.GetString(TitleAt(place)) : null);
    }

    private ReadOnlySpan<byte> TitleAt(int place) => titles.AsSpan((place == 0 ? 0 : names[place - 1].TitleEnd)..names[place].TitleEnd);

    private readonly struct Name(int index, int titleEnd, NamedBlock block)
    {
        private const byte AllDay = 16;
        private const byte Titled = 32;

        private readonly Guid appointment = block.Appointment;
        private readonly int owner = block.Owner;

        /// <summary>Privacy in the lowest two bits, then busyness.</summary>
        private readonly byte kind = (byte)((int)block.Privacy | ((int)block.Busyness << 2) | (block.AllDay ? AllDay : 0) | (block.Title is null ? 0 : Titled));

        public int Index { get; } = index;

        public int TitleEnd { get; init; } = titleEnd;

        public bool HasTitle => (kind & Titled) != 0;

        public NamedBlock ToBlock(string? title) => new(appointment, title, owner, (Busyness)((kind >> 2) & 3), (Privacy)(kind & 3), (kind & AllDay) != 0);
    }

    private readonly struct Wanted(int index) : IComparable<Name>
    {
        public int CompareTo(Name other) => index.CompareTo(other.Index);
    }
}
