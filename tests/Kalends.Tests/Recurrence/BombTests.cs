using System.Diagnostics;
using Kalends.Recurrence;
using NodaTime;

namespace Kalends.Tests.Recurrence;

/// <summary>Short texts that ask for everything. Each ends soon: with its answer, or with a fault that says that it was cut.</summary>
[Collection(nameof(Alone))]
public sealed class BombTests
{
    private static readonly Instant Far = Read.Utc("9990-01-01T00:00");

    private static string All(int count) => string.Join(',', Enumerable.Range(0, count));

    [Theory]
    [InlineData("FREQ=SECONDLY")]
    [InlineData("FREQ=SECONDLY;COUNT=1000000000")]
    [InlineData("FREQ=SECONDLY;UNTIL=99991231T235959Z")]
    [InlineData("FREQ=MINUTELY;INTERVAL=7")]
    [InlineData("FREQ=SECONDLY;INTERVAL=7;BYMONTHDAY=29;BYSECOND=1;COUNT=2147483647")]
    public void What_never_ends_is_cut_with_a_fault(string rule) => Assert.NotNull(Drain(new(Read.Set("2026-01-05T09:00", "Europe/Paris", rule))).Fault);

    [Theory]
    [InlineData("FREQ=DAILY;COUNT=1000000000", 2_912_439)]
    [InlineData("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", 0)]
    [InlineData("FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30", 0)]
    [InlineData("FREQ=SECONDLY;BYMONTH=4;BYMONTHDAY=31;BYSECOND=1", 0)]
    [InlineData("FREQ=HOURLY;INTERVAL=4;BYHOUR=7,11", 0)]
    [InlineData("FREQ=DAILY;INTERVAL=7;BYDAY=TU", 0)]
    [InlineData("FREQ=WEEKLY;INTERVAL=2147483647;COUNT=2", 1)]
    [InlineData("FREQ=SECONDLY;INTERVAL=2147483647", 118)]
    [InlineData("FREQ=YEARLY;INTERVAL=2147483647;BYYEARDAY=-366,366;SKIP=FORWARD", 1)]
    public void What_is_long_or_never_comes_is_told_in_full(string rule, int count)
    {
        var (found, fault) = Drain(new(Read.Set("2026-01-05T09:00", "Europe/Paris", rule)));
        Assert.Null(fault);
        Assert.Equal(count, found);
    }

    [Fact]
    public void A_rule_minus_itself_is_cut_or_empty()
    {
        var seconds = Read.Set("2026-01-05T09:00", "UTC", "FREQ=SECONDLY");
        Assert.NotNull(Drain(new(seconds with { ExcludedRules = seconds.Rules })).Fault);
        var days = Read.Set("2026-01-05T09:00", "UTC", "FREQ=DAILY;BYDAY=MO");
        Assert.Equal((0, null), Drain(new(days with { ExcludedRules = days.Rules })));
    }

    [Fact]
    public void A_window_of_eight_thousand_years_is_cut_or_told() =>
        Assert.Equal((2_911_713, null), Drain(new(Read.Set("1990-01-01T00:00", "UTC", "FREQ=DAILY")), Read.Utc("2018-01-01T00:00"), Far));

    [Fact]
    public void Positions_in_86400_times_cost_what_positions_in_three_do()
    {
        var rule = $"FREQ=YEARLY;BYHOUR={All(24)};BYMINUTE={All(60)};BYSECOND={All(60)};BYYEARDAY={string.Join(',', Enumerable.Range(1, 366))};BYSETPOS=1,-1,366,-366";
        var set = Read.Set("2026-01-01T00:00", "UTC", rule);
        Assert.Equal(["2026-01-01T00:00", "2026-01-01T00:06", "2026-12-31T23:53", "2026-12-31T23:59"], Read.Walls(set, 4));
        Assert.Equal((4 * 7974, null), Drain(new(set)));
        Assert.Equal(2, Read.Walls(Read.Set("2026-01-01T00:00", "UTC", rule.Replace("BYYEARDAY", "BYMONTH=1;BYYEARDAY", StringComparison.Ordinal)), 2).Count);
    }

    [Fact]
    public void Long_lists_of_positions_and_weekdays_count_as_steps()
    {
        var places = string.Join(',', Enumerable.Range(3, 364).SelectMany(place => new[] { place, -place }));
        Assert.NotNull(Drain(new(Read.Set("2026-01-01T09:00", "UTC", $"FREQ=DAILY;BYHOUR=9,10;BYSETPOS={places}"))).Fault);
        var times = $"BYHOUR={All(24)};BYMINUTE={All(60)};BYSECOND={All(60)}";
        var counted = Read.Set("2026-01-01T09:00", "UTC", $"FREQ=DAILY;{times};BYSETPOS={places};COUNT=2147483647");
        Assert.NotNull(Drain(new(counted), Far).Fault);
        var days = string.Join(',', Enumerable.Range(1, 53).SelectMany(place => NumberedDay.Names.Select(name => $"{place}{name},-{place}{name}")));
        Assert.NotNull(Drain(new(Read.Set("2026-01-01T09:00", "UTC", $"FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2;BYDAY={days};BYSETPOS=2;SKIP=FORWARD"))).Fault);
    }

    [Fact]
    public void Ten_thousand_excluded_dates_are_passed_in_one_go()
    {
        var set = Read.Set("2000-01-01T09:00", "Europe/Paris", "FREQ=DAILY;COUNT=10001");
        var dates = Series.ListOf(new Expansion(set).All()).Take(10_000).Reverse().ToList();
        Assert.Equal((1, null), Drain(new(set with { ExcludedDates = dates })));
    }

    [Fact]
    public void Far_from_the_start_costs_no_more_than_near_it()
    {
        var expansion = new Expansion(Read.Set("1990-01-01T08:00", "America/New_York", "FREQ=DAILY"));
        var budget = new StepBudget(200);
        var occurrences = expansion.Between(Read.Utc("2040-06-01T00:00"), Read.Utc("2040-06-08T00:00"), budget);
        Assert.Equal(7, Series.ListOf(occurrences).Count);
    }

    [Fact]
    public void A_reading_makes_nothing_for_an_occurrence()
    {
        var expansion = new Expansion(Read.Set("1990-01-01T08:00", "America/New_York", "FREQ=DAILY;BYHOUR=8,9;BYMINUTE=0,30"));
        expansion.Between(Read.Utc("1990-01-01T00:00"), Far).MoveNext();
        var once = Allocated(() => Drain(expansion, Read.Utc("2020-01-01T00:00"), Read.Utc("2020-02-01T00:00")));
        var often = Allocated(() => Drain(expansion, Read.Utc("2020-01-01T00:00"), Read.Utc("2022-01-01T00:00")));
        Assert.InRange(Math.Abs(often - once), 0, 1_000);
    }

    private static long Allocated(Action action)
    {
        action();
        var before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static (int Found, RuleFault? Fault) Drain(Expansion expansion, Instant? from = null, Instant? to = null)
    {
        var began = Process.GetCurrentProcess().TotalProcessorTime;
        var occurrences = expansion.Between(from ?? Instant.MinValue, to ?? Instant.MaxValue);
        var found = 0;
        while (occurrences.MoveNext())
        {
            found++;
        }

        Assert.InRange(Process.GetCurrentProcess().TotalProcessorTime - began, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        return (found, occurrences.Fault);
    }
}
