using Kalends.Recurrence;
using Kalends.Time;
using NodaTime;

namespace Kalends.Schedules;

/// <summary>
/// When a schedule is due: its rule on the wall of its zone, read by the engine and the daylight-saving policy that series have. A wall time that clocks skip
/// is the one an hour later (or however much they skip), one that comes twice the first. Pure.
/// </summary>
public sealed class ScheduleTimes
{
    /// <summary>Every rule counts from here; one that says no time of day means midnight.</summary>
    private static readonly LocalDateTime Beginning = new(2000, 1, 1, 0, 0);

    private readonly Expansion expansion;

    private ScheduleTimes(RecurrenceRule rule, DateTimeZone zone) =>
        expansion = new(new() { Start = Beginning, Zone = zone, Rules = [rule], StartReading = StartReading.Excluded });

    /// <summary>Null, and why, for what is no rule or no zone, ends, or comes more often than a worker could.</summary>
    public static ScheduleTimes? TryOf(string rule, string zone, out string? fault)
    {
        if (Zones.Canonical(zone) is not { } canonical)
        {
            fault = $"'{zone}' is not a time zone that IANA or Windows knows";
            return null;
        }

        if (!RecurrenceRule.TryParse(rule, RuleReading.Strict, out var parsed, out var wrong))
        {
            fault = $"'{rule}' is no recurrence rule: {wrong}";
            return null;
        }

        fault = parsed.Until is not null || parsed.Count is not null ? $"'{rule}' ends, and a schedule does not"
            : parsed.Frequency == Frequency.Secondly ? $"'{rule}' comes every second; once a minute is the most"
            : null;
        return fault is null ? new(parsed, Zones.Get(canonical)) : null;
    }

    /// <summary>The first time after a moment, never the moment itself; null of a rule that makes none.</summary>
    public Instant? Next(Instant after)
    {
        var reading = expansion.From(Instant.FromUnixTimeSeconds(after.ToUnixTimeSeconds() + 1));
        return reading.MoveNext() ? reading.Instant : null;
    }

    /// <summary>
    /// The last time from one moment up to another and including it; the first of the two where there is none. No further back than two months.
    /// </summary>
    public Instant Last(Instant from, Instant until)
    {
        var last = from;
        var reading = expansion.Between(Instant.Max(from, until - Duration.FromDays(62)), until + Duration.FromSeconds(1));
        while (reading.MoveNext())
        {
            last = reading.Instant;
        }

        return last;
    }
}
