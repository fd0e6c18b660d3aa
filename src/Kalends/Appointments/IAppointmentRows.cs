using Kalends.Availability;

namespace Kalends.Appointments;

/// <summary>
/// An appointment as stored: the columns that queries need, and the whole of it as <see cref="Json"/>, in UTF-8 as answers
/// carry it (an all-day one without its span, which depends on who looks). <see cref="From"/> and <see cref="To"/> are seconds since
/// 1970, an all-day one's in UTC: where its days lie is its calendars' affair.
/// </summary>
public sealed record AppointmentRow
{
    public required Guid Id { get; init; }

    public required string Uid { get; init; }

    public required long Version { get; init; }

    /// <summary>The key of the owner's calendar.</summary>
    public required long Owner { get; init; }

    public required Privacy Privacy { get; init; }

    public required long From { get; init; }

    public required long To { get; init; }

    public required bool AllDay { get; init; }

    public string? Title { get; init; }

    public required byte[] Json { get; init; }

    /// <summary>The series that this is an occurrence of; null for a single appointment and for a series itself.</summary>
    public Guid? Series { get; init; }

    /// <summary>
    /// True for an occurrence that was changed by itself and says so in full. One that was not is stored as its place alone: what it says
    /// follows from its series (<see cref="OccurrenceText"/>).
    /// </summary>
    public bool Detached { get; init; }

    public bool IsDerived => Series is not null && !Detached;

    /// <summary>True for a series itself, told without reading all of it: a quote inside a text is escaped, so this is the member.</summary>
    public bool IsSeries => Json.AsSpan().IndexOf("\"recurrence\":{"u8) >= 0;
}

/// <summary>An appointment with its row in each calendar it lies on: what one save replaces as a whole.</summary>
public sealed record Booking(AppointmentRow Appointment, IReadOnlyList<Attendance> Attendances)
{
    /// <summary>Keys of the calendars of its attendees; of a series, those its occurrences lie on.</summary>
    public IReadOnlyList<long> Calendars { get; init; } = [.. Attendances.Select(attendance => attendance.Calendar).Distinct()];
}

public interface IAppointmentRows
{
    /// <summary>The known ones among those asked for.</summary>
    ValueTask<IReadOnlyDictionary<Guid, AppointmentRow>> Find(IReadOnlyCollection<Guid> ids);

    /// <summary>The appointments of one owner by UID, not the occurrences of series; of several with one UID, the oldest.</summary>
    ValueTask<IReadOnlyDictionary<string, AppointmentRow>> FindByUid(long owner, IReadOnlyCollection<string> uids);

    /// <summary>Those of these UIDs under which another owner's appointment lies on a calendar already.</summary>
    ValueTask<IReadOnlySet<string>> UidsOfOthers(long calendar, IReadOnlyCollection<string> uids);

    /// <summary>
    /// The appointments on one calendar by id, from just after a place: for exports, which read all of it page by page. A series stands for
    /// its occurrences; detached ones come beside it.
    /// </summary>
    ValueTask<IReadOnlyList<AppointmentRow>> OnCalendar(long calendar, Guid? after, int limit);

    /// <summary>All appointments of the tenant by id, from just after a place: for verification, which reads everything.</summary>
    ValueTask<IReadOnlyList<AppointmentRow>> Page(Guid? after, int limit);

    /// <summary>How many appointments the tenant has: for saying how far a reading of everything has come.</summary>
    ValueTask<long> Count();

    /// <summary>The rows of these appointments in every calendar.</summary>
    ValueTask<IReadOnlyList<Attendance>> Attendances(IReadOnlyCollection<Guid> appointments);
}

public interface IAppointmentWrites : IAppointmentRows
{
    /// <summary>
    /// Inserts or replaces appointments and all their attendances. What replaces another has the next version; where several write at once and
    /// it is the next no more, <see cref="Storage.StoreChangedException"/>, at the latest with the commit.
    /// </summary>
    ValueTask Save(IReadOnlyCollection<Booking> bookings);

    ValueTask Delete(IReadOnlyCollection<Guid> ids);
}

/// <summary>
/// The last change of an appointment in one calendar: the calendar's version that it made, the appointment's, and the calendar's version with
/// which the appointment began in it; 0 for an occurrence, which began with its series.
/// </summary>
public readonly record struct ChangedAppointment(long CalendarVersion, Guid Appointment, long Version, long CreatedWith, bool Deleted);

/// <summary>A moment is told by the versions that calendars had, by key: what raised one beyond it came after.</summary>
public interface IChangeRows
{
    /// <summary>What changed in a calendar after one of its versions, each appointment once with its last change, oldest first.</summary>
    ValueTask<IReadOnlyList<ChangedAppointment>> Since(long calendar, long version, int limit);

    /// <summary>The appointments that changed in any of these calendars after the version named.</summary>
    ValueTask<IReadOnlySet<Guid>> ChangedSince(IReadOnlyDictionary<long, long> versions);

    /// <summary>
    /// What these appointments said while these calendars had these versions, as JSON in UTF-8; those that were not there then are left out,
    /// and so are those that have not changed in any of these calendars since.
    /// </summary>
    ValueTask<IReadOnlyDictionary<Guid, byte[]>> AsOf(IReadOnlyCollection<Guid> appointments, IReadOnlyDictionary<long, long> versions);

    /// <summary>
    /// The last version of each of these calendars that was made by a command begun at an instant or before it (seconds since 1970), 0 where there is
    /// none: all that was begun by then is in it. Versions are in the order of commits, so what was begun later and yet committed before something
    /// that was begun by then is in it too. Versions with which no appointment changed do not count.
    /// </summary>
    ValueTask<IReadOnlyDictionary<long, long>> VersionsAt(IReadOnlyCollection<long> calendars, long instant);

    /// <summary>
    /// What these appointments said last, those that are deleted just before, as JSON in UTF-8; those without an entry of their own are left out.
    /// </summary>
    ValueTask<IReadOnlyDictionary<Guid, byte[]>> LastSaid(IReadOnlyCollection<Guid> appointments);

    /// <summary>All that these appointments came to say with changes of one calendar after one of its versions, up to another, in no order.</summary>
    ValueTask<IReadOnlyList<(Guid Appointment, byte[] Said)>> Between(IReadOnlyCollection<Guid> appointments, long calendar, long after, long until);
}
