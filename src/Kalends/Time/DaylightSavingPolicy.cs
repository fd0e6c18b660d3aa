using NodaTime;
using NodaTime.TimeZones;

namespace Kalends.Time;

/// <summary>
/// What a local time means when the clocks skip it or show it twice. The choice is always handed in by name: nothing in Kalends
/// has a hidden default for it.
/// </summary>
public sealed class DaylightSavingPolicy
{
    /// <summary>
    /// RFC 5545 §3.3.5: a skipped time is read with the offset before the gap, so 02:30 becomes 03:30 where an hour is
    /// skipped; a time that comes twice is the first.
    /// </summary>
    public static readonly DaylightSavingPolicy Rfc5545 =
        new(Resolvers.CreateMappingResolver(Resolvers.ReturnEarlier, Resolvers.ReturnForwardShifted));

    private readonly ZoneLocalMappingResolver resolver;

    private DaylightSavingPolicy(ZoneLocalMappingResolver resolver) => this.resolver = resolver;

    public Instant Resolve(LocalDateTime local, DateTimeZone zone) => local.InZone(zone, resolver).ToInstant();
}
