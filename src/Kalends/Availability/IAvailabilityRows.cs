using Kalends.Storage;

namespace Kalends.Availability;

/// <summary>What a query about availability begins with: whose time, when, and how much of what lies there it will name.</summary>
public sealed record LookFor
{
    /// <summary>Whom it asks for, each once.</summary>
    public required IReadOnlyList<CalendarId> Calendars { get; init; }

    /// <summary>The caller's own calendar, which is found besides: what is held on it is not.</summary>
    public required CalendarId Caller { get; init; }

    /// <summary>With <see cref="To"/> half-open, seconds since 1970.</summary>
    public required long From { get; init; }

    public required long To { get; init; }

    /// <summary>Holds that have expired by then do not count.</summary>
    public required long Now { get; init; }

    /// <summary>
    /// At most so many of the blocking attendances will be read as <see cref="IAttendanceRows.Page"/> gives them, with their titles, from
    /// just after <see cref="After"/>; zero where only their times are wanted.
    /// </summary>
    public int Named { get; init; }

    public AttendancePlace? After { get; init; }
}

/// <summary>The calendars of these names as they are at one moment, and the holds on them, each calendar's by start.</summary>
public sealed record FirstLook(IReadOnlyDictionary<CalendarId, Calendar> Calendars, IReadOnlyList<HeldTime> Held)
{
    /// <summary>True while the session goes on to see this moment.</summary>
    public bool Lasts { get; init; } = true;

    /// <summary>
    /// What tells the database apart from another that came in its place, as after a restore: there the same version may stand for something else.
    /// Null where nothing was found.
    /// </summary>
    public string? Lineage { get; init; }
}

public interface IAvailabilityRows
{
    /// <summary>All of it in one look.</summary>
    ValueTask<FirstLook> Look(LookFor wanted);

    /// <summary>
    /// The same for who may need no more: where that saves a round trip, the moment ends with it, and what the session is asked next is of a
    /// later one (<see cref="FirstLook.Lasts"/>).
    /// </summary>
    ValueTask<FirstLook> Glance(LookFor wanted);
}
