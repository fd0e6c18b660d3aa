using Kalends.Recurrence;
using NodaTime;

namespace Kalends.Tests.Recurrence;

/// <summary>Where calendars are known to go wrong; each was wrong somewhere.</summary>
public sealed class TrapTests
{
    private const string Paris = "Europe/Paris";

    [Fact]
    public void The_occurrence_after_a_gap_is_on_time_again() => Assert.Equal(
        ["2026-03-28T02:30", "2026-03-29T03:30", "2026-03-30T02:30"], Read.Walls("2026-03-28T02:30", Paris, "FREQ=DAILY;COUNT=3"));

    [Fact]
    public void Of_a_time_that_comes_twice_it_is_the_first() => Assert.Equal(
        [Read.Utc("2026-10-24T00:30"), Read.Utc("2026-10-25T00:30"), Read.Utc("2026-10-26T01:30")],
        Series.ListOf(new Expansion(Read.Set("2026-10-24T02:30", Paris, "FREQ=DAILY;COUNT=3")).All()));

    [Fact]
    public void Two_walls_that_a_gap_brings_together_are_one_occurrence_and_stay_in_order() => Assert.Equal(
        ["2026-03-29T03:00", "2026-03-29T03:30", "2026-03-30T02:00"],
        Read.Walls("2026-03-29T02:00", Paris, "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=0,30", 3));

    [Theory]
    [InlineData("Australia/Lord_Howe", "2026-10-03T02:15", "2026-10-04T02:45")]
    [InlineData("America/Santiago", "2026-09-05T00:00", "2026-09-06T01:00")]
    [InlineData("Pacific/Apia", "2011-12-29T10:00", "2011-12-31T10:00")]
    public void Gaps_of_half_an_hour_at_midnight_and_of_a_day(string zone, string start, string second) => Assert.Equal(
        [start, second], Read.Walls(start, zone, "FREQ=DAILY;COUNT=2"));

    [Fact]
    public void The_day_that_Apia_left_out_does_not_come_twice() => Assert.Equal(
        ["2011-12-29T10:00", "2011-12-31T10:00", "2012-01-01T10:00"], Read.Walls("2011-12-29T10:00", "Pacific/Apia", "FREQ=DAILY", 3));

    [Fact]
    public void Every_hour_is_elapsed_time_over_both_changes()
    {
        Assert.Equal(
            ["2026-03-29T00:15", "2026-03-29T01:15", "2026-03-29T03:15", "2026-03-29T04:15"], Read.Walls("2026-03-29T00:15", Paris, "FREQ=HOURLY;COUNT=4"));
        Assert.Equal(
            ["2026-10-25T01:15", "2026-10-25T02:15", "2026-10-25T02:15", "2026-10-25T03:15"], Read.Walls("2026-10-25T01:15", Paris, "FREQ=HOURLY;COUNT=4"));
        var quarters = Series.ListOf(new Expansion(Read.Set("2026-10-24T12:00", Paris, "FREQ=MINUTELY;INTERVAL=15")).All(), 200);
        Assert.All(quarters.Zip(quarters.Skip(1)), pair => Assert.Equal(Duration.FromMinutes(15), pair.Second - pair.First));
    }

    [Fact]
    public void A_start_just_before_clocks_are_put_back_goes_on_with_earlier_walls() => Assert.Equal(
        ["2026-10-25T02:45", "2026-10-25T02:00", "2026-10-25T02:15", "2026-10-25T02:30", "2026-10-25T02:45", "2026-10-25T03:00"],
        Read.Walls("2026-10-25T02:45", Paris, "FREQ=MINUTELY;INTERVAL=15;COUNT=6"));

    [Fact]
    public void Every_second_hour_keeps_to_the_wall() => Assert.Equal(
        ["2026-03-29T01:15", "2026-03-29T03:15", "2026-03-29T05:15"], Read.Walls("2026-03-29T01:15", Paris, "FREQ=HOURLY;INTERVAL=2;COUNT=3"));

    [Fact]
    public void A_day_whose_end_is_put_back_before_midnight_is_read_to_its_end() => Assert.Equal(
        ["2026-10-29T22:30", "2026-10-29T23:30", "2026-10-29T23:30", "2026-11-05T00:30"],
        Read.Walls("2026-10-29T22:30", "Africa/Cairo", "FREQ=HOURLY;BYDAY=TH;COUNT=4"));

    [Fact]
    public void Positions_count_in_the_whole_week() => Assert.Equal(
        ["2026-01-06T09:00", "2026-01-12T09:00", "2026-01-13T09:00"],
        Read.Walls("2026-01-06T09:00", Paris, "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,2;COUNT=3"));

