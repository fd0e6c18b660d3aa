using CsCheck;
using Kalends.Recurrence;

namespace Kalends.Tests.Recurrence;

/// <summary>
/// The engine against the day-by-day oracle. A normal run takes a fifth of the cases; KALENDS_RECURRENCE_CASES sets another number
/// (100,000 for a full run). One thread, so that a run costs the same everywhere; a failure prints the seed that repeats it.
/// </summary>
public sealed class OracleTests
{
    private static readonly long Cases =
        long.TryParse(Environment.GetEnvironmentVariable("KALENDS_RECURRENCE_CASES"), out var cases) ? cases : 20_000;

    [Fact]
    public void Rules_mean_what_the_oracle_says()
    {
        var filled = 0;
        RandomSeries.Any.Sample(series => filled += Agrees(series) ? 1 : 0, iter: Cases, threads: 1, print: series => series.ToString());
        Assert.True(filled > Cases / 2, $"only {filled} of {Cases} cases have an occurrence");
    }

    [Fact]
    public void A_window_is_a_slice_of_the_whole() => Gen.Select(RandomSeries.Any, Gen.Double[-0.1, 1], Gen.Double[0, 0.5]).Sample(
        scene =>
        {
            var (series, from, length) = scene;
            var begin = series.Begin + (series.Length * from);
            var end = begin + (series.Length * length);
            var whole = Series.ListOf(series.Expansion.Between(NodaTime.Instant.MinValue, series.End + series.Length));
            var window = Series.ListOf(series.Expansion.Between(begin, end));
            Assert.Equal(whole.Where(instant => instant >= begin && instant < end), window);
        },
        iter: Cases / 2,
        threads: 1,
        print: scene => $"{scene.Item1}, window from {scene.Item2} for {scene.Item3} of it");

    [Fact]
    public void What_is_written_reads_as_the_same_rule() => RandomSeries.Any.Sample(
        series =>
        {
            Assert.True(RecurrenceRule.TryParse(series.Rule.ToString(), RuleReading.Strict, out var read, out var fault), fault?.ToString());
            Assert.Equal(series.Rule, read);
            Assert.Equal(series.Rule.ToString(), read.ToString());
            Assert.NotEmpty(RuleSentence.Of(read));
        },
        iter: 5_000,
        threads: 1);

    private static bool Agrees(Series series)
    {
        var expected = new DayByDayOracle(series.Rule, series.Start, series.TimeZone).Before(series.End);
        Assert.Equal(expected, Series.ListOf(series.Expansion.Between(NodaTime.Instant.MinValue, series.End)));
        return expected.Count > 0;
    }
}
