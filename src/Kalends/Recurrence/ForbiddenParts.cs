namespace Kalends.Recurrence;

/// <summary>
/// The combinations that RFC 5545 §3.3.10 says MUST NOT be, each with its part. That a date-only start goes without BYHOUR, BYMINUTE
/// and BYSECOND is not here: the same text says that they are ignored then.
/// </summary>
internal static class ForbiddenParts
{
    public static RuleFault? Find(RecurrenceRule rule) =>
        ByFrequency(rule) ?? Numbered(rule) ?? SetPositions(rule) ?? Ends(rule);

    private static RuleFault? ByFrequency(RecurrenceRule rule)
    {
        var name = RuleWriter.Name(rule.Frequency);
        if (!rule.ByWeekNo.IsEmpty && rule.Frequency != Frequency.Yearly)
        {
            return new("BYWEEKNO", $"may only stand with FREQ=YEARLY, not {name}");
        }

        if (!rule.ByYearDay.IsEmpty && rule.Frequency is (Frequency.Daily or Frequency.Weekly or Frequency.Monthly))
        {
            return new("BYYEARDAY", $"may not stand with FREQ={name}");
        }

        return !rule.ByMonthDay.IsEmpty && rule.Frequency == Frequency.Weekly ? new("BYMONTHDAY", "may not stand with FREQ=WEEKLY") : null;
    }

    private static RuleFault? Numbered(RecurrenceRule rule)
    {
        if (!rule.ByDay.IsNumbered)
        {
            return null;
        }

        if (rule.Frequency < Frequency.Monthly)
        {
            return new("BYDAY", "may be numbered with FREQ=MONTHLY and FREQ=YEARLY only");
        }

        return rule.Frequency == Frequency.Yearly && !rule.ByWeekNo.IsEmpty ? new("BYDAY", "may not be numbered where BYWEEKNO stands") : null;
    }

    private static RuleFault? SetPositions(RecurrenceRule rule) =>
        !rule.BySetPos.IsEmpty && rule.ByDay.IsEmpty && rule.BySecond.IsEmpty && rule.ByMinute.IsEmpty && rule.ByHour.IsEmpty
        && rule.ByMonthDay.IsEmpty && rule.ByYearDay.IsEmpty && rule.ByWeekNo.IsEmpty && rule.ByMonth.IsEmpty
            ? new("BYSETPOS", "chooses from other BY parts, and there is none")
            : null;

    private static RuleFault? Ends(RecurrenceRule rule) =>
        rule.Count is not null && rule.Until is not null ? new("UNTIL", "may not stand with COUNT: a rule has one end") : null;
}
