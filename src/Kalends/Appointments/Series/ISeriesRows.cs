using Kalends.Availability;

namespace Kalends.Appointments;

/// <summary>
/// A stored occurrence: its place in the series and in time. <see cref="From"/> and <see cref="To"/> as in <see cref="AppointmentRow"/>.
/// </summary>
public readonly record struct StoredOccurrence(Guid Id, OccurrenceKey Key, long From, long To, bool Detached);

/// <summary>
/// A series and how far its occurrences are stored: all that start before <see cref="StoredUntil"/> (seconds since 1970, half-open), the
/// others are worked out of its rules. <see cref="long.MaxValue"/> when none is left.
/// </summary>
public sealed record SeriesHorizon(Guid Series, long StoredUntil)
{
    public const long Everything = long.MaxValue;

    public bool IsOpen => StoredUntil != Everything;

    /// <summary>How far series are to be stored at a moment.</summary>
    public static long Wanted(NodaTime.Instant now) => Laying.HorizonAt(now);
}

/// <summary>A series that goes on beyond what is stored of it, and on which of the calendars asked for it lies.</summary>
public sealed record OpenSeries(SeriesHorizon Horizon, AppointmentRow Row, IReadOnlyList<long> Calendars);

public interface ISeriesRows
{
    /// <summary>How far these series are stored; what is no series is left out.</summary>
    ValueTask<IReadOnlyDictionary<Guid, SeriesHorizon>> Horizons(IReadOnlyCollection<Guid> ids);

    /// <summary>The series on any of these calendars that are not stored up to <paramref name="before"/>, by id.</summary>
    ValueTask<IReadOnlyList<OpenSeries>> Open(IReadOnlyCollection<long> calendars, long before);

    /// <summary>The same of the whole tenant by horizon, the nearest first, from just after a place: for storing more of them.</summary>
    ValueTask<IReadOnlyList<SeriesHorizon>> Due(long before, int limit);

    ValueTask<long> CountDue(long before);

    /// <summary>Series whose ids begin as this one does (<see cref="OccurrenceIds.SharedHead"/> bytes).</summary>
    ValueTask<IReadOnlyList<Guid>> BeginningLike(Guid id);

    /// <summary>What is stored of a series, by key; only what was changed by itself when so asked.</summary>
    ValueTask<IReadOnlyList<StoredOccurrence>> Occurrences(Guid series, bool detachedOnly);
}

public interface ISeriesWrites : ISeriesRows
{
    /// <summary>Keeps how far a series is stored, and while it is open, on which calendars it lies.</summary>
    ValueTask Save(SeriesHorizon horizon, IReadOnlyCollection<long> calendars);

    /// <summary>Forgets the horizon of what is no series any more. Its occurrences are deleted as appointments are.</summary>
    ValueTask Delete(Guid series);

    /// <summary>Stores occurrences that are not there yet, and their attendances.</summary>
    ValueTask Lay(IReadOnlyCollection<AppointmentRow> occurrences, IReadOnlyCollection<Attendance> attendances);

    /// <summary>Replaces the attendances that a series' derived occurrences have in these calendars.</summary>
    ValueTask Attend(Guid series, IReadOnlyCollection<long> calendars, IReadOnlyCollection<Attendance> attendances);

    /// <summary>Brings owner and privacy of the derived occurrences' rows to the series' own.</summary>
    ValueTask Follow(AppointmentRow series);
}
