using CsCheck;
using Kalends.Availability;
using NodaTime;
using NodaTime.Text;

namespace Kalends.Tests.Availability;

/// <summary>Days as a rule's text and as plain arithmetic on dates, which shares nothing with the recurrence engine.</summary>
public sealed record SceneDays(string Rule, LocalDate? From, Func<LocalDate, bool> Holds);

public sealed record SceneHours(SceneDays Days, int Start, int End);

/// <summary>Dates from First up to, and without, End; all later ones where that is null.</summary>
public sealed record SceneException(LocalDate First, LocalDate? End, (int Start, int End)[] Hours)
{
    public bool Covers(LocalDate date) => date >= First && (End is null || date < End);
}

/// <summary>Open hours and a window over them, in whole minutes.</summary>
public sealed record OpenHoursScene(string Zone, SceneHours[] Hours, SceneException[] Except, long From, long To)
{
    public OpenHours Stated => new()
    {
        TimeZone = Zone,
        Recurring = [.. Hours.Select(hours => new RecurringHours
        {
            Rule = hours.Days.Rule, From = hours.Days.From, Start = new(hours.Start), End = new(hours.End),
        })],
        Except = [.. Except.Select(item => item.End == item.First.PlusDays(1)
            ? new ExceptedDates { Date = item.First, OpenHours = Of(item) }
            : new ExceptedDates { From = item.First, To = item.End, OpenHours = Of(item) })],
    };

    public override string ToString() => $"{Stated.ToJson()} [{From}, {To})";

    private static HoursOfDay[] Of(SceneException item) => [.. item.Hours.Select(hours => new HoursOfDay { Start = new(hours.Start), End = new(hours.End) })];
}

/// <summary>Random open hours near the days when clocks change, of which many lie over midnight or in what the clocks skip.</summary>
public static class OpenHoursScenes
{
    private static readonly LocalDate Beginning = new(1900, 1, 1);
    private static readonly string[] Weekdays = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
    private static readonly LocalDatePattern Plain = LocalDatePattern.CreateWithInvariantCulture("uuuuMMdd");

    public static readonly Gen<OpenHoursScene> Any =
        from name in Gen.OneOf(ChangeOfClockScenes.ZoneNames)
        let zone = DateTimeZoneProviders.Tzdb[name]
        from change in Gen.OneOf(Changes(zone))
        from offset in Gen.Int[-2000, 1500]
        from length in Gen.Int[1, 5000]
        let begin = (change.ToUnixTimeSeconds() / 60) + offset
        let around = Instant.FromUnixTimeSeconds(begin * 60).InZone(zone).Date
        let stretch = Stretch(change.InZone(zone).LocalDateTime)
        from hours in Gen.Select(Days(around), stretch, (days, stretch) => new SceneHours(days, stretch.Start, stretch.End)).Array[0, 5]
        from except in Exceptions(around, stretch)
        select new OpenHoursScene(name, hours, except, begin * 60, (begin + length) * 60);

    private static Instant[] Changes(DateTimeZone zone) =>
        [.. zone.GetZoneIntervals(Instant.FromUtc(1992, 1, 1, 0, 0), Instant.FromUtc(2037, 1, 1, 0, 0)).Skip(1).Select(interval => interval.Start)];

    /// <summary>Often near the hour at which the hands are moved, sometimes all round the clock.</summary>
    private static Gen<(int Start, int End)> Stretch(LocalDateTime change)
    {
        var near = (change.Hour * 60) + change.Minute + 1440;
        var minute = Gen.Frequency((3, Gen.Int[-8, 4].Select(quarters => (near + (quarters * 15)) % 1440)), (2, Gen.Int[0, 1439]), (1, Gen.Const(0)));
        return Gen.Frequency(
            (6, Gen.Select(minute, Gen.Frequency((5, minute), (1, Gen.Const(1440))))),
            (1, minute.Select(start => (start, start))));
    }

