using Kalends.Storage;

namespace Kalends.Availability;

/// <summary>
/// What one look needs of the cache: the calendars that were found, each at its version, over the fortnights of the span, with what is known of each.
/// When nothing is missing, all that the query goes on to ask is answered from here.
/// </summary>
internal sealed class CachedLook
{
    /// <summary>
    /// Calendars times fortnights of one query. More would push out what others use, for who asks for years of many; they read the store.
    /// </summary>
    private const int MostFortnights = 4_096;

    /// <summary>As many as fit in some hundred kilobytes before they are packed.</summary>
    private const int FewFortnights = 256;

    /// <summary>Names of one query; beyond, the store's own pages are better.</summary>
    private const int MostNamed = 5_000;

    private readonly FreeBusyCache cache;
    private readonly LookFor wanted;
    private readonly List<(CachedKey Key, CalendarStamp Stamp)> asked;

    /// <summary>Of all that were asked for, in their order.</summary>
    private readonly List<long> keys;

    private readonly Dictionary<long, CalendarBusy> found = [];
    private readonly HashSet<long> read = [];

    public CachedLook(FreeBusyCache cache, LookFor wanted, FirstLook look, Func<Calendar, (CachedKey Key, CalendarStamp Stamp)> stamped)
    {
        (this.cache, this.wanted) = (cache, wanted);
        (keys, asked) = (new(wanted.Calendars.Count), new(wanted.Calendars.Count));
        foreach (var id in wanted.Calendars)
        {
            if (!look.Calendars.TryGetValue(id, out var calendar))
            {
                keys.Add(AskedCalendars.NoKey);
                continue;
            }

            var (key, stamp) = stamped(calendar);
            keys.Add(key.Calendar);
            asked.Add((key, stamp));
            if (cache.Find(key, stamp, First, Last) is { } busy)
            {
                found[key.Calendar] = busy;
            }
        }
    }

    /// <summary>Calendars of which something had to be read.</summary>
    public int Misses => read.Count;

    public int Hits => asked.Count - read.Count;

    /// <summary>True when nothing has to be read.</summary>
    public bool IsWhole => found.Count == asked.Count && !Nameless().Any();

    /// <summary>What has to be read; of much that is missing the round trips that are saved are the least.</summary>
    public LookAhead? Missing
    {
        get
        {
            if (found.Count == asked.Count)
            {
                return new() { Named = [.. Nameless()] };
            }

            List<long> missing = [.. asked.Select(one => one.Key.Calendar).Where(key => !found.ContainsKey(key))];
            return missing.Count * (Last - First + 1) > FewFortnights ? null : new() { Scanned = missing, ScanSpan = Whole };
        }
    }

    private (long From, long To) Whole => (BusyFortnight.StartOf(First), BusyFortnight.StartOf(Last + 1));

    private int First => BusyFortnight.NumberOf(wanted.From);

    private int Last => LastOf(wanted);

    /// <summary>The span; one of no length is searched as the second that begins with it.</summary>
    private (long From, long To) Span => (wanted.From, Math.Max(wanted.To, wanted.From + 1));

    /// <summary>False for what is too much to be kept.</summary>
    public static bool Fits(LookFor wanted) =>
        wanted.Named <= MostNamed && (LastOf(wanted) - BusyFortnight.NumberOf(wanted.From) + 1L) * wanted.Calendars.Count <= MostFortnights;

    /// <summary>True when it was asked for these, and knows them.</summary>
    public bool Covers(IEnumerable<long> calendars) => calendars.All(key => key == AskedCalendars.NoKey || found.ContainsKey(key));

    public bool Covers(IEnumerable<long> calendars, long from, long to) => from >= wanted.From && to <= wanted.To && Covers(calendars);

    public OpenHoursRow? OpenHoursOf(long calendar) => found.GetValueOrDefault(calendar)?.OpenHours;

    /// <summary>The blocks of one calendar in a span, in the order of <see cref="IAttendanceRows.Page"/>.</summary>
    public IEnumerable<(BusyFortnight Fortnight, int Index)> Blocks(long calendar, (long From, long To) span)
    {
        foreach (var fortnight in FortnightsOf(calendar))
        {
            foreach (var index in fortnight.Overlapping(span.From, span.To, isFirst: fortnight.Number == First))
            {
                yield return (fortnight, index);
            }
        }
    }

