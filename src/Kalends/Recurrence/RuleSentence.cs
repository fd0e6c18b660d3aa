using System.Globalization;
using System.Text;
using NodaTime;

namespace Kalends.Recurrence;

/// <summary>
/// A rule as an English sentence, for people who look after calendars: each part is said, nothing is made up, and what the start decides
/// is left unsaid.
/// </summary>
public static class RuleSentence
{
    private static readonly string[] Months = CultureInfo.InvariantCulture.DateTimeFormat.MonthNames;

    public static string Of(RecurrenceRule rule)
    {
        var text = new StringBuilder(Every(rule));
        Say(text, " in ", rule.ByMonth, month => Months[month - 1]);
        Say(text, " in ", rule.ByWeekNo, week => week > 0 ? $"week {week}" : $"the {Place(week)} week of the year");
        Say(text, " on ", rule.ByYearDay, day => day > 0 ? $"day {day} of the year" : $"the {Place(day)} day of the year");
        Say(text, " on ", rule.ByMonthDay, day => day > 0 ? $"the {Place(day)}" : $"the {Place(day)} day of the month");
        text.Append(Days(rule)).Append(Times(rule)).Append(Positions(rule)).Append(Weeks(rule)).Append(Skipped(rule)).Append(End(rule));
        return text.Append('.').ToString();
    }

    private static string Every(RecurrenceRule rule)
    {
        var unit = rule.Frequency switch
        {
            Frequency.Secondly => "second",
            Frequency.Minutely => "minute",
            Frequency.Hourly => "hour",
            Frequency.Daily => "day",
            Frequency.Weekly => "week",
            Frequency.Monthly => "month",
            _ => "year",
        };
        return rule.Interval == 1 ? $"Every {unit}" : $"Every {rule.Interval} {unit}s";
    }

    private static string Days(RecurrenceRule rule)
    {
        if (rule.ByDay.IsEmpty)
        {
            return "";
        }

        var narrows = !rule.ByMonthDay.IsEmpty || !rule.ByYearDay.IsEmpty;
        var within = rule.ByDay.IsNumbered ? rule.Frequency == Frequency.Yearly && rule.ByMonth.IsEmpty ? " of the year" : " of the month" : "";
        var days = List(rule.ByDay.Select(day => (day.Ordinal == 0 ? "" : $"the {Place(day.Ordinal)} ") + day.Day), narrows ? "or" : "and");
        return narrows ? $" if that is {days}{within}" : $" on {days}{within}";
    }

    private static string Times(RecurrenceRule rule)
    {
        if (rule.Frequency >= Frequency.Daily && !rule.ByHour.IsEmpty && rule.BySecond.IsEmpty && rule.ByMinute.Count == 1)
        {
            return " at " + List(rule.ByHour.Select(hour => $"{hour:00}:{rule.ByMinute[0]:00}"));
        }

        var text = new StringBuilder();
        Say(text, rule.ByHour.Count == 1 ? " in hour " : " in the hours ", rule.ByHour, hour => $"{hour}");
        Say(text, rule.ByMinute.Count == 1 ? " at minute " : " at the minutes ", rule.ByMinute, minute => $"{minute}");
        Say(text, rule.BySecond.Count == 1 ? " at second " : " at the seconds ", rule.BySecond, second => $"{second}");
        return text.ToString();
    }

    private static string Positions(RecurrenceRule rule) =>
        rule.BySetPos.IsEmpty ? "" : $", of these the {List(rule.BySetPos.Select(Place))} in each period";

    private static string Weeks(RecurrenceRule rule) => rule.WeekStart == IsoDayOfWeek.Monday ? "" : $", weeks beginning on {rule.WeekStart}";

    private static string Skipped(RecurrenceRule rule) => rule.Skip switch
    {
        SkipPolicy.Backward => ", the day before where a month or year does not have the day",
        SkipPolicy.Forward => ", the day after where a month or year does not have the day",
        _ => "",
    };

    private static string End(RecurrenceRule rule)
    {
        var count = rule.Count switch { null => "", 1 => ", once", 2 => ", twice", { } times => $", {times} times" };
        if (rule.Until is not { } until)
        {
            return count;
        }

        var date = $"{until.Time.Day} {Months[until.Time.Month - 1]} {until.Time.Year}";
        return until.IsDate ? $"{count}, until {date}" : $"{count}, until {date} {until.Time.TimeOfDay:HH':'mm':'ss}{(until.IsUtc ? " UTC" : "")}";
    }

    private static void Say(StringBuilder text, string lead, NumberList numbers, Func<int, string> word)
    {
        if (!numbers.IsEmpty)
        {
            text.Append(lead).Append(List(numbers.Select(word)));
        }
    }

    private static string List(IEnumerable<string> words, string last = "and")
    {
        List<string> all = [.. words];
        return all.Count == 1 ? all[0] : $"{string.Join(", ", all.SkipLast(1))} {last} {all[^1]}";
    }

    /// <summary>1st, 2nd, 3rd, 11th; last, 2nd to last.</summary>
    private static string Place(int number)
    {
        if (number < 0)
        {
            return number == -1 ? "last" : Place(-number) + " to last";
        }

        var ending = (number % 100) is 11 or 12 or 13 ? "th" : (number % 10) switch { 1 => "st", 2 => "nd", 3 => "rd", _ => "th" };
        return string.Create(CultureInfo.InvariantCulture, $"{number}{ending}");
    }
}
