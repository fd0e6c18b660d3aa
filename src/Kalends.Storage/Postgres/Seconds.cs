using NodaTime;

namespace Kalends.Storage.Postgres;

/// <summary>
/// Seconds since 1970, as the ports count, to timestamptz as PostgreSQL keeps it, microseconds since 2000, and back: both are whole numbers, so
/// no time type stands between. What no timestamptz can be is infinity, at either end.
/// </summary>
internal static class Seconds
{
    /// <summary>2000-01-01T00:00:00Z.</summary>
    private const long Epoch = 946_684_800;

    private const long PerSecond = 1_000_000;

    private const long PerThousand = 1_000;

    /// <summary>4713-11-24 BC and 294276-12-31, the first and the last day that PostgreSQL knows.</summary>
    private const long Earliest = -211_813_488_000 + Epoch;

    private const long Latest = 9_223_371_331_200 + Epoch;

    public static long ToStored(long seconds) => seconds switch
    {
        < Earliest => long.MinValue,
        >= Latest => long.MaxValue,
        _ => (seconds - Epoch) * PerSecond,
    };

    public static long FromStored(long stored) => stored is long.MinValue or long.MaxValue ? stored : (stored / PerSecond) + Epoch;

    public static long ToStored(Instant moment) => (moment.ToUnixTimeMilliseconds() - (Epoch * PerThousand)) * PerThousand;

    public static Instant MomentOf(long stored) => Instant.FromUnixTimeMilliseconds((stored / PerThousand) + (Epoch * PerThousand));
}