    /// <summary>The same, shown as they are.</summary>
    public void Scan(long calendar, (long From, long To) span, Action<BlockingTime> visit)
    {
        foreach (var fortnight in FortnightsOf(calendar))
        {
            fortnight.Scan(calendar, span, isFirst: fortnight.Number == First, visit);
        }
    }

    /// <summary>
    /// Reads what is missing from the store, at the moment of the look. False where there is more than can be kept, or the store does not fit what
    /// is kept; then it has to be asked itself.
    /// </summary>
    public async ValueTask<bool> Load(IAttendanceRows rows, IOpenHoursRows openHours)
    {
        var missing = asked.Where(one => !found.ContainsKey(one.Key.Calendar)).ToDictionary(one => one.Key.Calendar);
        if (missing.Count > 0)
        {
            read.UnionWith(missing.Keys);
            var hours = (await openHours.Find(missing.Keys)).ToDictionary(row => row.Calendar);
            var scan = new PackedScan(First, Last);
            await rows.Scan([.. missing.Keys], Whole.From, Whole.To, scan.Add);
            if (scan.Finish(missing.Keys) is not { } packed)
            {
                return false;
            }

            foreach (var (calendar, (key, stamp)) in missing)
            {
                found[calendar] = new(stamp, hours.GetValueOrDefault(calendar), packed[calendar]);
                cache.Keep(key, found[calendar]);
            }
        }

        return await Name(rows);
    }

    private IReadOnlyList<BusyFortnight> FortnightsOf(long calendar) => found.TryGetValue(calendar, out var busy) ? busy.Fortnights : [];

    /// <summary>Of calendars where any name is missing all of the span, so that the rows answer to the blocks one by one.</summary>
    private async ValueTask<bool> Name(IAttendanceRows rows)
    {
        var nameless = Nameless().ToList();
        if (nameless.Count == 0)
        {
            return true;
        }

        read.UnionWith(nameless);
        var named = (await rows.Overlapping(nameless, Span.From, Span.To, blockingOnly: true)).ToLookup(row => row.Calendar);
        var titles = await rows.Titles([.. named.SelectMany(calendar => calendar).Select(row => row.Appointment).Distinct()]);
        foreach (var calendar in nameless)
        {
            var key = asked.First(one => one.Key.Calendar == calendar).Key;
            List<(BusyFortnight Fortnight, int Index)> blocks = [.. Blocks(calendar, Span)];
            List<Attendance> answers = [.. named[calendar]];
            if (!blocks.Select(TimeOf).SequenceEqual(answers.Select(row => (row.From, row.To))))
            {
                // Somebody changed rows and not the version. What is there is what counts.
                cache.Forget(key);
                return false;
            }

            cache.Name(key, blocks.Zip(answers, (block, row) => (block.Fortnight, block.Index, new NamedBlock(
                row.Appointment, titles.GetValueOrDefault(row.Appointment), (int)row.Owner, row.Busyness, row.Privacy, row.AllDay))));
        }

        return true;
    }

    private IEnumerable<long> Nameless() => ToName().Where(block => !block.HasName).Select(block => block.Calendar).Distinct();

    /// <summary>
    /// The blocks that will be asked for by name. Those of the very time of the place to begin after come too, since nobody knows by their times
    /// alone which of them come after it.
    /// </summary>
    private IEnumerable<(long Calendar, bool HasName)> ToName()
    {
        var left = wanted.Named;
        for (var place = wanted.After?.Calendar ?? 0; left > 0 && place < keys.Count; place++)
        {
            var after = place == wanted.After?.Calendar ? (wanted.After.From, wanted.After.To) : (long.MinValue, long.MinValue);
            foreach (var (fortnight, index) in Blocks(keys[place], Span).SkipWhile(block => TimeOf(block).CompareTo(after) < 0))
            {
                yield return (keys[place], fortnight.HasName(index));
                left -= TimeOf((fortnight, index)) == after ? 0 : 1;
                if (left == 0)
                {
                    yield break;
                }
            }
        }
    }

    private static (long From, long To) TimeOf((BusyFortnight Fortnight, int Index) block) =>
        (block.Fortnight.From(block.Index), block.Fortnight.To(block.Index));

    private static int LastOf(LookFor wanted) => BusyFortnight.NumberOf(Math.Max(wanted.To, wanted.From + 1) - 1);
}
