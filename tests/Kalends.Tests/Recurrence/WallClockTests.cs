using Kalends.Time;
using NodaTime;

namespace Kalends.Tests.Recurrence;

/// <summary>The staircase against the policy it stands for, around every change of every zone.</summary>
public sealed class WallClockTests
{
    [Fact]
    public void Each_wall_is_read_as_the_policy_reads_it()
    {
        long[] around = [-90_000, -7_200, -3_601, -1_800, -1, 0, 1, 1_799, 1_800, 3_599, 3_600, 7_200, 90_000];
        foreach (var zone in Zones.All.Select(Zones.Get))
        {
            var clock = new WallClock(zone);
            foreach (var change in zone.GetZoneIntervals(Instant.FromUtc(1900, 1, 1, 0, 0), Instant.FromUtc(2042, 1, 1, 0, 0)).Where(interval => interval.HasStart))
            {
                foreach (var seconds in around)
                {
                    var wall = change.Start.InUtc().LocalDateTime.PlusSeconds(change.WallOffset.Seconds + seconds);
                    var expected = DaylightSavingPolicy.Rfc5545.Resolve(wall, zone);
                    Assert.True(
                        expected == Instant.FromUnixTimeSeconds(clock.Resolve(wall.InUtc().ToInstant().ToUnixTimeSeconds())), $"{wall} in {zone.Id}");
                }
            }
        }
    }
}
