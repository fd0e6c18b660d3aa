using NodaTime;
using NodaTime.TimeZones;

namespace Kalends.Time;

/// <summary>
/// Zone names in, zones out. Accepts IANA names in any case, their aliases and Windows names (CLDR windowsZones), and answers
/// IANA. A name that stands for a place of its own (Europe/Oslo) is kept, though the database may store it as a link to
/// another; a name that is only an older spelling (Asia/Calcutta, US/Pacific) becomes the current one; all of UTC's names become UTC.
/// </summary>
public static class Zones
{
    private static readonly TzdbDateTimeZoneSource Source = TzdbDateTimeZoneSource.Default;

    private static readonly DateTimeZoneCache Cache = new(Source);

    private static readonly Dictionary<string, string> Names = ReadNames();

    /// <summary>The release of the zone database in use, such as <c>2026a</c>.</summary>
    public static string Release => Source.TzdbVersion;

    /// <summary>All names that answers may carry, each once.</summary>
    public static IEnumerable<string> All => Names.Values.Distinct(StringComparer.Ordinal);

    /// <summary>The IANA name for what somebody wrote, or null when nobody knows such a zone.</summary>
    public static string? Canonical(string name) => Names.GetValueOrDefault(name);

    /// <summary>The zone of a name that <see cref="Canonical"/> answered.</summary>
    public static DateTimeZone Get(string canonical) => Cache[canonical];

    private static Dictionary<string, string> ReadNames()
    {
        var places = (Source.ZoneLocations ?? []).Select(location => location.ZoneId).ToHashSet(StringComparer.Ordinal);
        var names = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, current) in Source.CanonicalIdMap)
        {
            names[name] = places.Contains(name) ? name : current == "Etc/UTC" ? "UTC" : current;
        }

        foreach (var (windows, iana) in Source.WindowsMapping.PrimaryMapping)
        {
            names.TryAdd(windows, Source.CanonicalIdMap.ContainsKey(iana) ? names[iana] : iana);
        }

        return names;
    }
}
