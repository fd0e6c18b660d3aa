namespace Kalends.Availability;

/// <summary>Packs what a scan shows as it passes: of one calendar at a time the attendances are held in full.</summary>
internal sealed class PackedScan(int first, int last)
{
    /// <summary>Eight megabytes, packed. Who has more in so little time is nobody whose free/busy is asked again and again.</summary>
    private const int Most = 1_000_000;

    private readonly Dictionary<long, BusyFortnight[]> packed = [];
    private readonly List<BlockingTime> times = [];
    private int count;
    private bool fails;

    public void Add(BlockingTime time)
    {
        if (times.Count > 0 && times[0].Calendar != time.Calendar)
        {
            End();
        }

        if (++count <= Most)
        {
            times.Add(time);
        }
    }

    /// <summary>All of these calendars, also those of which nothing came; null where there was more than can be kept.</summary>
    public IReadOnlyDictionary<long, BusyFortnight[]>? Finish(IEnumerable<long> calendars)
    {
        End();
        foreach (var calendar in calendars.Where(calendar => !packed.ContainsKey(calendar)))
        {
            packed[calendar] = BusyFortnight.Pack(first, last, [])!;
        }

        return fails || count > Most ? null : packed;
    }

    private void End()
    {
        if (times.Count > 0 && BusyFortnight.Pack(first, last, times) is { } fortnights)
        {
            packed[times[0].Calendar] = fortnights;
        }
        else
        {
            fails |= times.Count > 0;
        }

        times.Clear();
    }
}