    private static Gen<SceneDays> Days(LocalDate around) =>
        from begins in Gen.Frequency((2, Gen.Const((LocalDate?)null)), (3, Gen.Int[-20, 3].Select(days => (LocalDate?)around.PlusDays(days))))
        from interval in Gen.Frequency((3, Gen.Const(1)), (1, Gen.Int[2, 3]))
        from until in Gen.Frequency((4, Gen.Const((LocalDate?)null)), (1, Gen.Int[-3, 4].Select(days => (LocalDate?)around.PlusDays(days))))
        from days in Gen.OneOf(Daily(interval, begins), Weekly(interval, begins), Monthly(around, begins), Gen.Int[1, 9].Select(count => Counted(count, around)))
        select until is null || days.Rule.Contains("COUNT", StringComparison.Ordinal)
            ? days
            : days with { Rule = $"{days.Rule};UNTIL={Plain.Format(until.Value)}", Holds = date => days.Holds(date) && date <= until };

    private static Gen<SceneDays> Daily(int interval, LocalDate? from)
    {
        var first = from ?? Beginning;
        return Gen.Const(new SceneDays(
            $"FREQ=DAILY;INTERVAL={interval}", from, date => date >= first && Period.DaysBetween(first, date) % interval == 0));
    }

    private static Gen<SceneDays> Weekly(int interval, LocalDate? from)
    {
        var first = from ?? Beginning;
        var monday = first.PlusDays(1 - (int)first.DayOfWeek);
        return Gen.Int[1, 7].Array[0, 5].Select(days => days.Length == 0
            ? new SceneDays($"FREQ=WEEKLY;INTERVAL={interval}", from, date => InWeek(date) && date.DayOfWeek == first.DayOfWeek)
            : new SceneDays(
                $"FREQ=WEEKLY;INTERVAL={interval};BYDAY={string.Join(',', days.Distinct().Select(day => Weekdays[day - 1]))}",
                from, date => InWeek(date) && days.Contains((int)date.DayOfWeek)));

        bool InWeek(LocalDate date) => date >= first && Period.DaysBetween(monday, date) / 7 % interval == 0;
    }

    /// <summary>A day of the month counted from either end, on or near the window.</summary>
    private static Gen<SceneDays> Monthly(LocalDate around, LocalDate? from) => Gen.Select(Gen.Int[-2, 3], Gen.Bool, (days, fromEnd) =>
    {
        var day = around.PlusDays(days);
        var number = fromEnd ? day.Day - Length(day) - 1 : day.Day;
        return new SceneDays(
            $"FREQ=MONTHLY;BYMONTHDAY={number}", from,
            date => date >= (from ?? Beginning) && (number > 0 ? date.Day == number : date.Day - Length(date) - 1 == number));
    });

    private static SceneDays Counted(int count, LocalDate around)
    {
        var first = around.PlusDays(-4);
        return new($"FREQ=DAILY;COUNT={count}", first, date => date >= first && Period.DaysBetween(first, date) < count);
    }

    private static int Length(LocalDate date) => date.Calendar.GetDaysInMonth(date.Year, date.Month);

    /// <summary>In order with gaps of at least nothing between them, then shuffled; the last may have no end.</summary>
    private static Gen<SceneException[]> Exceptions(LocalDate around, Gen<(int Start, int End)> stretch) =>
        from parts in Gen.Select(Gen.Int[0, 3], Gen.Int[1, 3], stretch.Array[0, 2]).Array[0, 3]
        from endless in Gen.Int[0, 9]
        from backward in Gen.Bool
        select Lay(around.PlusDays(-3), parts, endless == 0, backward);

    private static SceneException[] Lay(LocalDate at, (int Gap, int Length, (int Start, int End)[] Hours)[] parts, bool endless, bool backward)
    {
        var laid = new List<SceneException>();
        foreach (var (gap, length, hours) in parts)
        {
            var first = at.PlusDays(gap);
            at = first.PlusDays(length);
            laid.Add(new(first, endless && laid.Count == parts.Length - 1 ? null : at, hours));
        }

        return backward ? [.. Enumerable.Reverse(laid)] : [.. laid];
    }
}
