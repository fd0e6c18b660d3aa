using Kalends.Appointments;
using Kalends.Recurrence;
using NodaTime;

namespace Kalends.ICalendar;

/// <summary>
/// Rules and dates carried from one wall to another, as far as one occurrence was moved: to another time of day, other days, another zone.
/// A rule that leaves open what changes follows its start (RFC 5545 §3.3.10); weekdays turn with the week (<see cref="RecurrenceShift"/>). What else
/// says its days or times cannot follow, and then the answer is null.
/// </summary>
internal sealed class WallMove(SeriesWall from, LocalDateTime id, SeriesWall to)
{
    /// <summary>The last day that every month has.</summary>
    private const int LastCommonDay = 28;

    private readonly long seconds = RecurrenceShift.Seconds(id, to.Start);
    private readonly int days = Period.DaysBetween(id.Date, to.Start.Date);

    private bool KeepsTime => !to.AllDay && id.TimeOfDay == to.Start.TimeOfDay;

    public LocalDateTime Of(LocalDateTime time) => to.AllDay || from.AllDay
        ? time.Date.PlusDays(days).At(to.Start.TimeOfDay)
        : RecurrenceShift.Date(time, id, to.Start);

    public Appointments.Recurrence? Of(Appointments.Recurrence recurrence)
    {
        var rules = RecurrenceRules.Of(recurrence).Select(Of).ToList();
        var excludedRules = recurrence.ExcludedRules?.Select(Of).ToList();
        return rules.Contains(null) || excludedRules?.Contains(null) == true ? null : RecurrenceRules.With(recurrence, rules!) with
        {
            ExcludedRules = excludedRules!,
            Excluded = recurrence.Excluded?.Select(Of).ToList(),
            Added = recurrence.Added?.Select(Of).ToList(),
        };
    }

    private string? Of(string text)
    {
        var rule = RecurrenceRules.Parsed(text);
        var moved = Days(rule) is { } turned ? Times(turned) : null;
        if (moved is null || Expansion.Check(new() { Start = to.Start, AllDay = to.AllDay, Rules = [moved] }) is not null)
        {
            return null;
        }

        var stays = days == 0 && seconds == 0 && from.Zone == to.Zone;
        return (stays || ConformingRule.Last(rule.Until, from) is not { } last
            ? moved
            : moved with { Until = ConformingRule.Until(Of(last), to) }).ToString();
    }

    private RecurrenceRule? Times(RecurrenceRule rule) =>
        KeepsTime || (rule.ByHour.IsEmpty && rule.ByMinute.IsEmpty && rule.BySecond.IsEmpty) ? rule
        : IsOrSaysNothing(rule.ByHour, id.Hour) && IsOrSaysNothing(rule.ByMinute, id.Minute) && IsOrSaysNothing(rule.BySecond, id.Second)
            && rule.Frequency >= Frequency.Daily && rule.BySetPos.IsEmpty
            ? rule with { ByHour = default, ByMinute = default, BySecond = default }
        : null;

    private RecurrenceRule? Days(RecurrenceRule rule)
    {
        var saysMore = !(rule.ByMonth.IsEmpty && rule.ByMonthDay.IsEmpty && rule.ByYearDay.IsEmpty && rule.ByWeekNo.IsEmpty && rule.BySetPos.IsEmpty);
        return days == 0 ? rule
            : saysMore ? null
            : rule.Frequency == Frequency.Weekly && !rule.ByDay.IsNumbered
                ? RecurrenceShift.Turned(rule, days)
            : !rule.ByDay.IsEmpty ? null
            : rule.Frequency <= Frequency.Daily || (id.Day <= LastCommonDay && to.Start.Day <= LastCommonDay) ? rule
            : null;
    }

    private static bool IsOrSaysNothing(NumberList numbers, int number) => numbers.IsEmpty || (numbers.Count == 1 && numbers[0] == number);
}
