using Kalends.Messages;
using Kalends.Recurrence;
using Kalends.Time;
using NodaTime;

namespace Kalends.Appointments;

/// <summary>What makes a recurrence valid: by itself, and, where it is new, together with its start. Pure.</summary>
public static class RecurrenceRules
{
    /// <summary>Faults that need no look at the store, under the pointer of the recurrence.</summary>
    public static void Check(Recurrence recurrence, bool allDay, Errors errors)
    {
        errors.Require(recurrence.Rule is not null || recurrence.Added is { Count: > 0 }, "rule", "is required unless dates are added");
        CheckRule(recurrence.Rule, allDay, errors.In("rule"));
        CheckRules(recurrence.MoreRules, "moreRules", allDay, errors);
        CheckRules(recurrence.ExcludedRules, "excludedRules", allDay, errors);
        CheckDates(recurrence.Excluded, "excluded", allDay, errors);
        CheckDates(recurrence.Added, "added", allDay, errors);
    }

    /// <summary>
    /// Notes what RFC 5545 forbids in a rule that was not there before, a start that no rule would make, and a series that comes too often to
    /// be stored or takes too long to work out.
    /// </summary>
    public static void CheckNew(Appointment series, Appointment? before, long until, StepBudget budget, Errors errors)
    {
        var (given, known) = (series.Recurrence!, before?.Recurrence);
        var faults = errors.Found.Count;
        CheckMoved(series, errors);
        if (given.Rule is { } text && text != known?.Rule)
        {
            Strict(text, errors.In("recurrence").In("rule"));
        }

        var isKnown = before is not null && given.Rule == known?.Rule && series.Start == before.Start && series.AllDay == before.AllDay;
        if (errors.Found.Count == faults && !isKnown && given.Rule is not null && given.MoreRules is null
            && !IsAdded(given, series.Start!.Value) && !NeverFitted(before))
        {
            CheckStart(given.Rule, series, errors);
        }

        if (errors.Found.Count == faults)
        {
            CheckAmount(series, until, errors, budget);
        }
    }

    /// <summary>A series that was moved with its dates may have left what appointments can be.</summary>
    private static void CheckMoved(Appointment series, Errors errors)
    {
        errors.Require(
            series.Start!.Value.Date >= LocalSpans.Earliest && series.Start.Value.Date < LocalSpans.Latest,
            "start", $"would move the series out of {LocalSpans.Earliest.Year} to {LocalSpans.Latest.Year - 1}");
        CheckDates(series.Recurrence!.Excluded, "excluded", series.AllDay == true, errors.In("recurrence"));
        CheckDates(series.Recurrence.Added, "added", series.AllDay == true, errors.In("recurrence"));
    }

    /// <summary>A file may bring a start that its rule does not make; moved, it cannot be asked to.</summary>
    private static bool NeverFitted(Appointment? before) => before?.Recurrence?.Rule is { } rule
        && !StartFit.Fits(Parsed(rule), before.Start!.Value, before.AllDay == true);

    /// <summary>The rules that make occurrences, the first of them first.</summary>
    public static IEnumerable<string> Of(Recurrence recurrence) =>
        (recurrence.Rule is { } first ? [first] : Array.Empty<string>()).Concat(recurrence.MoreRules ?? []);

    /// <summary>A recurrence with other rules that make occurrences.</summary>
    public static Recurrence With(Recurrence recurrence, IReadOnlyList<string> rules) => recurrence with
    {
        Rule = rules.Count > 0 ? rules[0] : null,
        MoreRules = rules.Count > 1 ? [.. rules.Skip(1)] : null,
    };

    /// <summary>A rule that was read once, as it is stored.</summary>
    public static RecurrenceRule Parsed(string rule) => RecurrenceRule.TryParse(rule, RuleReading.Tolerant, out var parsed, out var fault)
        ? parsed
        : throw new InvalidOperationException($"a rule that was checked cannot be read: {fault}");

    private static void CheckRules(IReadOnlyList<string>? rules, string member, bool allDay, Errors errors)
    {
        errors.AtMost(SeriesLimits.Rules, rules?.Count ?? 0, member);
        errors.Each(member, rules ?? [], (rule, at) => CheckRule(rule, allDay, at));
    }

    private static void CheckRule(string? rule, bool allDay, Errors errors)
    {
        if (rule is null)
        {
            return;
        }

        if (!RecurrenceRule.TryParse(rule, RuleReading.Tolerant, out var parsed, out var fault))
        {
            errors.Add(fault.ToString());
        }
        else if (allDay && parsed.Frequency < Frequency.Daily)
        {
            errors.Add("FREQ of an all-day series must be DAILY, WEEKLY, MONTHLY or YEARLY");
        }
    }

