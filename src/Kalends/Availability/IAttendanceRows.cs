using Kalends.Storage;

namespace Kalends.Availability;

/// <summary>Time kept for somebody who is still deciding: busy for all others until <see cref="ExpiresAt"/> (seconds since 1970).</summary>
public sealed record Hold(Guid Id, CalendarId Person, long From, long To, long ExpiresAt, IReadOnlyList<long> Calendars);

/// <summary>A hold as it lies in one calendar.</summary>
public readonly record struct HeldTime(long Calendar, long From, long To, Guid Hold);

public interface IAttendanceRows
{
    /// <summary>
    /// All attendances of these calendars that overlap [from, to), by calendar in the order asked, then start, end and appointment.
    /// Seconds since 1970. With <paramref name="blockingOnly"/> those that do not block are left out.
    /// </summary>
    ValueTask<IReadOnlyList<Attendance>> Overlapping(IReadOnlyList<long> calendars, long from, long to, bool blockingOnly);

    /// <summary>
    /// Shows all that blocks in these calendars and overlaps [from, to), calendar by calendar, row by row: for timelines, which keep none
    /// of the rows.
    /// </summary>
    ValueTask Scan(IReadOnlyList<long> calendars, long from, long to, Action<BlockingTime> visit);

    /// <summary>One page of the same, blocking ones only when so asked, from just after a place in that order.</summary>
    ValueTask<IReadOnlyList<Attendance>> Page(
        IReadOnlyList<long> calendars, long from, long to, bool blockingOnly, AttendancePlace? after, int limit);

    /// <summary>The holds on these calendars that overlap [from, to) and have not expired at <paramref name="now"/>.</summary>
    ValueTask<IReadOnlyList<HeldTime>> Held(IReadOnlyList<long> calendars, long from, long to, long now);

    ValueTask<Hold?> FindHold(Guid id);

    /// <summary>How many holds of a person have not expired at <paramref name="now"/>.</summary>
    ValueTask<long> CountHolds(CalendarId person, long now);

    /// <summary>The titles of those of these appointments that have one.</summary>
    ValueTask<IReadOnlyDictionary<Guid, string>> Titles(IReadOnlyCollection<Guid> appointments);
}

/// <summary>A place in the order of <see cref="IAttendanceRows.Page"/>: index into the calendars asked for, start, end, appointment.</summary>
public sealed record AttendancePlace(int Calendar, long From, long To, Guid Appointment)
{
    public bool IsAfter(AttendancePlace other) =>
        (Calendar, From, To, Appointment).CompareTo((other.Calendar, other.From, other.To, other.Appointment)) > 0;
}

public interface IAttendanceWrites : IAttendanceRows
{
    /// <summary>The all-day attendances of a calendar: what moves when its zone changes.</summary>
    ValueTask<IReadOnlyList<Attendance>> AllDay(long calendar);

    /// <summary>
    /// Gives attendances new spans; calendar and appointment name the row. Each begins within a day of its appointment's own start, as a day of one
    /// zone does of the same day in another.
    /// </summary>
    ValueTask Move(IReadOnlyCollection<Attendance> attendances);

    ValueTask SaveHold(Hold hold);

    /// <summary>True when there was one.</summary>
    ValueTask<bool> DeleteHold(Guid id);

    /// <summary>Forgets holds that expired before <paramref name="now"/>.</summary>
    ValueTask DeleteExpiredHolds(long now);
}

/// <summary>
/// What an attendance says to who only asks whether its calendar is free. The owner counts where it is secret; of others it may be
/// <see cref="NoOwner"/>.
/// </summary>
public readonly record struct BlockingTime(long Calendar, long From, long To, Busyness Busyness, Privacy Privacy, long Owner)
{
    public const long NoOwner = -1;
}
