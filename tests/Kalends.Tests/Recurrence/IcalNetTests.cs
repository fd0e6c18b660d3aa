using CsCheck;
using Ical.Net.CalendarComponents;
using Kalends.Recurrence;
using NodaTime;

namespace Kalends.Tests.Recurrence;

/// <summary>
/// Ical.Net 5 as a second opinion on what RFC 5545 decides: floating times, daily and longer, no SKIP, and none of the disputed kinds of
/// docs/recurrence.md in which the two differ.
/// </summary>
public sealed class IcalNetTests
{
    private static readonly Gen<Series> Decided = Gen.Int[3, 6].SelectMany(frequency => RandomSeries.Of((Frequency)frequency)).Where(IsDecided);

    [Fact]
    public void Both_engines_answer_the_same() => Decided.Sample(
        series =>
        {
            var floating = series with { Zone = "UTC" };
            Assert.Equal(Theirs(floating), Series.ListOf(floating.Expansion.Between(Instant.MinValue, floating.End)));
        },
        iter: 3_000,
        threads: 1,
        print: series => series.ToString());

    private static bool IsDecided(Series series)
    {
        var rule = series.Rule;
        return rule.Skip == SkipPolicy.Omit && rule.Until is not { IsUtc: false } && !rule.BySecond.Contains(60)
            && (rule.ByYearDay.IsEmpty || (rule.ByMonth.IsEmpty && rule.ByMonthDay.IsEmpty && rule.ByWeekNo.IsEmpty && rule.ByDay.IsEmpty))
            && (rule.ByWeekNo.IsEmpty || (rule.Interval == 1 && rule.ByMonth.IsEmpty && rule.ByMonthDay.IsEmpty && rule.BySetPos.IsEmpty))
            && (rule.ByDay.IsEmpty || rule.ByMonthDay.IsEmpty || !rule.ByDay.IsNumbered);
    }

    private static List<Instant> Theirs(Series series)
    {
        var end = series.End.ToDateTimeUtc();
        var events = new CalendarEvent { DtStart = new(series.Start.ToDateTimeUnspecified(), "UTC"), RecurrenceRule = new(series.Rule.ToString()) };
        var options = new Ical.Net.Evaluation.EvaluationOptions { MaxUnmatchedIncrementsLimit = 20_000 };
        return
        [
            .. events.GetOccurrences(options: options).Select(occurrence => occurrence.Period.StartTime.AsUtc).TakeWhile(start => start < end)
                .Select(Instant.FromDateTimeUtc).Where(instant => instant >= series.Begin),
        ];
    }
}
