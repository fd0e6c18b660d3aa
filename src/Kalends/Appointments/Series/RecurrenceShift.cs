using Kalends.Recurrence;
using NodaTime;

namespace Kalends.Appointments;

/// <summary>
/// A recurrence after its start was moved: the dates move with it, and a weekly rule's days do too (a series dragged from Monday to Tuesday
/// comes on Tuesdays); what becomes of an UNTIL, <see cref="SeriesCompletion"/> says. Other rules stay as they are; where the new start does not
/// fit them the save is refused and says so. Pure.
/// </summary>
public static class RecurrenceShift
{
    private const int DaysAWeek = 7;

    public static Recurrence By(Recurrence recurrence, LocalDateTime from, LocalDateTime to) => from == to ? recurrence : recurrence with
    {
        Rule = recurrence.Rule is { } rule ? ByDays(rule, Period.DaysBetween(from.Date, to.Date)) : null,
        Added = [.. Dates(recurrence.Added, from, to)],
        Excluded = [.. Dates(recurrence.Excluded, from, to)],
    };

    public static IEnumerable<LocalDateTime> Dates(IReadOnlyList<LocalDateTime>? dates, LocalDateTime from, LocalDateTime to) =>
        (dates ?? []).Select(date => Date(date, from, to));

    /// <summary>A wall time moved as its series was: by days on the wall, and by the difference of the times of day.</summary>
    public static LocalDateTime Date(LocalDateTime date, LocalDateTime from, LocalDateTime to) => date.PlusSeconds(Seconds(from, to));

    public static long Seconds(LocalDateTime from, LocalDateTime to) => Period.Between(from, to, PeriodUnits.Seconds).Seconds;

    private static string ByDays(string text, int days)
    {
        if (days == 0)
        {
            return text;
        }

        var rule = RecurrenceRules.Parsed(text);
        return (rule.Frequency == Frequency.Weekly ? Turned(rule, days) : rule).ToString();
    }

    /// <summary>A weekly rule on other weekdays; where its weeks count, they begin as much later.</summary>
    public static RecurrenceRule Turned(RecurrenceRule weekly, int days) => weekly with
    {
        ByDay = new([.. weekly.ByDay.Select(day => day with { Day = Turned(day.Day, days) })]),
        WeekStart = weekly.Interval > 1 || !weekly.BySetPos.IsEmpty ? Turned(weekly.WeekStart, days) : weekly.WeekStart,
    };

    private static IsoDayOfWeek Turned(IsoDayOfWeek day, int days) =>
        (IsoDayOfWeek)((((int)day - 1 + (days % DaysAWeek) + DaysAWeek) % DaysAWeek) + 1);
}
