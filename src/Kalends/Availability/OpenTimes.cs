using Kalends.Recurrence;
using Kalends.Time;
using NodaTime;

namespace Kalends.Availability;

/// <summary>
/// Open hours made ready to be laid over any window, at a cost that goes with the window and not with how far it lies from their start.
/// Hours are gathered, cut and joined on the wall, where people state them, and only then resolved to instants by
/// <see cref="DaylightSavingPolicy.Rfc5545"/>; what comes out empty, since clocks skipped it, is dropped. A date under an exception
/// has the exception's hours and nothing else, not even the end of the night before; hours over midnight belong to the date they
/// begin on. Immutable.
/// </summary>
public sealed class OpenTimes
{
    /// <summary>Days around the window whose hours may reach into it: two of hours, one of the zone's offset, one that clocks may skip (Apia, 2011).</summary>
    private const int Margin = 4;

    private const int NoException = -1;

    private static readonly HoursOfDay WholeDay = new() { Start = new(0), End = new(TimeOfDay.MinutesPerDay) };

    private readonly DateTimeZone zone;
    private readonly DayHours[] recurring;
    private readonly Excepted[] exceptions;

    public OpenTimes(OpenHours stated)
    {
        zone = Zones.Get(stated.TimeZone);
        recurring = [.. stated.Recurring.Select(Recurring)];
        exceptions = [.. (stated.Except ?? []).OrderBy(item => item.First).Select(Excepting)];
    }

    /// <summary>
    /// What of <c>[from, to)</c> is closed, in order. Worth nothing once the budget is spent, which whoever asks has to look at.
    /// </summary>
    public Block[] ClosedIn(long from, long to, StepBudget budget)
    {
        var gathered = new Gathered(CivilDays.DayOf(from) - Margin, CivilDays.DayOf(to) + Margin, [], budget);
        AddRecurring(gathered);
        AddExcepted(gathered);
        return Closed(Resolve(Joined(gathered.Hours)), from, to);
    }

    private void AddRecurring(Gathered gathered)
    {
        for (var day = gathered.First; recurring.Length == 0 && day <= gathered.Last; day++)
        {
            AddRecurring(gathered, day, WholeDay);
        }

        foreach (var (rule, hours) in recurring)
        {
            var days = rule.Between(InstantOf(gathered.First), InstantOf(gathered.Last + 1), gathered.Budget);
            while (days.MoveNext())
            {
                AddRecurring(gathered, CivilDays.DayOf(days.UnixSeconds), hours);
            }
        }
    }

    private void AddRecurring(Gathered gathered, int day, HoursOfDay hours)
    {
        if (ExceptionOn(day) == NoException)
        {
            Add(gathered, day, NoException, hours);
        }
    }

    private void AddExcepted(Gathered gathered)
    {
        for (var index = 0; index < exceptions.Length; index++)
        {
            var item = exceptions[index];
            for (var day = Math.Max(item.First, gathered.First); item.Hours.Count > 0 && day < item.End && day <= gathered.Last; day++)
            {
                foreach (var hours in item.Hours)
                {
                    Add(gathered, day, index, hours);
                }
            }
        }
    }

    private void Add(Gathered gathered, int day, int exception, HoursOfDay hours)
    {
        if (!gathered.Budget.Spend())
        {
            return;
        }

        var midnight = day * CivilDays.SecondsPerDay;
        var nextMidnight = midnight + CivilDays.SecondsPerDay;
        var to = hours.End.Seconds + (hours.End.Minutes > hours.Start.Minutes ? midnight : nextMidnight);
        var cut = to > nextMidnight && ExceptionOn(day + 1) is var next && next != NoException && next != exception;
        gathered.Hours.Add(new(midnight + hours.Start.Seconds, cut ? nextMidnight : to));
    }

    /// <summary>The place of the exception that a day lies under; they share no day.</summary>
    private int ExceptionOn(int day)
    {
        var (low, high) = (0, exceptions.Length);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            (low, high) = exceptions[middle].End <= day ? (middle + 1, high) : (low, middle);
        }

