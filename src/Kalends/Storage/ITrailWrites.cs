using Kalends.Messages;
using NodaTime;

namespace Kalends.Storage;

/// <summary>Who ran which command, when, and with what: one row a command.</summary>
public sealed record CommandRecord(Guid Id, Instant At, CalendarId Person, string App, string Name, string? RequestId, byte[] Data);

public enum ChangeKind
{
    Created,
    Modified,
    Deleted,
}

/// <summary>What one appointment's change is to one calendar: a calendar that joins sees it created, one that leaves sees it deleted.</summary>
public readonly record struct CalendarChange(long Calendar, ChangeKind Kind);

/// <summary>
/// One appointment that a command changed: what the trail, the change log of each calendar it lies on and the outbox need.
/// <see cref="Before"/> and <see cref="After"/> are the appointment as JSON in UTF-8, null where there was or is none.
/// </summary>
public sealed record Change
{
    public required ChangeKind Kind { get; init; }

    public required Guid Appointment { get; init; }

    /// <summary>The series, where the appointment is an occurrence.</summary>
    public Guid? Series { get; init; }

    /// <summary>The appointment's version after the change; the last one it had when it was deleted.</summary>
    public required long Version { get; init; }

    public required IReadOnlyList<CalendarChange> Calendars { get; init; }

    public byte[]? Before { get; init; }

    public byte[]? After { get; init; }

    public required Publication Publication { get; init; }

    /// <summary>True where its id was made for it just now, so that nothing can have stood under it before.</summary>
    public bool HasNewId { get; init; }
}

public interface ITrailWrites
{
    /// <summary>
    /// Writes the command, one trail entry a change (one without an appointment when there are none), the change log and version
    /// of each calendar changed and the outbox, all in the open transaction; calendars <paramref name="touched"/> get another version though
    /// no appointment of theirs changed. Each entry says which version it made of which calendar. The answer is the last entry's number.
    /// </summary>
    ValueTask<long> Append(CommandRecord command, IReadOnlyList<Change> changes, IReadOnlyCollection<long> touched);
}