    private static void CheckDates(IReadOnlyList<LocalDateTime>? dates, string member, bool allDay, Errors errors)
    {
        errors.AtMost(SeriesLimits.Dates, dates?.Count ?? 0, member);
        for (var index = 0; index < (dates?.Count ?? 0) && !errors.Full; index++)
        {
            var date = dates![index];
            var at = errors.In(member, index);
            at.Require(
                date.Date >= LocalSpans.Earliest && date.Date < LocalSpans.Latest, $"must lie from {LocalSpans.Earliest.Year} to {LocalSpans.Latest.Year - 1}");
            at.Require(!allDay || date.TimeOfDay == LocalTime.Midnight, "of an all-day series must be a date or its midnight");
        }
    }

    private static void Strict(string text, Errors errors)
    {
        if (!RecurrenceRule.TryParse(text, RuleReading.Strict, out _, out var fault))
        {
            errors.Add(fault.ToString());
        }
    }

    private static bool IsAdded(Recurrence recurrence, LocalDateTime start) => recurrence.Added?.Contains(start) == true;

    private static void CheckStart(string text, Appointment series, Errors errors)
    {
        var nearest = StartFit.Nearest(Parsed(text), series.Start!.Value, series.AllDay == true);
        if (nearest is null || (nearest == series.Start && EndsBeforeItStarts(series)))
        {
            errors.In("recurrence").In("rule").Add("never occurs");
        }
        else if (nearest != series.Start)
        {
            errors.Add("start", $"is no occurrence of the rule; the nearest that is one: {nearest.Value:uuuu-MM-dd'T'HH:mm:ss}");
        }
    }

    private static bool EndsBeforeItStarts(Appointment series)
    {
        var set = SeriesOccurrences.SetOf(series) with { AddedDates = [], ExcludedDates = [], ExcludedRules = [], StartReading = StartReading.Excluded };
        var start = series.AllDay == true
            ? series.Start!.Value.InUtc().ToInstant()
            : DaylightSavingPolicy.Rfc5545.Resolve(series.Start!.Value, Zones.Get(series.TimeZone ?? "UTC"));
        return !new Expansion(set).Between(start, start + Duration.FromSeconds(1)).MoveNext();
    }

    /// <summary>
    /// Notes a series that comes too often to be stored, takes too long to work out, or never comes. Its own steps are as many as
    /// laying it out may take, so what is accepted here can be laid; they come off the call's.
    /// </summary>
    public static void CheckAmount(Appointment series, long until, Errors errors, StepBudget? budget = null)
    {
        var own = new StepBudget(Math.Min(StepBudget.Default, budget?.Left ?? StepBudget.Default));
        try
        {
            var occurrences = new SeriesOccurrences(series);
            var stored = occurrences.CountBefore(until, own, SeriesLimits.StoredOccurrences + 1);
            if (stored > SeriesLimits.StoredOccurrences)
            {
                errors.In("recurrence").In("rule").Add(
                    RefusalCode.TooLarge,
                    $"occurs more than {SeriesLimits.StoredOccurrences} times until two years from now: "
                    + "end it sooner with COUNT or UNTIL, or let it come less often");
            }
            else if ((long)stored * series.Attendees!.Count > SeriesLimits.StoredAttendances)
            {
                errors.In("attendees").Add(
                    RefusalCode.TooLarge,
                    $"are {series.Attendees.Count}, {stored} times until two years from now; the limit is {SeriesLimits.StoredAttendances} attendances");
            }
            else if (stored == 0 && occurrences.FirstFrom(-SeriesOccurrences.End) is null)
            {
                errors.In("recurrence").Add("never occurs: nothing is left of it");
            }
            else if (Of(series.Recurrence!).Concat(series.Recurrence!.ExcludedRules ?? []).Any(IsFine))
            {
                occurrences.CountBefore(until + (SeriesLimits.YearsOfFine * 366L * NominalDuration.SecondsPerDay), own);
            }
        }
        catch (TooMuchWorkException fault)
        {
            errors.In("recurrence").In("rule").Add(
                RefusalCode.TooLarge,
                own.Steps == StepBudget.Default ? fault.Message
                    : $"takes, with the series before it in this call, more than {SeriesLimits.StepsPerCall} steps to work out: save fewer at once");
        }
        finally
        {
            budget?.Spend(own.Steps - own.Left);
        }
    }

    /// <summary>Whether it may come more often than every minute.</summary>
    private static bool IsFine(string text)
    {
        var rule = Parsed(text);
        return rule.Frequency switch
        {
            Frequency.Secondly => true,
            Frequency.Minutely => rule.BySecond.Count > 1,
            Frequency.Hourly => Of(rule.ByMinute) * Of(rule.BySecond) > 60,
            _ => Of(rule.ByHour) * Of(rule.ByMinute) * Of(rule.BySecond) > 24 * 60,
        };

        static int Of(NumberList numbers) => Math.Max(1, numbers.Count);
    }
}
