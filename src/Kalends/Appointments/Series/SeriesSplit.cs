using Kalends.Recurrence;
using Kalends.Time;
using NodaTime;

namespace Kalends.Appointments;

/// <summary>
/// A recurrence cut at one of its occurrences (RFC 5546 §3.2.2.1 asks for such a cut where all that follows changes). What comes before keeps its
/// rules, which end as often as they came, or with the day on which they came last; what goes on keeps them with what is left of a COUNT. Rules
/// that take more than a budget of steps: <see cref="Messages.TooMuchWorkException"/>. Pure.
/// </summary>
internal static class SeriesSplit
{
    /// <summary>What the series says once it ends before an occurrence, which must not be its first.</summary>
    public static Recurrence Before(Appointment series, Occurrence at, StepBudget? budget = null)
    {
        var recurrence = series.Recurrence!;
        List<string> rules = [.. RecurrenceRules.Of(recurrence).Select(rule => Ended(series, rule, at, budget)).OfType<string>()];
        var added = (recurrence.Added ?? []).Where(date => OccurrenceKey.Of(date) < at.Key).ToList();
        return RecurrenceRules.With(recurrence, rules) with
        {
            Added = SeriesCompletion.Ordered(rules.Count == 0 && added.Count == 0 ? [series.Start!.Value] : added),
            Excluded = SeriesCompletion.Ordered((recurrence.Excluded ?? []).Where(date => OccurrenceKey.Of(date) < at.Key)),
        };
    }

    /// <summary>
    /// What goes on from an occurrence as a series that starts with it. Null where nothing comes after it, and where no rules say what does: those of
    /// other occurrences that come every so often from the start, or count from it.
    /// </summary>
    public static Recurrence? From(Appointment series, Occurrence at, StepBudget? budget = null)
    {
        var recurrence = series.Recurrence!;
        var rules = new List<string>();
        foreach (var text in RecurrenceRules.Of(recurrence))
        {
            var alone = SeriesOccurrences.OfRule(series, text);
            if (alone.FirstFrom(at.From, budget) is not { } first)
            {
                continue;
            }

            var rule = RecurrenceRules.Parsed(text);
            var come = rule.Count is null ? 0 : alone.CountBefore(at.From, budget);
            if (Left(series, rule, come, isOwn: first.From == at.From) is not { } left)
            {
                return null;
            }

            rules.Add(left.ToString());
        }

        var added = (recurrence.Added ?? []).Where(date => OccurrenceKey.Of(date) > at.Key).ToList();
        return (rules.Count == 0 && added.Count == 0) || ExcludedFrom(series, at) is not { } excluded ? null : RecurrenceRules.With(recurrence, rules) with
        {
            ExcludedRules = excluded.Count > 0 ? excluded : null,
            Added = SeriesCompletion.Ordered(added),
            Excluded = SeriesCompletion.Ordered((recurrence.Excluded ?? []).Where(date => OccurrenceKey.Of(date) > at.Key)),
        };
    }

    /// <summary>Whether its first rule makes an occurrence, and not one of others or a date that was added.</summary>
    public static bool IsOfRule(Appointment series, Occurrence at) =>
        series.Recurrence!.Rule is { } rule && SeriesOccurrences.OfRule(series, rule).FirstFrom(at.From)?.From == at.From;

    /// <summary>What goes on, with the days that its first rule leaves to its start as the series' start had them: the 31st, cut in February.</summary>
    public static Recurrence WrittenOut(Appointment series, Recurrence goesOn)
    {
        var rule = RecurrenceRules.Parsed(goesOn.Rule!);
        return goesOn with
        {
            Rule = (WrittenOut(series, rule) with
            {
                Interval = rule.Interval, Count = rule.Count, Until = rule.Until, ByHour = rule.ByHour, ByMinute = rule.ByMinute, BySecond = rule.BySecond,
            }).ToString(),
        };
    }

    /// <summary>Null for a rule that makes nothing before.</summary>
    private static string? Ended(Appointment series, string text, Occurrence at, StepBudget? budget)
    {
        var (rule, alone) = (RecurrenceRules.Parsed(text), SeriesOccurrences.OfRule(series, text));
        return alone.LastBefore(at.From, budget) is not { } last ? null
            : alone.FirstFrom(at.From, budget) is null ? text
            : (rule.Count is not null
                ? rule with { Count = alone.CountBefore(at.From, budget) }
                : rule with { Until = Until(series, last, at) }).ToString();
    }

    /// <summary>
    /// The end of the last day, so that a series moved by hours afterwards keeps its last occurrence; where the cut falls into that very day,
    /// the last occurrence itself. In UTC, as RFC 5545 §3.3.10 has it for a start with a zone.
    /// </summary>
    private static RuleUntil Until(Appointment series, Occurrence last, Occurrence at)
    {
        var day = last.Key.Local.Date;
        return series.AllDay == true ? RuleUntil.OfDate(day)
            : RuleUntil.OfUtc(day == at.Key.Local.Date
                ? Instant.FromUnixTimeSeconds(last.From)
                : LocalSpans.StartOfDay(day.PlusDays(1), Zones.Get(series.TimeZone!)) - Duration.FromSeconds(1));
    }

    /// <summary>The start of the rest counts, so where it is another rule's or an added date, one is to be counted more.</summary>
    private static RecurrenceRule? Left(Appointment series, RecurrenceRule rule, int come, bool isOwn) =>
        rule.Count <= come || (!isOwn && rule.Interval > 1) ? null
        : (isOwn ? rule : WrittenOut(series, rule)) with { Count = rule.Count - come + (isOwn ? 0 : 1), Until = rule.Until };

    /// <summary>The excluded rules as they are from there on; null where they count, or come every so often, from the start.</summary>
    private static List<string>? ExcludedFrom(Appointment series, Occurrence at)
    {
        var rules = (series.Recurrence!.ExcludedRules ?? []).Select(RecurrenceRules.Parsed).ToList();
        return at.Key.Local == series.Start ? rules.ConvertAll(rule => rule.ToString())
            : rules.Exists(rule => rule.Count is not null || rule.Interval > 1) ? null
            : rules.ConvertAll(rule => (WrittenOut(series, rule) with { Until = rule.Until }).ToString());
    }

    /// <summary>With what the rule leaves to its start, which another start would fill in otherwise.</summary>
    private static RecurrenceRule WrittenOut(Appointment series, RecurrenceRule rule) =>
        new RulePlan(rule, CivilDays.Seconds(series.Start!.Value), series.AllDay != true).WrittenOut();
}
