using Kalends.Messages;
using Kalends.Recurrence;
using Kalends.Time;
using NodaTime;

namespace Kalends.Appointments;

/// <summary>
/// One occurrence as the rules give it. Seconds since 1970; of whole days as if in UTC (where they lie is its calendars' affair).
/// </summary>
public readonly record struct Occurrence(OccurrenceKey Key, long From, long To);

/// <summary>
/// The occurrences of a stored series, as far as asked: the start always belongs to it (a new series' start must fit its rule, an imported
/// one's counts as first), rules are read as files have them, since what is stored was accepted once. Pure.
/// </summary>
public sealed class SeriesOccurrences
{
    private readonly Appointment series;
    private readonly DateTimeZone zone;
    private readonly Expansion expansion;

    public SeriesOccurrences(Appointment series)
    {
        this.series = series;
        zone = Zones.Get(series.TimeZone ?? "UTC");
        expansion = new(SetOf(series));
    }

    /// <summary>What one of its rules makes of its start, without the others and without dates.</summary>
    public static SeriesOccurrences OfRule(Appointment series, string rule) => new(series with { Recurrence = new() { Rule = rule } });

    /// <summary>Where nothing of a series can lie any more: the last day that an appointment may have.</summary>
    public static readonly long End = LocalSpans.Latest.AtMidnight().InUtc().ToInstant().ToUnixTimeSeconds();

    /// <summary>How long before its start in UTC an occurrence may lie in some calendar, and after: whole days begin a day apart around the world.</summary>
    private long Spread => series.AllDay == true ? NominalDuration.SecondsPerDay : 0;

    /// <summary>
    /// Those that start in [from, to). When the budget is spent first, <see cref="TooMuchWorkException"/>: an answer cut short is never
    /// taken for a whole one.
    /// </summary>
    public IEnumerable<Occurrence> Starting(long from, long to, StepBudget? budget = null) => Moments(from, to, budget).Select(At);

    /// <summary>How many start before a moment, counted up to so many.</summary>
    public int CountBefore(long moment, StepBudget? budget = null, int most = int.MaxValue) => Moments(-End, moment, budget).Take(most).Count();

    /// <summary>Those that may overlap [from, to) in some calendar; those that do not are for the caller to leave out.</summary>
    public IEnumerable<Occurrence> Around(long from, long to, StepBudget? budget = null) =>
        Starting(from - series.Duration!.Value.ExactSeconds - Spread - NominalDuration.SecondsPerDay, to + Spread, budget);

    /// <summary>The occurrence of a key, or null when the rules make none there. Looks at its very second: a rule may come a thousand times a day.</summary>
    public Occurrence? Find(OccurrenceKey key)
    {
        if (SecondOf(key) is { } at)
        {
            foreach (var occurrence in Starting(at, at + 1))
            {
                return occurrence.Key == key ? occurrence : null;
            }
        }

        return null;
    }

    /// <summary>The occurrence that a wall time names, read as the clocks have it: what is skipped is named by the time before or after the gap.</summary>
    public Occurrence? OnWall(LocalDateTime wall, StepBudget? budget = null) => FirstOf(Starting(MomentOf(wall), MomentOf(wall) + 1, budget));

    /// <summary>
    /// Under which wall time the rules have an occurrence: what clocks show, but where they skip a time, the skipped one (02:30, shown as 03:30).
    /// </summary>
    public LocalDateTime RuleWall(Occurrence occurrence)
    {
        var local = occurrence.Key.Local;
        var interval = zone.GetZoneInterval(Instant.FromUnixTimeSeconds(occurrence.From));
        if (series.AllDay == true || !interval.HasStart)
        {
            return local;
        }

        var skipped = local.PlusSeconds(zone.GetUtcOffset(interval.Start - Duration.Epsilon).Seconds - interval.WallOffset.Seconds);
        var onWall = new Expansion(SetOf(series) with { Zone = null, AddedDates = [], ExcludedDates = [] });
        return skipped < local && MomentOf(skipped) == occurrence.From && onWall.Between(Floating(skipped), Floating(skipped.PlusSeconds(1))).MoveNext()
            ? skipped
            : local;

        static Instant Floating(LocalDateTime wall) => wall.InUtc().ToInstant();
    }

    /// <summary>Whether a wall time names an occurrence; null where the budget does not reach to tell.</summary>
    public bool? Has(LocalDateTime wall, StepBudget budget)
    {
        var moment = Instant.FromUnixTimeSeconds(MomentOf(wall));
        var reading = expansion.Between(moment, moment + Duration.FromSeconds(1), budget);
        return reading.MoveNext() ? true : reading.Fault is null ? false : null;
    }