        return low < exceptions.Length && exceptions[low].First <= day ? low : NoException;
    }

    /// <summary>In order; those that overlap or touch as one, so that a change of the clocks between two of them opens no hole.</summary>
    private static List<Stretch> Joined(List<Stretch> hours)
    {
        Sort(hours);
        var joined = new List<Stretch>(hours.Count);
        foreach (var part in hours)
        {
            if (joined.Count > 0 && part.From <= joined[^1].To)
            {
                joined[^1] = joined[^1] with { To = Math.Max(joined[^1].To, part.To) };
            }
            else
            {
                joined.Add(part);
            }
        }

        return joined;
    }

    /// <summary>From the wall to instants; the walls rise, so each change of the clocks is looked up once.</summary>
    private List<Stretch> Resolve(List<Stretch> walls)
    {
        var open = new List<Stretch>(walls.Count);
        if (walls.Count == 0)
        {
            return open;
        }

        var clock = new WallClock(zone);
        clock.SeekWall(walls[0].From);
        foreach (var wall in walls)
        {
            var (from, to) = (clock.ResolveLater(wall.From), clock.ResolveLater(wall.To));
            if (from < to)
            {
                open.Add(new(from, to));
            }
        }

        // A stretch moved out of a gap may come after one that stood just behind the gap.
        Sort(open);
        return open;
    }

    private static Block[] Closed(List<Stretch> open, long from, long to)
    {
        var closed = new List<Block>(open.Count + 1);
        var at = from;
        foreach (var part in open.TakeWhile(part => part.From < to))
        {
            if (part.From > at)
            {
                closed.Add(new(at, part.From, BlockState.Closed));
            }

            at = Math.Max(at, part.To);
        }

        if (at < to)
        {
            closed.Add(new(at, to, BlockState.Closed));
        }

        return [.. closed];
    }

    private static void Sort(List<Stretch> stretches) => stretches.Sort((left, right) => left.From.CompareTo(right.From));

    private DayHours Recurring(RecurringHours entry)
    {
        if (!RecurrenceRule.TryParse(entry.Rule, RuleReading.Strict, out var rule, out var fault))
        {
            throw new InvalidOperationException($"open hours are stored with a rule that cannot be read: {fault}");
        }

        var start = (entry.From ?? RecurringHours.UsualFrom).AtMidnight();
        var days = new Expansion(new() { Start = start, AllDay = true, Rules = [LastDayOf(rule, entry.Start)] });
        return new(days, new() { Start = entry.Start, End = entry.End });
    }

    private static Excepted Excepting(ExceptedDates item) => new(DayOf(item.First), DayOf(item.End), item.OpenHours ?? []);

    /// <summary>
    /// Only days are expanded, but an UNTIL with a time is meant for the hours' start: so much is taken off it that a day is in exactly when
    /// its start is. Far from all that may be asked it is left alone.
    /// </summary>
    private RecurrenceRule LastDayOf(RecurrenceRule rule, TimeOfDay start)
    {
        if (rule.Until is not { IsDate: false } until || until.Time.Date < LocalSpans.Earliest || until.Time.Date > LocalSpans.Latest.PlusYears(10))
        {
            return rule;
        }

        var wall = until.IsUtc ? until.Time.InUtc().ToInstant().InZone(zone).LocalDateTime : until.Time;
        return rule with { Until = RuleUntil.OfLocal(wall.PlusMinutes(-start.Minutes)) };
    }

    private static int DayOf(LocalDate date) => CivilDays.DayOf(CivilDays.Seconds(date.AtMidnight()));

    private static Instant InstantOf(int day) => Instant.FromUnixTimeSeconds(day * CivilDays.SecondsPerDay);

    /// <summary>Seconds of the wall, then of UTC.</summary>
    private readonly record struct Stretch(long From, long To);

    /// <summary>The days looked at, and what was found on them so far.</summary>
    private readonly record struct Gathered(int First, int Last, List<Stretch> Hours, StepBudget Budget);

    private readonly record struct DayHours(Expansion Days, HoursOfDay Hours);

    private readonly record struct Excepted(int First, int End, IReadOnlyList<HoursOfDay> Hours);
}
