using CsCheck;
using Ical.Net.CalendarComponents;
using Ical.Net.Evaluation;
using Kalends.Recurrence;
using NodaTime;

namespace Kalends.Tests.Recurrence;

/// <summary>
/// Ical.Net 5 as a second opinion on what RFC 5545 decides: floating times, daily and longer, no SKIP, none of the disputed kinds of
/// docs/recurrence.md in which the two differ, and no UNTIL, which it ends by the start of its period (YEARLY;BYDAY=WE until February
/// has no January), nor two names of one week, which it answers twice.
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
        return rule.Skip == SkipPolicy.Omit && rule.Until is null && !rule.BySecond.Contains(60)
            && (rule.ByYearDay.IsEmpty || (rule.ByMonth.IsEmpty && rule.ByMonthDay.IsEmpty && rule.ByWeekNo.IsEmpty && rule.ByDay.IsEmpty))
            && (rule.ByWeekNo.IsEmpty || (rule.Interval == 1 && rule.ByWeekNo.Count == 1 && rule.ByMonth.IsEmpty && rule.ByMonthDay.IsEmpty && rule.BySetPos.IsEmpty))
            && (!rule.ByDay.IsNumbered || (rule.ByMonthDay.IsEmpty && rule.ByDay.All(day => day.Ordinal != 0)));
    }

    private static List<Instant> Theirs(Series series)
    {
        var end = series.End.ToDateTimeUtc();
        var events = new CalendarEvent { DtStart = new(series.Start.ToDateTimeUnspecified(), "UTC"), RecurrenceRule = new(series.Rule.ToString()) };
        var found = new List<Instant>();
        using var occurrences = events.GetOccurrences(options: new() { MaxUnmatchedIncrementsLimit = 3_000 }).GetEnumerator();
        while (MoveNext(occurrences) && occurrences.Current.Period.StartTime.AsUtc is var start && start < end)
        {
            found.Add(Instant.FromDateTimeUtc(start));
        }

        return found;
    }

    /// <summary>It throws where nothing comes for long, which is longer here than anything is looked at.</summary>
    private static bool MoveNext(IEnumerator<Ical.Net.DataTypes.Occurrence> occurrences)
    {
        try
        {
            return occurrences.MoveNext();
        }
        catch (EvaluationException)
        {
            return false;
        }
    }
}
