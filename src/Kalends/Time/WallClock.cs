using NodaTime;
using NodaTime.TimeZones;

namespace Kalends.Time;

/// <summary>
/// <see cref="DaylightSavingPolicy.Rfc5545"/> for many wall times in a row, in whole seconds. Under that policy a zone is a staircase: from
/// one change of the clocks to the next one offset is taken off, also for the times that a gap skips (they keep the offset before
/// it) and for the first passing of those that come twice. So a zone is asked once a change and not once a time.
/// Seconds of the wall are counted like <see cref="Instant.ToUnixTimeSeconds"/>, as if the wall were in UTC.
/// </summary>
public sealed class WallClock(DateTimeZone zone)
{
    /// <summary>Beyond any time that is asked for, and far from overflow.</summary>
    private const long Never = 1L << 60;

    private const long Earliest = -62_135_596_800 - (2 * NominalDuration.SecondsPerDay);
    private const long Latest = 253_402_300_800;

    /// <summary>Seconds to add to UTC in this stretch.</summary>
    public long Offset { get; private set; }

    /// <summary>The change of the clocks that begins this stretch, in UTC.</summary>
    public long From { get; private set; } = Never;

    /// <summary>The next change, in UTC.</summary>
    public long To { get; private set; } = -Never;

    /// <summary>What the wall shows when the stretch ends, before the hands are moved.</summary>
    public long WallTo { get; private set; } = -Never;

    /// <summary>By how much the hands are moved there: above 0 skips times, below 0 repeats them.</summary>
    public long Shift { get; private set; }

    /// <summary>Takes the stretch that an instant lies in.</summary>
    public void Seek(long instant) => Take(zone.GetZoneInterval(Instant.FromUnixTimeSeconds(Math.Clamp(instant, Earliest, Latest))));

    /// <summary>Takes the stretch after this one.</summary>
    public void Advance() => Seek(To);

    /// <summary>Takes the stretch in which a wall time is read under the policy; for walls that lie far apart.</summary>
    public void SeekWall(long wall)
    {
        Seek(wall - NominalDuration.SecondsPerDay);
        ResolveLater(wall);
    }

    /// <summary>The instant of a wall time, wherever the clock stands.</summary>
    public long Resolve(long wall)
    {
        SeekWall(wall);
        return wall - Offset;
    }

    /// <summary>The same where walls only rise and <see cref="SeekWall"/> found the first: goes forward as far as need be.</summary>
    public long ResolveLater(long wall)
    {
        while (wall >= WallTo + Math.Max(Shift, 0))
        {
            Advance();
        }

        return wall - Offset;
    }

    private void Take(ZoneInterval interval)
    {
        Offset = interval.WallOffset.Seconds;
        From = interval.HasStart ? interval.Start.ToUnixTimeSeconds() : -Never;
        To = Never;
        Shift = 0;
        if (interval.HasEnd)
        {
            To = interval.End.ToUnixTimeSeconds();
            Shift = zone.GetUtcOffset(interval.End).Seconds - Offset;
        }

        WallTo = To + Offset;
    }
}
