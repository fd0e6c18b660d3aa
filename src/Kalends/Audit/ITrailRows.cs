using Kalends.Storage;
using NodaTime;

namespace Kalends.Audit;

/// <summary>
/// One entry of the trail with the command that made it. <see cref="Before"/> and <see cref="After"/> are the appointment as JSON in UTF-8.
/// </summary>
public sealed record TrailEntry
{
    public required long Seq { get; init; }

    /// <summary>When the command began.</summary>
    public required Instant At { get; init; }

    public required CalendarId By { get; init; }

    public required string App { get; init; }

    public required string Command { get; init; }

    public required Guid CommandId { get; init; }

    public string? RequestId { get; init; }

    /// <summary>Null where the command changed no appointment; then <see cref="Data"/> and <see cref="Calendars"/> are there.</summary>
    public Guid? Appointment { get; init; }

    public Guid? Series { get; init; }

    public ChangeKind? Kind { get; init; }

    public long? Version { get; init; }

    public byte[]? Before { get; init; }

    public byte[]? After { get; init; }

    /// <summary>What the command itself carried, as JSON in UTF-8.</summary>
    public byte[]? Data { get; init; }

    /// <summary>The calendars that got another version though none of their appointments changed.</summary>
    public IReadOnlyList<CalendarId> Calendars { get; init; } = [];

    /// <summary>The version that it made of the calendar asked for; 0 where none was.</summary>
    public long CalendarVersion { get; init; }
}

/// <summary>Which entries are asked for. All that is given must hold; one of appointment, calendar, person and command is.</summary>
public sealed record TrailQuestion
{
    public Guid? Appointment { get; init; }

    /// <summary>The series of <see cref="Appointment"/>, where that is an occurrence: what changed the series changed it.</summary>
    public Guid? Series { get; init; }

    /// <summary>By key.</summary>
    public long? Calendar { get; init; }

    public CalendarId? Person { get; init; }

    public Guid? Command { get; init; }

    /// <summary>With <see cref="To"/> half-open, seconds since 1970: when the command began.</summary>
    public long From { get; init; } = long.MinValue;

    public long To { get; init; } = long.MaxValue;

    /// <summary>
    /// True where nothing leads to the entries but the person. They come by when their commands began then, else as they were written, which is the
    /// order of commits for one appointment and one calendar.
    /// </summary>
    public bool IsByPerson => Appointment is null && Calendar is null && Command is null;
}

/// <summary>Where a page of the trail ended: the time, number and version of the calendar asked for of its last entry.</summary>
public sealed record TrailPlace(long At, long Seq, long Version)
{
    public static TrailPlace Of(TrailEntry entry) => new(entry.At.ToUnixTimeSeconds(), entry.Seq, entry.CalendarVersion);
}

public interface ITrailRows
{
    /// <summary>
    /// The newest entries, or those older than a place. An appointment's are its own, those of its series, and, of a series, those of its occurrences.
    /// </summary>
    ValueTask<IReadOnlyList<TrailEntry>> Page(TrailQuestion asked, TrailPlace? after, int limit);

    /// <summary>Of each of these appointments its own last entry, or the last one of a command begun by then (seconds since 1970).</summary>
    ValueTask<IReadOnlyDictionary<Guid, TrailEntry>> LastOf(IReadOnlyCollection<Guid> appointments, long until = long.MaxValue);

    /// <summary>Of each of these appointments its own first entry of a command begun after an instant (seconds since 1970).</summary>
    ValueTask<IReadOnlyDictionary<Guid, TrailEntry>> FirstOf(IReadOnlyCollection<Guid> appointments, long after);

    /// <summary>The entry with which each of these appointments came to this version; where it began anew since, the last one that did.</summary>
    ValueTask<IReadOnlyDictionary<Guid, TrailEntry>> WithVersion(IReadOnlyDictionary<Guid, long> versions);

    /// <summary>Of each occurrence of a series that has entries of its own the last one within the cut.</summary>
    ValueTask<IReadOnlyList<TrailEntry>> LastOfOccurrences(Guid series, TrailCut cut);

    /// <summary>Of each of them the first one beyond the cut.</summary>
    ValueTask<IReadOnlyList<TrailEntry>> FirstOfOccurrences(Guid series, TrailCut cut);
}

/// <summary>A moment in the story of one series: up to a number of the trail, and of what was begun up to an instant (seconds since 1970).</summary>
public readonly record struct TrailCut(long Seq, long At)
{
    public static readonly TrailCut Now = new(long.MaxValue, long.MaxValue);
}
