using Kalends.Schedules;
using Kalends.Time;
using NodaTime;

namespace Kalends.Tests.Schedules;

/// <summary>When a schedule is due next: always after now, on the wall that its rule means, through every change of clocks.</summary>
public sealed class ScheduleTimesTests
{
    [Fact]
    public void The_next_time_is_after_now_and_on_the_wall_of_the_rule_through_all_transitions_of_all_zones()
    {
        var (from, to) = (Instant.FromUtc(2000, 1, 3, 0, 0), Instant.FromUtc(2040, 1, 1, 0, 0));
        var asked = 0;
        foreach (var name in Zones.All)
        {
            var zone = Zones.Get(name);
            var rules = new Dictionary<LocalTime, ScheduleTimes>();
            foreach (var interval in zone.GetZoneIntervals(from, to).Where(interval => interval.HasStart && interval.Start > from))
            {
                // In the middle of what is skipped or comes twice, where anything is.
                var before = zone.GetUtcOffset(interval.Start - Duration.Epsilon);
                var (old, now) = (interval.Start.WithOffset(before).LocalDateTime, interval.Start.WithOffset(interval.WallOffset).LocalDateTime);
                var middle = old.PlusSeconds(Period.Between(old, now, PeriodUnits.Seconds).Seconds / 2);
                var wall = new LocalTime(middle.Hour, middle.Minute);
                var times = rules.TryGetValue(wall, out var known)
                    ? known
                    : rules[wall] = ScheduleTimes.TryOf($"FREQ=DAILY;BYHOUR={wall.Hour};BYMINUTE={wall.Minute}", name, out _)!;
                foreach (var moment in new[] { interval.Start - Duration.FromHours(25), interval.Start - Duration.FromSeconds(1), interval.Start, interval.Start + Duration.FromMinutes(40) })
                {
                    asked++;
                    Check(times, zone, wall, moment);
                }
            }
        }

        Assert.True(asked > 20_000, $"only {asked} were asked");
    }

    [Theory]
    [InlineData("America/New_York", "2026-03-07T12:00:00Z", "2026-03-08T07:30:00Z,2026-03-09T06:30:00Z")] // 02:30 is skipped: 03:30
    [InlineData("America/New_York", "2026-10-31T12:00:00Z", "2026-11-01T07:30:00Z,2026-11-02T07:30:00Z")]
    [InlineData("Australia/Lord_Howe", "2026-10-03T00:00:00Z", "2026-10-03T15:30:00Z,2026-10-04T15:30:00Z")] // half an hour: 02:30 does not exist to 02:30
    [InlineData("Pacific/Apia", "2011-12-28T13:00:00Z", "2011-12-29T12:30:00Z,2011-12-30T12:30:00Z")] // no 30th of December
    public void A_daily_time_keeps_its_wall_where_clocks_change(string zone, string after, string expected)
    {
        var times = ScheduleTimes.TryOf("FREQ=DAILY;BYHOUR=2;BYMINUTE=30", zone, out _)!;
        var at = NodaTime.Text.InstantPattern.General.Parse(after).Value;
        foreach (var next in expected.Split(','))
        {
            at = times.Next(at)!.Value;
            Assert.Equal(next, $"{at}");
        }
    }

    [Fact]
    public void Every_minute_is_every_minute_through_the_hour_that_comes_twice()
    {
        var times = ScheduleTimes.TryOf("FREQ=MINUTELY", "Europe/Zurich", out _)!;
        var at = Instant.FromUtc(2026, 10, 25, 0, 0);
        for (var minute = 0; minute < 180; minute++)
        {
            var next = times.Next(at)!.Value;
            Assert.Equal(at + Duration.FromMinutes(1), next);
            at = next;
        }
    }

    [Theory]
    [InlineData("FREQ=SECONDLY", "UTC", "every second")]
    [InlineData("FREQ=DAILY;COUNT=3", "UTC", "ends")]
    [InlineData("FREQ=SOMETIMES", "UTC", "no recurrence rule")]
    [InlineData("FREQ=DAILY", "Mars/Olympus", "not a time zone")]
    public void What_cannot_be_meant_says_why(string rule, string zone, string why)
    {
        Assert.Null(ScheduleTimes.TryOf(rule, zone, out var fault));
        Assert.Contains(why, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void The_last_time_is_found_after_an_outage()
    {
        var times = ScheduleTimes.TryOf("FREQ=DAILY;BYHOUR=3", "UTC", out _)!;
        var due = Instant.FromUtc(2026, 11, 1, 3, 0);
        Assert.Equal(due, times.Last(due, due + Duration.FromHours(5)));
        Assert.Equal(Instant.FromUtc(2026, 11, 20, 3, 0), times.Last(due, Instant.FromUtc(2026, 11, 20, 3, 0)));
        Assert.Equal(Instant.FromUtc(2027, 11, 20, 3, 0), times.Last(due, Instant.FromUtc(2027, 11, 20, 4, 0)));
    }

    private static void Check(ScheduleTimes times, DateTimeZone zone, LocalTime wall, Instant moment)
    {
        var next = times.Next(moment)!.Value;
        Assert.True(next > moment, $"{zone.Id}: after {moment} comes {next}");
        Assert.True(next < moment + Duration.FromHours(51), $"{zone.Id}: after {moment} comes {next}, and nothing between");
        var local = next.InZone(zone);
        // What is skipped before midnight is shown after it.
        Assert.Contains(next, new[] { local.Date, local.Date.PlusDays(-1) }.Select(date => DaylightSavingPolicy.Rfc5545.Resolve(date + wall, zone)));
    }
}
