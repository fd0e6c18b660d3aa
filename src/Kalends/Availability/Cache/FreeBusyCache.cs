using System.Runtime.InteropServices;

namespace Kalends.Availability;

/// <summary>A calendar of some tenant; tenants are numbered by who keeps the cache.</summary>
public readonly record struct CachedKey(int Tenant, long Calendar);

/// <summary>
/// What is kept of a calendar is of one version of it, and of one database: a later one in its place (<see cref="FirstLook.Lineage"/>) has a
/// higher number.
/// </summary>
public readonly record struct CalendarStamp(int Lineage, long Version)
{
    public bool IsAfter(CalendarStamp other) => (Lineage, Version).CompareTo((other.Lineage, other.Version)) > 0;
}

/// <summary>One calendar's time as it was at one version: its open hours, and what blocks it in some fortnights without a gap.</summary>
public sealed record CalendarBusy(CalendarStamp Stamp, OpenHoursRow? OpenHours, IReadOnlyList<BusyFortnight> Fortnights);

/// <summary>
/// Free/busy in memory, stamped with the versions of calendars, so that it is never asked whether it is old but only whether it is of this version.
/// Of each calendar the newest version that anybody read is kept: who reads an older one, as from a replica that is behind, finds nothing
/// and disturbs nothing. Bounded by bytes; what was not used since the hand last passed goes first (CLOCK, over calendars). All of it under one lock,
/// held for a microsecond or so, and for some tens of them by who looks for room or hands in many names.
/// </summary>
public sealed class FreeBusyCache(long mostBytes)
{
    /// <summary>Of an entry and its places in dictionary, ring and list.</summary>
    private const int BytesOfEntry = 280;

    /// <summary>One calendar must not put out all others.</summary>
    private const int LargestShare = 4;

    /// <summary>Names take up to this part of the room, so that conflicts of the few do not put out the free/busy of the many.</summary>
    private const int ShareOfNames = 16;

    private readonly Lock guard = new();
    private readonly Dictionary<CachedKey, Entry> entries = [];
    private readonly List<Entry> ring = [];
    private int hand;
    private int handOfNames;
    private long bytes;
    private long namedBytes;
    private long evictions;
    private long dropped;

    public long Bytes => Volatile.Read(ref bytes);

    /// <summary>Calendars put out for want of room, so far.</summary>
    public long Evictions => Volatile.Read(ref evictions);

    /// <summary>Bytes given up so far, for whatever reason; garbage by then.</summary>
    public long Dropped => Volatile.Read(ref dropped);

    public long MostBytes => mostBytes;

    /// <summary>What is known of a calendar at this very version, in all of these fortnights; else null.</summary>
    public CalendarBusy? Find(CachedKey key, CalendarStamp stamp, int first, int last)
    {
        lock (guard)
        {
            if (!entries.TryGetValue(key, out var entry) || entry.Stamp != stamp || entry.PlaceOf(first, last) is not { } place)
            {
                return null;
            }

            entry.WasUsed = true;
            return new(stamp, entry.OpenHours, [.. CollectionsMarshal.AsSpan(entry.Fortnights).Slice(place, last - first + 1)]);
        }
    }

    /// <summary>Keeps what was read, beside what is known of the same version, and in the place of an older one.</summary>
    public void Keep(CachedKey key, CalendarBusy read)
    {
        lock (guard)
        {
            if (entries.TryGetValue(key, out var known))
            {
                if (known.Stamp.IsAfter(read.Stamp))
                {
                    return;
                }

                if (known.Stamp != read.Stamp)
                {
                    Remove(known);
                }
            }

            if (!entries.TryGetValue(key, out var entry))
            {
                entries[key] = entry = new(key, read.Stamp, read.OpenHours) { Place = ring.Count };
                ring.Add(entry);
            }

            read.Fortnights.Where(fortnight => entry.PlaceOf(fortnight.Number, fortnight.Number) is null).ToList().ForEach(entry.Add);
            entry.WasUsed = true;
            Count(entry);
        }
    }

