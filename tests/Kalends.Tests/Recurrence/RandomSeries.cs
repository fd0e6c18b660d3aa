using CsCheck;
using Kalends.Recurrence;
using Kalends.Time;
using NodaTime;

namespace Kalends.Tests.Recurrence;

/// <summary>A rule with a start in a zone, and how far it is looked at.</summary>
internal sealed record Series(RecurrenceRule Rule, LocalDateTime Start, string Zone, Duration Length)
{
    public DateTimeZone TimeZone => Zones.Get(Zone);

    public Instant Begin => DaylightSavingPolicy.Rfc5545.Resolve(Start, TimeZone);

    public Instant End => Begin + Length;

    public Expansion Expansion => new(new() { Start = Start, Zone = TimeZone, Rules = [Rule] });

    /// <summary>All instants of a reading; a budget that is spent is a failure here.</summary>
    public static List<Instant> ListOf(Occurrences occurrences, int most = int.MaxValue)
    {
        var found = new List<Instant>();
        while (found.Count < most && occurrences.MoveNext())
        {
            found.Add(occurrences.Instant);
        }

        Assert.Null(occurrences.Fault);
        return found;
    }

    public override string ToString() => $"{Rule} from {Start:uuuu-MM-dd'T'HH:mm:ss} in {Zone} for {Length.TotalDays} days";
}

/// <summary>Rules that RFC 5545 allows, of every frequency and with every part, begun near changes of the clocks half of the time.</summary>
internal static class RandomSeries
{
    private static readonly string[] Places =
    [
        "UTC", "America/New_York", "Europe/Zurich", "Australia/Lord_Howe", "America/Santiago", "Pacific/Apia", "Africa/Casablanca",
        "Asia/Kathmandu", "Africa/Cairo", "America/St_Johns", "Antarctica/Troll",
    ];

    private static readonly Gen<int> Interval = Gen.Frequency((6, Gen.Const(1)), (3, Gen.Int[2, 4]), (1, Gen.Int[5, 40]));

    public static Gen<Series> Any { get; } = Gen.Int[0, 6].SelectMany(frequency => Of((Frequency)frequency));

    public static Gen<Series> Of(Frequency frequency) =>
        from interval in Interval
        from zone in OneOf(Places)
        from start in Start(zone)
        from days in Days(frequency)
        from times in Times(frequency)
        from ends in Ends(start)
        from week in Gen.Frequency((3, Gen.Const(1)), (2, Gen.Int[1, 7]))
        from positions in Part(5, Gen.OneOf(Gen.Int[1, 6], Gen.Int[-6, -1], Gen.Int[1, 366]), 3)
        let rule = days with
        {
            Interval = interval, ByHour = times.Hours, ByMinute = times.Minutes, BySecond = times.Seconds, Count = ends.Count, Until = ends.Until,
            WeekStart = (IsoDayOfWeek)week,
        }
        let choosing = rule with { BySetPos = positions }
        select new Series(Allowed(choosing) ? choosing : rule, start, zone, LengthOf(frequency));

    private static bool Allowed(RecurrenceRule rule) => RecurrenceRule.TryParse(rule.ToString(), RuleReading.Strict, out _, out _);

    private static Duration LengthOf(Frequency frequency) => frequency switch
    {
        Frequency.Yearly => Duration.FromDays(2_600),
        Frequency.Monthly => Duration.FromDays(800),
        Frequency.Weekly => Duration.FromDays(300),
        Frequency.Daily => Duration.FromDays(150),
        Frequency.Hourly => Duration.FromDays(8),
        Frequency.Minutely => Duration.FromHours(7),
        _ => Duration.FromMinutes(1),
    };

    /// <summary>A whole number of minutes or seconds, and often within a day of a change.</summary>
    private static Gen<LocalDateTime> Start(string name)
    {
        var zone = Zones.Get(name);
        var changes = zone.GetZoneIntervals(Instant.FromUtc(2008, 1, 1, 0, 0), Instant.FromUtc(2034, 1, 1, 0, 0))
            .Where(interval => interval.HasStart).Select(interval => interval.Start).DefaultIfEmpty(Instant.FromUtc(2020, 2, 29, 12, 0)).ToArray();
        var free = Gen.Long[0, 25 * 365 * 1440L].Select(minutes => new LocalDateTime(2008, 1, 1, 0, 0).PlusMinutes(minutes));
        var near = Gen.Select(OneOf(changes), Gen.Int[-4 * 60, 60], (change, minutes) =>
            (change + Duration.FromMinutes(minutes * 5)).InZone(zone).LocalDateTime);
        return Gen.Select(Gen.Frequency((1, free), (1, near)), Gen.OneOf(Gen.Const(0), Gen.Int[0, 59]), (time, second) =>
            time.Date.At(new LocalTime(time.Hour, time.Minute, second)));
    }

