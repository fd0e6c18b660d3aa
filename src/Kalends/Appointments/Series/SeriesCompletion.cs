using Kalends.Recurrence;
using Kalends.Time;
using NodaTime;

namespace Kalends.Appointments;

/// <summary>
/// Makes a series complete: rules in their canonical text, dates once and in order, exceptions carried along where nobody gave others. Pure.
/// </summary>
internal static class SeriesCompletion
{
    /// <summary>
    /// From a complete appointment whose recurrence is as given. Exceptions and added dates that were left out are those of the series
    /// before, moved as its start was; an exception to nothing is dropped, and said.
    /// </summary>
    public static (Appointment After, IReadOnlyList<DroppedOccurrence> Dropped) Complete(Appointment complete, Appointment? before)
    {
        var (given, known) = (complete.Recurrence!, before?.Recurrence);
        var (from, to) = (before?.Start ?? complete.Start!.Value, complete.Start!.Value);
        var recurrence = new Recurrence
        {
            Rule = Canonical(given.Rule),
            MoreRules = Canonical(given.MoreRules),
            ExcludedRules = Canonical(given.ExcludedRules),
            Added = Ordered(given.Added ?? RecurrenceShift.Dates(known?.Added, from, to)),
            Excluded = Ordered(given.Excluded ?? []),
        };
        recurrence = recurrence with { Rule = before is null ? recurrence.Rule : EndingAsBefore(recurrence.Rule, before, complete) };
        var after = complete with { Recurrence = recurrence, Series = LinksOf(before) };
        if (given.Excluded is not null || known?.Excluded is not { Count: > 0 } exceptions)
        {
            return (after, []);
        }

        var occurrences = new SeriesOccurrences(after);
        var carried = RecurrenceShift.Dates(exceptions, from, to).ToLookup(date => occurrences.Find(OccurrenceKey.Of(date)) is not null);
        return (after with { Recurrence = recurrence with { Excluded = Ordered(carried[true]) } }, [.. carried[false].Select(DroppedOccurrence.Exception)]);
    }

    /// <summary>The halves that a series was split into keep knowing each other.</summary>
    public static SeriesLink? LinksOf(Appointment? series) =>
        series?.Series is { } links && (links.Previous ?? links.Next) is not null ? new() { Previous = links.Previous, Next = links.Next } : null;

    public static IReadOnlyList<LocalDateTime> Ordered(IEnumerable<LocalDateTime> dates) => [.. dates.Distinct().Order()];

    /// <summary>
    /// A rule that is what it was, of a series that was moved to other times: its last occurrence is what it was too, moved along. An UNTIL that
    /// stayed as it was written would take it off, or add one.
    /// </summary>
    private static string? EndingAsBefore(string? text, Appointment before, Appointment after)
    {
        if (text is null || before.Recurrence?.Rule is not { } known || RecurrenceRules.Parsed(text) is not { Until: not null } rule
            || (before.Start, before.TimeZone, before.AllDay) == (after.Start, after.TimeZone, after.AllDay)
            || RecurrenceRules.Parsed(known) with { ByDay = rule.ByDay, WeekStart = rule.WeekStart } != rule
            || SeriesOccurrences.OfRule(before, known).LastBefore(SeriesOccurrences.End) is not { } last)
        {
            return text;
        }

        var wall = RecurrenceShift.Date(last.Key.Local, before.Start!.Value, after.Start!.Value);
        var until = after.AllDay == true
            ? RuleUntil.OfDate(wall.Date)
            : RuleUntil.OfUtc(DaylightSavingPolicy.Rfc5545.Resolve(wall, Zones.Get(after.TimeZone!)));
        return (rule with { Until = until }).ToString();
    }

    private static string? Canonical(string? rule) => rule is null ? null : RecurrenceRules.Parsed(rule).ToString();

    private static List<string>? Canonical(IReadOnlyList<string>? rules) => rules is { Count: > 0 } ? [.. rules.Select(rule => Canonical(rule)!)] : null;
}
