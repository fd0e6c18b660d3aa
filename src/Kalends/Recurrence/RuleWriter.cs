using System.Globalization;
using System.Text;
using NodaTime;

namespace Kalends.Recurrence;

/// <summary>Writes a rule as RRULE text, parts in one fixed order and what has its default left out, so equal rules have equal text.</summary>
internal static class RuleWriter
{
    public static string Write(RecurrenceRule rule)
    {
        var text = new StringBuilder();
        if (rule.Skip != SkipPolicy.Omit)
        {
            // RFC 7529 §4: SKIP may only stand with RSCALE.
            text.Append("RSCALE=GREGORIAN;");
        }

        text.Append("FREQ=").Append(Name(rule.Frequency));
        Part(text, "INTERVAL", rule.Interval == 1 ? null : Number(rule.Interval));
        Part(text, "COUNT", rule.Count is { } count ? Number(count) : null);
        Part(text, "UNTIL", rule.Until?.ToString());
        Part(text, "BYMONTH", rule.ByMonth.ToString());
        Part(text, "BYWEEKNO", rule.ByWeekNo.ToString());
        Part(text, "BYYEARDAY", rule.ByYearDay.ToString());
        Part(text, "BYMONTHDAY", rule.ByMonthDay.ToString());
        Part(text, "BYDAY", rule.ByDay.ToString());
        Part(text, "BYHOUR", rule.ByHour.ToString());
        Part(text, "BYMINUTE", rule.ByMinute.ToString());
        Part(text, "BYSECOND", rule.BySecond.ToString());
        Part(text, "BYSETPOS", rule.BySetPos.ToString());
        Part(text, "WKST", rule.WeekStart == IsoDayOfWeek.Monday ? null : NumberedDay.Names[(int)rule.WeekStart - 1]);
        Part(text, "SKIP", rule.Skip == SkipPolicy.Omit ? null : Name(rule.Skip));
        return text.ToString();
    }

    public static string Name<T>(T value)
        where T : struct, Enum => value.ToString().ToUpperInvariant();

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static void Part(StringBuilder text, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            text.Append(';').Append(name).Append('=').Append(value);
        }
    }
}
