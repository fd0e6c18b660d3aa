using Kalends.Appointments;
using Kalends.Recurrence;
using NodaTime;

namespace Kalends.ICalendar;

/// <summary>
/// When an event recurs (RFC 5545 §3.8.5): its rules, and the dates added and taken out, as the appointment model says them. Rules are read
/// as files have them (<see cref="RuleReading.Tolerant"/>) and kept in the form that RFC 5545 asks for; none is expanded, but
/// where a whole day is taken out of a series of several times a day.
/// </summary>
internal sealed class EventRecurrence(RawComponent item, EventTimes times, WholeText whole)
{
    /// <summary>Of each kind. Two or three are found in the wild.</summary>
    private const int MostRules = 20;

    private readonly SeriesWall wall = new(times.Start, times.Zone, times.DayZone ?? whole.Reading.FloatingZone);

    private static Fault TooMany => new(SkipCode.TooLarge, $"the days that EXDATE takes out have more than {SeriesDates.Most} occurrences");

    public Fault? Fault { get; private set; }

    public IReadOnlyList<AddedPeriod> Periods { get; private set; } = [];

    /// <summary>Null when the event does not recur, and when there is a fault.</summary>
    public Appointments.Recurrence? Read()
    {
        var rules = Rules("RRULE");
        var excludedRules = Rules("EXRULE");
        var dates = new SeriesDates(item, whole.Zones, times, wall);
        dates.Read();
        Fault ??= dates.Fault;
        Periods = dates.Periods;
        if (Fault is not null || (rules.Count == 0 && dates.Added.Count == 0))
        {
            return null;
        }

        Take(dates, rules);
        return Fault is not null ? null : RecurrenceRules.With(new(), [.. rules.Select(rule => rule.ToString())]) with
        {
            ExcludedRules = excludedRules.Count > 0 ? [.. excludedRules.Select(rule => rule.ToString())] : null,
            Excluded = dates.Excluded.Count > 0 ? [.. dates.Excluded] : null,
            Added = dates.Added.Count > 0 ? [.. dates.Added] : null,
        };
    }

    private List<RecurrenceRule> Rules(string property)
    {
        var rules = new List<RecurrenceRule>();
        foreach (var line in item.All(property))
        {
            // Spaces after a fold that was not one, and escapes that belong to texts: neither can stand in a rule.
            var text = line.Value.Replace(" ", "", StringComparison.Ordinal).Replace("\\", "", StringComparison.Ordinal).Trim();
            if (text.Length == 0 || Fault is not null)
            {
                continue;
            }

            var fault = Parse(text, out var rule);
            if (rules.Count == MostRules)
            {
                Fault = new(SkipCode.TooLarge, $"the series has more than {MostRules} rules ({property})");
            }
            else if (fault is not null)
            {
                Fault = new(fault.Part == "RSCALE" ? SkipCode.NotSupportedYet : SkipCode.Invalid, fault.Part == property ? $"{fault}" : $"{property}: {fault}");
            }
            else
            {
                rules.Add(rule!);
            }
        }

        return rules;
    }

    private RuleFault? Parse(string text, out RecurrenceRule? rule)
    {
        if (!RecurrenceRule.TryParse(text, RuleReading.Tolerant, out rule, out var fault))
        {
            return fault;
        }

        rule = ConformingRule.Of(rule, wall);
        return Expansion.Check(new() { Start = wall.Start, AllDay = wall.AllDay, Rules = [rule] });
    }

    /// <summary>
    /// Takes out whole days. A date among times is not in RFC 5545 (§3.8.5.1 wants the type of DTSTART), and is common: it means what
    /// occurs that day. Where that is once, at the start's time of day, no more need be known.
    /// </summary>
    private void Take(SeriesDates dates, List<RecurrenceRule> rules)
    {
        var severalTimesADay = rules.Exists(rule =>
            rule.Frequency < Frequency.Daily || !(rule.ByHour.IsEmpty && rule.ByMinute.IsEmpty && rule.BySecond.IsEmpty));
        dates.Excluded.UnionWith(dates.Added.Where(time => dates.ExcludedDays.Contains(time.Date)));
        if (!severalTimesADay || dates.ExcludedDays.Count == 0)
        {
            dates.Excluded.UnionWith(dates.ExcludedDays.Select(day => day.At(wall.Start.TimeOfDay)));
        }
        else
        {
            var expansion = new Expansion(new() { Start = wall.Start, Zone = wall.TimeZone, Rules = rules, StartReading = StartReading.KeptAndCounted });
            StepShare.Of<object>(whole.Steps, share =>
            {
                foreach (var day in dates.ExcludedDays.TakeWhile(_ => Fault is null))
                {
                    TakeDay(day, expansion, share, dates.Excluded);
                }

                return null;
            });
        }

        if (dates.Excluded.Count > SeriesDates.Most)
        {
            Fault ??= TooMany;
        }
    }

    private void TakeDay(LocalDate day, Expansion expansion, StepBudget budget, SortedSet<LocalDateTime> excluded)
    {
        var occurrences = expansion.Between(wall.At(day.AtMidnight()), wall.At(day.PlusDays(1).AtMidnight()), budget);
        while (Fault is null && occurrences.MoveNext())
        {
            excluded.Add(occurrences.Local);
            Fault = excluded.Count > SeriesDates.Most ? TooMany : null;
        }

        Fault ??= occurrences.Fault is { } spent ? new(SkipCode.TooLarge, $"EXDATE with dates alone: {spent}") : null;
    }
}
