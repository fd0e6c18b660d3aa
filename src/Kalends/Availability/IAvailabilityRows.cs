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

    /// <summary>Holds that have expired by then do not count; null where no holds are asked for.</summary>
    public long? Now { get; init; }

    /// <summary>
    /// At most so many of the blocking attendances will be read as <see cref="IAttendanceRows.Page"/> gives them, with their titles, from
    /// just after <see cref="After"/>; zero where only their times are wanted.
    /// </summary>
    public int Named { get; init; }

    public AttendancePlace? After { get; init; }

    /// <summary>
    /// Some of the calendars as they were once, so that a store may look only whether they still have that version, and take them from here then.
    /// Changes no answer, only how soon it is there.
    /// </summary>
    public IReadOnlyDictionary<CalendarId, Calendar>? Known { get; init; }

    /// <summary>What will most likely be asked next, so that a store may answer it with the look. Changes no answer, only how soon it is there.</summary>
    public LookAhead? Ahead { get; init; }
}

/// <summary>What a query goes on to ask. Calendars by key are of an earlier look, which is over.</summary>
public sealed record LookAhead
{
    /// <summary>
    /// So many attendances, by <see cref="IAttendanceRows.Page"/> over all calendars and the whole span from its beginning, and their appointments;
    /// zero where none are.
    /// </summary>
    public int Shown { get; init; }

    /// <summary>Calendars of which everything that blocks is scanned in <see cref="ScanSpan"/>, and the open hours.</summary>
    public IReadOnlyList<long> Scanned { get; init; } = [];

    public (long From, long To) ScanSpan { get; init; }

    /// <summary>Calendars whose blocking attendances are read in the span, with their titles.</summary>
    public IReadOnlyList<long> Named { get; init; } = [];
}

/// <summary>The calendars of these names as they are at one moment, and the holds on them, each calendar's by start.</summary>
public sealed record FirstLook(IReadOnlyDictionary<CalendarId, Calendar> Calendars, IReadOnlyList<HeldTime> Held)
{
    /// <summary>True while the session goes on to see this moment.</summary>
    public bool Lasts { get; init; } = true;

    /// <summary>True when all that was to be shown (<see cref="LookAhead.Shown"/>) is known with it, so that nothing more need be asked.</summary>
    public bool ShowsAll { get; init; }

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
