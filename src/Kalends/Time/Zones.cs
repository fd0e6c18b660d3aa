using NodaTime;
using NodaTime.TimeZones;

namespace Kalends.Time;

/// <summary>
/// Zone names in, zones out. Accepts IANA names in any case, their aliases and Windows names (CLDR windowsZones), and answers
/// IANA. A name that stands for a place of its own (Europe/Oslo) is kept, though the database may store it as a link to
/// another; a name that is only an older spelling (Asia/Calcutta, US/Pacific) becomes the current one; all of UTC's names become UTC.
/// The database is the one inside the program, or one that <see cref="Use"/> put in its place before anything was read.
/// </summary>
public static class Zones
{
    private static readonly Lock Choosing = new();

    private static Database? inForce;

    /// <summary>The release of the zone database in force, such as <c>2026a</c>.</summary>
    public static string Release => InForce.Source.TzdbVersion;

    /// <summary>All names that answers may carry, each once.</summary>
    public static IEnumerable<string> All => InForce.Names.Values.Distinct(StringComparer.Ordinal);

    /// <summary>The zones that Windows has a name for, which are the widely used ones; names may come twice.</summary>
    public static IEnumerable<string> OfWindows => InForce.Source.WindowsMapping.PrimaryMapping.Values.Select(Canonical).OfType<string>();

    private static Database InForce => Volatile.Read(ref inForce) ?? Choose(null);

    /// <summary>
    /// Puts a database in force for as long as the program runs. Once, and before any zone is read: what was read from one release must not
    /// be mixed with what another says.
    /// </summary>
    public static void Use(TzdbDateTimeZoneSource source)
    {
        if (Choose(source).Source != source)
        {
            throw new InvalidOperationException("zones were read already: the zone database is chosen before anything else");
        }
    }

    /// <summary>The IANA name for what somebody wrote, or null when nobody knows such a zone.</summary>
    public static string? Canonical(string name) => InForce.Names.GetValueOrDefault(name);

    /// <summary>The zone of a name that <see cref="Canonical"/> answered.</summary>
    public static DateTimeZone Get(string canonical) => InForce.Cache[canonical];

    /// <summary>
    /// The zone of a name that is stored, perhaps by another release: null where the database in force has lost it. The name stays as it
    /// is stored, though it may have become an alias.
    /// </summary>
    public static DateTimeZone? Find(string stored) => InForce.Cache.GetZoneOrNull(stored);

    private static Database Choose(TzdbDateTimeZoneSource? source)
    {
        lock (Choosing)
        {
            return inForce ??= new(source ?? TzdbDateTimeZoneSource.Default);
        }
    }

    private sealed class Database(TzdbDateTimeZoneSource source)
    {
        public TzdbDateTimeZoneSource Source => source;

        public DateTimeZoneCache Cache { get; } = new(source);

        public Dictionary<string, string> Names { get; } = ReadNames(source);

        private static Dictionary<string, string> ReadNames(TzdbDateTimeZoneSource source)
        {
            var places = (source.ZoneLocations ?? []).Select(location => location.ZoneId).ToHashSet(StringComparer.Ordinal);
            var names = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            foreach (var (name, current) in source.CanonicalIdMap)
            {
                names[name] = places.Contains(name) ? name : current == "Etc/UTC" ? "UTC" : current;
            }

            foreach (var (windows, iana) in source.WindowsMapping.PrimaryMapping)
            {
                names.TryAdd(windows, source.CanonicalIdMap.ContainsKey(iana) ? names[iana] : iana);
            }

            return names;
        }
    }
}
