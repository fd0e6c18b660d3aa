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

    /// <summary>Where nothing of a series can lie any more: the last day that an appointment may have.</summary>
    public static readonly long End = LocalSpans.Latest.AtMidnight().InUtc().ToInstant().ToUnixTimeSeconds();

    /// <summary>How long before its start in UTC an occurrence may lie in some calendar, and after: whole days begin a day apart around the world.</summary>
    private long Spread => series.AllDay == true ? NominalDuration.SecondsPerDay : 0;

    /// <summary>
    /// Those that start in [from, to). When the budget is spent first, <see cref="TooMuchWorkException"/>: an answer cut short is never
    /// taken for a whole one.
    /// </summary>
    public IEnumerable<Occurrence> Starting(long from, long to, StepBudget? budget = null)
    {
        to = Math.Min(to, End);
        if (from >= to)
        {
            yield break;
        }

        var reading = expansion.Between(Instant.FromUnixTimeSeconds(Math.Max(from, -End)), Instant.FromUnixTimeSeconds(to), budget);
        while (reading.MoveNext())
        {
            yield return At(reading.UnixSeconds);
        }

        if (reading.Fault is { } fault)
        {
            throw new TooMuchWorkException(fault.ToString());
        }
    }

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
    public Occurrence? OnWall(LocalDateTime wall)
    {
        var at = series.AllDay == true ? CivilSeconds(wall) : DaylightSavingPolicy.Rfc5545.Resolve(wall, zone).ToUnixTimeSeconds();
        foreach (var occurrence in Starting(at, at + 1))
        {
            return occurrence;
        }

        return null;
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
    public Occurrence? FirstFrom(long moment)
    {
        foreach (var occurrence in Starting(moment, End))
        {
            return occurrence;
        }

        return null;
    }

    /// <summary>The last that starts before a moment.</summary>
    public Occurrence? LastBefore(long moment)
    {
        Occurrence? last = null;
        foreach (var occurrence in Starting(-End, moment))
        {
            last = occurrence;
        }

        return last;
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
            Rules = [.. Rules(recurrence.Rule is null ? [] : [recurrence.Rule]), .. Rules(recurrence.MoreRules)],
            ExcludedRules = [.. Rules(recurrence.ExcludedRules)],
            AddedDates = Instants(recurrence.Added),
            ExcludedDates = Instants(recurrence.Excluded),
            StartReading = StartReading.KeptAndCounted,
        };

        List<Instant> Instants(IReadOnlyList<LocalDateTime>? walls) =>
            [.. (walls ?? []).Select(wall => DaylightSavingPolicy.Rfc5545.Resolve(wall, allDay ? DateTimeZone.Utc : zone))];
    }

    private static IEnumerable<RecurrenceRule> Rules(IReadOnlyList<string>? texts) => (texts ?? []).Select(text =>
        RecurrenceRule.TryParse(text, RuleReading.Tolerant, out var rule, out var fault)
            ? rule
            : throw new InvalidOperationException($"a stored series has a rule that cannot be read: {fault}"));

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
