using Kalends.Recurrence;
using Kalends.Time;
using NodaTime;

namespace Kalends.Appointments;

/// <summary>
/// A recurrence cut at one of its occurrences. What comes before ends with an UNTIL on the day of each rule's last occurrence there; what goes on keeps
/// its rules, with as many left of a COUNT as had not come yet (RFC 5546 §3.2.2.1 asks for such a cut where all that follows changes). Pure.
/// </summary>
internal static class SeriesSplit
{
    /// <summary>What the series says once it ends before an occurrence, which must not be its first.</summary>
    public static Recurrence Before(Appointment series, Occurrence at)
    {
        var recurrence = series.Recurrence!;
        var rules = AllRules(recurrence).Select(rule => Ended(series, rule, at)).OfType<string>().ToList();
        var added = (recurrence.Added ?? []).Where(date => IsBefore(date, at)).ToList();
        return recurrence with
        {
            Rule = rules.Count > 0 ? rules[0] : null,
            MoreRules = rules.Count > 1 ? [.. rules.Skip(1)] : null,
            Added = SeriesCompletion.Ordered(rules.Count == 0 && added.Count == 0 ? [series.Start!.Value] : added),
            Excluded = SeriesCompletion.Ordered((recurrence.Excluded ?? []).Where(date => IsBefore(date, at))),
        };
    }

    /// <summary>What goes on from an occurrence that the first rule makes; null when it makes none there.</summary>
    public static Recurrence? From(Appointment series, Occurrence at)
    {
        var recurrence = series.Recurrence!;
        if (recurrence.Rule is null || !Alone(series, recurrence.Rule).Starting(at.From, at.From + 1).Any())
        {
            return null;
        }

        var more = (recurrence.MoreRules ?? []).Select(rule => Left(series, rule, at)).OfType<string>().ToList();
        return recurrence with
        {
            Rule = Left(series, recurrence.Rule, at),
            MoreRules = more.Count > 0 ? more : null,
            Added = SeriesCompletion.Ordered((recurrence.Added ?? []).Where(date => !IsBefore(date, at))),
            Excluded = SeriesCompletion.Ordered((recurrence.Excluded ?? []).Where(date => !IsBefore(date, at))),
        };
    }

    private static IEnumerable<string> AllRules(Recurrence recurrence) =>
        (recurrence.Rule is null ? [] : new[] { recurrence.Rule }).Concat(recurrence.MoreRules ?? []);

    private static bool IsBefore(LocalDateTime date, Occurrence at) => OccurrenceKey.Of(date) < at.Key;

    private static string? Ended(Appointment series, string text, Occurrence at)
    {
        if (Alone(series, text).LastBefore(at.From) is not { } last)
        {
            return null;
        }

        return (RecurrenceRules.Parsed(text) with { Count = null, Until = Until(series, last, at) }).ToString();
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
                : Zones.Get(series.TimeZone!).AtStartOfDay(day.PlusDays(1)).ToInstant() - Duration.FromSeconds(1));
    }

    private static string? Left(Appointment series, string text, Occurrence at)
    {
        var rule = RecurrenceRules.Parsed(text);
        if (rule.Count is not { } count)
        {
            return text;
        }

        var come = Alone(series, text).Starting(-SeriesOccurrences.End, at.From).Count();
        return come >= count ? null : (rule with { Count = count - come }).ToString();
    }

    private static SeriesOccurrences Alone(Appointment series, string rule) =>
        new(series with { Recurrence = new() { Rule = rule, Added = [], Excluded = [] } });
}
