using Kalends.Messages;
using Kalends.Recurrence;
using Kalends.Time;
using NodaTime;

namespace Kalends.Availability;

/// <summary>How much one calendar may say of its open hours.</summary>
public static class OpenHoursLimits
{
    /// <summary>Each day of the week on its own, seven times: shifts, breaks and a second pattern for the summer.</summary>
    public const int Entries = 50;

    /// <summary>Ten years of holidays and leave; what is past may be left out.</summary>
    public const int Exceptions = 500;

    /// <summary>Stretches of one excepted day; more are a schedule of appointments.</summary>
    public const int HoursOfDay = 10;

    /// <summary>Several times what a rule of days takes that a person can still read.</summary>
    public const int RuleLength = 500;

    public static IReadOnlyList<Limit> InForce { get; } =
    [
        new("open-hours-entries", Entries, "items", "Entries of one calendar: each weekday on its own, several times over."),
        new("open-hours-exceptions", Exceptions, "items", "Excepted dates or ranges of one calendar: ten years of holidays and leave."),
        new("open-hours-rule", RuleLength, "characters", "A rule of one entry."),
    ];
}

/// <summary>All that can be wrong with open hours by themselves, each fault with its pointer.</summary>
internal static class OpenHoursChecks
{
    public static void Check(IReadOnlyList<RecurringHours> recurring, IReadOnlyList<ExceptedDates> except, Errors errors)
    {
        errors.AtMost(OpenHoursLimits.Entries, recurring.Count, "openHours");
        errors.AtMost(OpenHoursLimits.Exceptions, except.Count, "except");
        if (recurring.Count > OpenHoursLimits.Entries || except.Count > OpenHoursLimits.Exceptions)
        {
            // Not worth looking at item by item.
            return;
        }

        errors.Each("openHours", recurring, Check);
        errors.Each("except", except, Check);
        if (!errors.Any)
        {
            CheckApart(except, errors);
        }
    }

    /// <summary>What stands against a rule as the days of open hours, or null.</summary>
    private static RuleFault? FaultOf(string text, bool hasFrom)
    {
        if (text.Length > OpenHoursLimits.RuleLength)
        {
            return new("RRULE", $"is longer than {OpenHoursLimits.RuleLength} characters");
        }

        return RecurrenceRule.TryParse(text, RuleReading.Strict, out var rule, out var fault) ? Misfit(rule, hasFrom) : fault;
    }

    private static RuleFault? Misfit(RecurrenceRule rule, bool hasFrom)
    {
        if (rule.Frequency < Frequency.Daily)
        {
            return new("FREQ", $"{RuleWriter.Name(rule.Frequency)} is finer than a day: the rule names days, start and end the hours");
        }

        foreach (var (part, values) in new[] { ("BYHOUR", rule.ByHour), ("BYMINUTE", rule.ByMinute), ("BYSECOND", rule.BySecond) })
        {
            if (!values.IsEmpty)
            {
                return new(part, "has no place here: the rule names days, start and end the hours");
            }
        }

        return rule.Count is not null && !hasFrom ? new("COUNT", "counts from a date: give from") : null;
    }

    private static void Check(RecurringHours entry, Errors at)
    {
        CheckStart(entry.Start, at);
        CheckDate(entry.From, "from", at);
        if (FaultOf(entry.Rule, entry.From is not null) is { } fault)
        {
            at.Add("rule", fault.ToString());
        }
    }

    private static void Check(ExceptedDates item, Errors at)
    {
        at.AtMost(OpenHoursLimits.HoursOfDay, item.OpenHours?.Count ?? 0, "openHours");
        at.Each("openHours", item.OpenHours ?? [], (hours, place) => CheckStart(hours.Start, place));
        CheckDate(item.Date, "date", at);
        CheckDate(item.From, "from", at);
        CheckDate(item.To, "to", at);
        if (item.Date is not null)
        {
            at.Require(item.From is null, "from", "cannot stand with date");
            at.Require(item.To is null, "to", "cannot stand with date");
        }
        else
        {
            at.Require(item.From is not null, "must have a date, or from (and to)");
            at.Require(item.From is null || item.To is null || item.From < item.To, "to", "must be after from: it is the first date that is not excepted");
        }
    }

    private static void CheckStart(TimeOfDay start, Errors at) =>
        at.Require(start.Minutes < TimeOfDay.MinutesPerDay, "start", "must be before 24:00, which is only an end");

    private static void CheckDate(LocalDate? date, string member, Errors at) => at.Require(
        date is null || (date >= LocalSpans.Earliest && date <= LocalSpans.Latest),
        member, $"must be a date from {LocalSpans.Earliest:uuuu-MM-dd} to {LocalSpans.Latest:uuuu-MM-dd}");

    /// <summary>A date has the hours of one exception: two that disagree would need a rule which of them wins.</summary>
    private static void CheckApart(IReadOnlyList<ExceptedDates> except, Errors errors)
    {
        var (until, by) = (LocalDate.MinIsoValue, 0);
        foreach (var (item, index) in except.Select((item, index) => (item, index)).OrderBy(pair => pair.item.First))
        {
            errors.In("except", index).Require(item.First >= until, $"shares a date with /except/{by}; a date may be excepted once");
            if (item.End > until)
            {
                (until, by) = (item.End, index);
            }
        }
    }
}
