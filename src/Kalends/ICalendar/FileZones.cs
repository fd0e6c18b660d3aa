using Kalends.Time;
using NodaTime;

namespace Kalends.ICalendar;

/// <summary>
/// What the zone names in a file mean: an IANA or Windows name; the same behind a maker's prefix
/// (<c>/mozilla.org/20050126_1/Europe/Brussels</c>); or else a name of the file's own, which means the IANA zone that keeps the
/// same clock as the file's VTIMEZONE does for a year from the date asked for.
/// </summary>
internal sealed class FileZones
{
    /// <summary>More zones than the world has.</summary>
    private const int MostZones = 1_000;

    private const int WeeksCompared = 53;

    /// <summary>Comparing takes up to a millisecond; a file that wants it more often than this is made to be slow.</summary>
    private const int MostCompared = 1_000;

    private readonly Dictionary<string, ZoneRules> described = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<(string Name, int Year), string?> resolved = [];

    /// <summary>Zones to try, the widely used first, so that rules shared by many zones mean one that people know.</summary>
    private static readonly IReadOnlyList<string> Candidates =
        [.. Zones.OfWindows
            .Order(StringComparer.Ordinal).Concat(Zones.All.Order(StringComparer.Ordinal)).Distinct(StringComparer.Ordinal)];

    private static readonly IReadOnlyList<string> FixedCandidates =
        [.. Candidates.Where(name => name == "UTC").Concat(Candidates.Where(name => name.StartsWith("Etc/", StringComparison.Ordinal))), .. Candidates];

    public void Add(RawComponent zone)
    {
        var rules = new ZoneRules(zone);
        if (rules.Name is { } name && described.Count < MostZones)
        {
            described.TryAdd(name, rules);
        }
    }

    /// <summary>True when an event names a zone that nobody knows and that the file has not described so far.</summary>
    public bool Lacks(RawComponent component) =>
        component.Name == "VEVENT" && component.Lines.Exists(Lacks);

    /// <summary>The IANA zone of a time: UTC with a Z; a name (TZID, RFC 5545 §3.2.19) as above, null when nobody knows it; else the one given.</summary>
    public string? Of(ContentLine line, LocalDateTime at, string whenAbsent) =>
        EventTimes.IsUtc(line) ? "UTC"
        : line.Parameter("TZID")?.Trim() is { Length: > 0 } name ? Resolve(name, at)
        : whenAbsent;

    /// <summary>What is said of a time whose zone nobody knows.</summary>
    public static string Refusal(ContentLine line) =>
        $"the time zone \"{TextValues.Short(line.Parameter("TZID")!.Trim())}\" is not known: name an IANA zone, or describe it in a VTIMEZONE";

    /// <summary>The IANA zone that a name means for times around a date, or null.</summary>
    public string? Resolve(string name, LocalDateTime at)
    {
        if (Known(name) is { } known)
        {
            return known;
        }

        if (!resolved.TryGetValue((name, at.Year), out var zone))
        {
            zone = described.TryGetValue(name, out var rules) && resolved.Count < MostCompared ? Matching(rules, at) : null;
            resolved[(name, at.Year)] = zone;
        }

        return zone;
    }

    private static string? Known(string name)
    {
        if (Zones.Canonical(name) is { } zone)
        {
            return zone;
        }

        // The names of places have one to three parts; the longest that fits is meant.
        var parts = name.Length > 255 ? [] : name.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return Enumerable.Range(1, 3).Reverse().Where(count => count <= parts.Length)
            .Select(count => Zones.Canonical(string.Join('/', parts[^count..]))).FirstOrDefault(found => found is not null);
    }

    private bool Lacks(ContentLine line) =>
        line.Parameter("TZID")?.Trim() is { Length: > 0 } name && !described.ContainsKey(name) && Known(name) is null;

    private static string? Matching(ZoneRules rules, LocalDateTime at)
    {
        if (rules.Location is { } location && Known(location) is { } named)
        {
            return named;
        }

        var moments = Enumerable.Range(0, WeeksCompared).Select(at.PlusWeeks).ToList();
        if (rules.OffsetsAt(moments) is not { } offsets)
        {
            return null;
        }

        var candidates = offsets.All(offset => offset == offsets[0]) ? FixedCandidates : Candidates;
        return candidates.FirstOrDefault(candidate => KeepsTheSameClock(Zones.Get(candidate), moments, offsets));
    }

    private static bool KeepsTheSameClock(DateTimeZone zone, List<LocalDateTime> moments, IReadOnlyList<int> offsets)
    {
        for (var index = 0; index < moments.Count; index++)
        {
            // A moment inside a change itself has two readings, of which either will do.
            var mapping = zone.MapLocal(moments[index]);
            if (mapping.EarlyInterval.WallOffset.Seconds != offsets[index] && mapping.LateInterval.WallOffset.Seconds != offsets[index])
            {
                return false;
            }
        }

        return true;
    }
}
