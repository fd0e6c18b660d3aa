using NodaTime;

namespace Kalends.Recurrence;

/// <summary>What a start means that its rule would not make; RFC 5545 §3.8.5.3 leaves it undefined.</summary>
public enum StartReading : byte
{
    /// <summary>It is no occurrence: only what the rules make is.</summary>
    Excluded = 0,

    /// <summary>It is the first occurrence and COUNT counts it, as the large calendars show it (and RFC 8984 §4.3.3 says).</summary>
    KeptAndCounted = 1,
}

/// <summary>
/// All that says when a series occurs (RFC 5545 §3.8.5): a start on the wall of a zone, rules, dates added and taken out. Without any
/// rule the start itself occurs. Dates of PERIOD values come in by their starts; how long they last stays with the caller.
/// </summary>
public sealed record RecurrenceSet
{
    public required LocalDateTime Start { get; init; }

    /// <summary>The zone of the wall; null for floating times and whole days, which are counted as if in UTC.</summary>
    public DateTimeZone? Zone { get; init; }

    /// <summary>The start is a date: occurrences are days, and BYHOUR, BYMINUTE and BYSECOND are ignored.</summary>
    public bool AllDay { get; init; }

    public IReadOnlyList<RecurrenceRule> Rules { get; init; } = [];

    /// <summary>EXRULE, of files older than RFC 5545.</summary>
    public IReadOnlyList<RecurrenceRule> ExcludedRules { get; init; } = [];

    public IReadOnlyList<Instant> AddedDates { get; init; } = [];

    public IReadOnlyList<Instant> ExcludedDates { get; init; } = [];

    public StartReading StartReading { get; init; }
}