    /// <summary>The occurrence on a day of the series' wall, when there is one and no other.</summary>
    public Occurrence? OnlyOneOf(LocalDate day)
    {
        var begin = CivilSeconds(day.AtMidnight());
        var found = Starting(begin - NominalDuration.SecondsPerDay, begin + (2 * NominalDuration.SecondsPerDay))
            .Where(occurrence => occurrence.Key.Local.Date == day).Take(2).ToList();
        return found.Count == 1 ? found[0] : null;
    }

    /// <summary>The first that starts at a moment or later.</summary>
    public Occurrence? FirstFrom(long moment, StepBudget? budget = null) => FirstOf(Starting(moment, End, budget));

    /// <summary>The last that starts before a moment.</summary>
    public Occurrence? LastBefore(long moment, StepBudget? budget = null)
    {
        long? last = null;
        foreach (var start in Moments(-End, moment, budget))
        {
            last = start;
        }

        return last is { } found ? At(found) : null;
    }

    public static RecurrenceSet SetOf(Appointment series)
    {
        var recurrence = series.Recurrence!;
        var allDay = series.AllDay == true;
        var zone = Zones.Get(series.TimeZone ?? "UTC");
        return new()
        {
            Start = series.Start!.Value,
            Zone = allDay ? null : zone,
            AllDay = allDay,
            Rules = [.. RecurrenceRules.Of(recurrence).Select(RecurrenceRules.Parsed)],
            ExcludedRules = [.. (recurrence.ExcludedRules ?? []).Select(RecurrenceRules.Parsed)],
            AddedDates = Instants(recurrence.Added),
            ExcludedDates = Instants(recurrence.Excluded),
            StartReading = StartReading.KeptAndCounted,
        };

        List<Instant> Instants(IReadOnlyList<LocalDateTime>? walls) =>
            [.. (walls ?? []).Select(wall => DaylightSavingPolicy.Rfc5545.Resolve(wall, allDay ? DateTimeZone.Utc : zone))];
    }

    private IEnumerable<long> Moments(long from, long to, StepBudget? budget)
    {
        to = Math.Min(to, End);
        if (from >= to)
        {
            yield break;
        }

        var reading = expansion.Between(Instant.FromUnixTimeSeconds(Math.Max(from, -End)), Instant.FromUnixTimeSeconds(to), budget);
        while (reading.MoveNext())
        {
            yield return reading.UnixSeconds;
        }

        if (reading.Fault is { } fault)
        {
            throw new TooMuchWorkException(fault.ToString());
        }
    }

    private long MomentOf(LocalDateTime wall) =>
        series.AllDay == true ? CivilSeconds(wall) : DaylightSavingPolicy.Rfc5545.Resolve(wall, zone).ToUnixTimeSeconds();

    private static Occurrence? FirstOf(IEnumerable<Occurrence> occurrences)
    {
        foreach (var occurrence in occurrences)
        {
            return occurrence;
        }

        return null;
    }

    private Occurrence At(long from)
    {
        if (series.AllDay == true)
        {
            var days = series.Duration!.Value.Days * (long)NominalDuration.SecondsPerDay;
            return new(OccurrenceKey.Of(Instant.FromUnixTimeSeconds(from).InUtc().LocalDateTime), from, from + days);
        }

        var instant = Instant.FromUnixTimeSeconds(from);
        var local = instant.InZone(zone).LocalDateTime;
        var isSecond = DaylightSavingPolicy.Rfc5545.Resolve(local, zone) != instant;
        return new(OccurrenceKey.Of(local, isSecond), from, EndOf(local, from));
    }

    private long EndOf(LocalDateTime local, long from)
    {
        var duration = series.Duration!.Value;
        return duration.Days == 0 ? from + duration.Seconds
            : LocalSpans.Timed(local, zone, duration, DaylightSavingPolicy.Rfc5545).To.ToUnixTimeSeconds();
    }

    /// <summary>When a clock shows the wall time of a key, the second time if so meant; null where it shows it once only.</summary>
    private long? SecondOf(OccurrenceKey key)
    {
        if (!key.IsSecondPassing)
        {
            return series.AllDay == true ? CivilSeconds(key.Local) : DaylightSavingPolicy.Rfc5545.Resolve(key.Local, zone).ToUnixTimeSeconds();
        }

        return series.AllDay != true && zone.MapLocal(key.Local) is { Count: 2 } twice ? twice.Last().ToInstant().ToUnixTimeSeconds() : null;
    }

    private static long CivilSeconds(LocalDateTime local) => local.InUtc().ToInstant().ToUnixTimeSeconds();
}