    /// <summary>Names blocks of a calendar that was found or kept here.</summary>
    public void Name(CachedKey key, IEnumerable<(BusyFortnight Fortnight, int Index, NamedBlock Named)> blocks)
    {
        List<(BusyFortnight Fortnight, List<(int Index, NamedBlock Named)> Some)> named =
            [.. blocks.GroupBy(block => block.Fortnight).Select(group => (group.Key, group.Select(block => (block.Index, block.Named)).ToList()))];
        lock (guard)
        {
            foreach (var (fortnight, some) in named)
            {
                dropped += fortnight.NamedBytes;
                fortnight.Name(some);
            }

            if (entries.TryGetValue(key, out var entry))
            {
                Count(entry);
            }
        }
    }

    public void Forget(CachedKey key)
    {
        lock (guard)
        {
            if (entries.TryGetValue(key, out var entry))
            {
                Remove(entry);
            }
        }
    }

    private void Count(Entry entry)
    {
        Measure(entry);
        if (entry.Bytes > mostBytes / LargestShare)
        {
            Evict(entry);
        }

        while (namedBytes > mostBytes / ShareOfNames)
        {
            TakeNames(entry);
        }

        while (bytes > mostBytes)
        {
            Turn();
        }
    }

    private void Measure(Entry entry)
    {
        bytes -= entry.Bytes;
        namedBytes -= entry.NamedBytes;
        entry.NamedBytes = entry.Fortnights.Sum(fortnight => fortnight.NamedBytes);
        entry.Bytes = BytesOfEntry + (4L * (entry.OpenHours?.Json.Length ?? 0)) + entry.Fortnights.Sum(fortnight => fortnight.Bytes) + entry.NamedBytes;
        bytes += entry.Bytes;
        namedBytes += entry.NamedBytes;
    }

    /// <summary>One after the other, whoever has some; those just named come last.</summary>
    private void TakeNames(Entry last)
    {
        handOfNames = handOfNames < ring.Count ? handOfNames : 0;
        var entry = ring[handOfNames++];
        if (entry.NamedBytes > 0 && (entry != last || namedBytes == entry.NamedBytes))
        {
            dropped += entry.NamedBytes;
            entry.ForgetNames();
            Measure(entry);
        }
    }

    /// <summary>The hand moves on by one: what was used since it last came by is spared once more.</summary>
    private void Turn()
    {
        hand = hand < ring.Count ? hand : 0;
        var entry = ring[hand];
        if (entry.WasUsed)
        {
            entry.WasUsed = false;
            hand++;
            return;
        }

        Evict(entry);
    }

    private void Evict(Entry entry)
    {
        Remove(entry);
        evictions++;
    }

    private void Remove(Entry entry)
    {
        entries.Remove(entry.Key);
        bytes -= entry.Bytes;
        namedBytes -= entry.NamedBytes;
        dropped += entry.Bytes;
        ring[entry.Place] = ring[^1];
        ring[entry.Place].Place = entry.Place;
        ring.RemoveAt(ring.Count - 1);
    }

    private sealed class Entry(CachedKey key, CalendarStamp stamp, OpenHoursRow? openHours)
    {
        public CachedKey Key => key;

        public CalendarStamp Stamp => stamp;

        public OpenHoursRow? OpenHours => openHours;

        /// <summary>In order, with gaps.</summary>
        public List<BusyFortnight> Fortnights { get; } = [];

        public long Bytes { get; set; }

        /// <summary>How much of it is names.</summary>
        public long NamedBytes { get; set; }

        public bool WasUsed { get; set; }

        public int Place { get; set; }

        public void ForgetNames()
        {
            for (var place = 0; place < Fortnights.Count; place++)
            {
                Fortnights[place] = Fortnights[place].Nameless();
            }
        }

        public void Add(BusyFortnight fortnight) => Fortnights.Insert(IndexOf(fortnight.Number), fortnight);

        /// <summary>Where these begin, if all are here.</summary>
        public int? PlaceOf(int first, int last)
        {
            var begin = IndexOf(first);
            var end = begin + last - first;
            return end < Fortnights.Count && Fortnights[begin].Number == first && Fortnights[end].Number == last ? begin : null;
        }

        private int IndexOf(int number)
        {
            var (low, high) = (0, Fortnights.Count);
            while (low < high)
            {
                var middle = (low + high) >>> 1;
                (low, high) = Fortnights[middle].Number < number ? (middle + 1, high) : (low, middle);
            }

            return low;
        }
    }
}