    private static Gen<RecurrenceRule> Days(Frequency frequency)
    {
        var yearly = frequency == Frequency.Yearly;
        var none = Gen.Const(default(NumberList));
        return from months in Part(4, Gen.Int[1, 12], 4)
               from monthDays in frequency == Frequency.Weekly ? none : Part(4, Gen.OneOf(Gen.Int[1, 31], Gen.Int[-31, -1], Gen.Int[28, 31]), 5)
               from yearDays in yearly || frequency < Frequency.Daily
                   ? Part(8, Gen.OneOf(Gen.Int[1, 366], Gen.Int[-366, -1], OneOf(366, -366, 60)), 5) : none
               from weeks in yearly ? Part(8, Gen.OneOf(Gen.Int[1, 53], Gen.Int[-53, -1], OneOf(1, 53, -1, -53, 52)), 4) : none
               from weekdays in Weekdays(frequency >= Frequency.Monthly && weeks.IsEmpty, yearly && months.IsEmpty)
               from skip in frequency >= Frequency.Monthly && weekdays.IsEmpty && weeks.IsEmpty && (monthDays.IsEmpty || yearDays.IsEmpty)
                   && (yearDays.IsEmpty || months.IsEmpty) ? Gen.Int[0, 2] : Gen.Const(0)
               select new RecurrenceRule
               {
                   Frequency = frequency, ByMonth = months, ByMonthDay = monthDays, ByYearDay = yearDays, ByWeekNo = weeks, ByDay = weekdays,
                   Skip = (SkipPolicy)skip,
               };
    }

    private static Gen<DayList> Weekdays(bool numbered, bool ofYear)
    {
        var number = numbered ? Gen.Frequency((2, Gen.Const(0)), (1, Gen.Int[1, ofYear ? 53 : 5]), (1, Gen.Int[ofYear ? -53 : -5, -1])) : Gen.Const(0);
        var day = Gen.Select(number, Gen.Int[1, 7], (ordinal, weekday) => new NumberedDay(ordinal, (IsoDayOfWeek)weekday));
        return Gen.Frequency((1, Gen.Const(default(DayList))), (1, day.Array[1, 5].Select(days => new DayList(days))));
    }

    private static Gen<(NumberList Hours, NumberList Minutes, NumberList Seconds)> Times(Frequency frequency) => Gen.Select(
        Part(4, Gen.OneOf(Gen.Int[0, 23], Gen.Int[0, 4]), frequency < Frequency.Daily ? 8 : 3),
        Part(5, Gen.OneOf(Gen.Int[0, 59], OneOf(0, 15, 30, 45)), 3),
        Part(8, Gen.Int[0, 60], 3));

    private static Gen<(int? Count, RuleUntil? Until)> Ends(LocalDateTime start)
    {
        var until = Gen.Select(Gen.Int[0, 2], Gen.Int[-1, 400], Gen.Int[0, 1439], (kind, days, minutes) => kind switch
        {
            0 => RuleUntil.OfDate(start.Date.PlusDays(days)),
            1 => RuleUntil.OfLocal(start.PlusDays(days).PlusMinutes(minutes)),
            _ => RuleUntil.OfUtc(start.PlusDays(days).PlusMinutes(minutes).InUtc().ToInstant()),
        });
        return Gen.Frequency(
            (3, Gen.Const(((int?)null, (RuleUntil?)null))),
            (1, Gen.Int[1, 60].Select(count => ((int?)count, (RuleUntil?)null))),
            (1, until.Select(end => ((int?)null, (RuleUntil?)end))));
    }

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(place => values[place]);

    /// <summary>One time in so many a part with up to this many values.</summary>
    private static Gen<NumberList> Part(int oneIn, Gen<int> value, int most) => Gen.Frequency(
        (oneIn - 1, Gen.Const(default(NumberList))), (1, value.Array[1, most].Select(values => new NumberList(values))));
}