    [Fact]
    public void A_week_of_two_years_is_one_set() => Assert.Equal(
        ["2025-12-22", "2025-12-28", "2025-12-29", "2026-01-04", "2026-01-05"],
        Read.Walls("2025-12-22", "UTC", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=1,-1;WKST=MO", 5));

    [Fact]
    public void Week_53_comes_in_the_years_that_have_it() => Assert.Equal(
        ["2015-12-28", "2020-12-28", "2026-12-28", "2032-12-27"], Read.Walls("2015-12-28", "UTC", "FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO", 4));

    [Fact]
    public void Week_1_may_begin_in_the_year_before() => Assert.Equal(
        ["2024-12-30", "2025-12-29", "2027-01-04"], Read.Walls("2024-12-30", "UTC", "FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO", 3));

    [Fact]
    public void The_29th_of_February_comes_in_leap_years_or_where_SKIP_puts_it()
    {
        Assert.Equal(["2096-02-29", "2104-02-29"], Read.Walls("2096-02-29", "UTC", "FREQ=YEARLY", 2));
        Assert.Equal(["2024-02-29", "2025-02-28", "2026-02-28"], Read.Walls("2024-02-29", "UTC", "RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=BACKWARD", 3));
        Assert.Equal(["2024-02-29", "2025-03-01", "2026-03-01"], Read.Walls("2024-02-29", "UTC", "RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=FORWARD", 3));
        Assert.Equal(["2026-01-31", "2026-02-28", "2026-03-31"], Read.Walls("2026-01-31", "UTC", "FREQ=MONTHLY;SKIP=BACKWARD", 3));
    }

    [Fact]
    public void Until_in_UTC_includes_the_last_of_a_zoned_series() => Assert.Equal(
        ["2026-06-01T09:00", "2026-06-02T09:00"], Read.Walls("2026-06-01T09:00", Paris, "FREQ=DAILY;UNTIL=20260602T070000Z"));

    [Fact]
    public void Until_a_date_includes_that_day() => Assert.Equal(
        ["2026-06-01T23:30", "2026-06-02T23:30"], Read.Walls("2026-06-01T23:30", "America/Los_Angeles", "FREQ=DAILY;UNTIL=20260602"));

    [Fact]
    public void Until_a_local_time_is_that_time_on_the_wall() => Assert.Equal(
        ["2026-06-01T09:00", "2026-06-02T09:00"], Read.Walls("2026-06-01T09:00", Paris, "FREQ=DAILY;UNTIL=20260602T090000"));

    [Fact]
    public void A_start_outside_its_rule_is_left_out_or_kept_and_counted()
    {
        var set = Read.Set("2026-01-05T09:00", Paris, "FREQ=WEEKLY;BYDAY=TU;COUNT=2");
        Assert.Equal(["2026-01-06T09:00", "2026-01-13T09:00"], Read.Walls(set, 9));
        var kept = set with { StartReading = StartReading.KeptAndCounted };
        Assert.Equal(["2026-01-05T09:00", "2026-01-06T09:00"], Read.Walls(kept, 9));
        Assert.Equal(["2026-01-06T09:00"], Read.Walls(kept, 9, from: "2026-01-06T00:00"));
    }

    [Fact]
    public void Dates_added_and_taken_out_are_instants_in_order()
    {
        var set = Read.Set("2026-03-28T02:30", Paris, "FREQ=DAILY;COUNT=4") with
        {
            AddedDates = [Read.Utc("2026-03-28T12:00"), Read.Utc("2026-03-01T00:00"), Read.Utc("2026-03-28T01:30")],
            ExcludedDates = [Read.Utc("2026-03-29T01:30"), Read.Utc("2030-01-01T00:00")],
        };
        Assert.Equal(["2026-03-01T01:00", "2026-03-28T02:30", "2026-03-28T13:00", "2026-03-30T02:30", "2026-03-31T02:30"], Read.Walls(set, 9));
    }

    [Fact]
    public void Rules_together_are_one_set_and_excluded_rules_take_from_it()
    {
        var set = Read.Set("2026-01-05", "UTC", "FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO") with { ExcludedRules = [Read.Rule("FREQ=WEEKLY;BYDAY=TU,SA,SU")] };
        Assert.Equal(["2026-01-05", "2026-01-07", "2026-01-08", "2026-01-09", "2026-01-12"], Read.Walls(set, 5));
    }

    [Fact]
    public void Without_a_rule_the_start_occurs() => Assert.Equal(
        ["2026-01-05T09:00", "2026-02-01T10:00"],
        Read.Walls(Read.Set("2026-01-05T09:00", Paris) with { AddedDates = [Read.Utc("2026-02-01T09:00")] }, 9));

    [Fact]
    public void Whole_days_ignore_times_and_refuse_hours()
    {
        Assert.Equal(["2026-01-05", "2026-01-06"], Read.Walls("2026-01-05", Paris, "FREQ=DAILY;BYHOUR=9,10;COUNT=2"));
        Assert.Equal("FREQ", Expansion.Check(Read.Set("2026-01-05", Paris, "FREQ=HOURLY"))?.Part);
    }
}
