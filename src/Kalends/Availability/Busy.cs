using System.Diagnostics.CodeAnalysis;
using Kalends.Storage;

namespace Kalends.Availability;

public enum AppointmentStatus
{
    Confirmed,
    Tentative,
    Cancelled,
}

public enum FreeBusyStatus
{
    Busy,
    Free,
    Tentative,
    OutOfOffice,
}

public enum AttendeeRole
{
    Chair,
    Required,
    Optional,
    Resource,
    Informational,
}

public enum AttendeeResponse
{
    NeedsAction,
    Accepted,
    Declined,
    Tentative,
}

/// <summary>Public: who may see details sees it. Private: others see a busy block. Secret: others cannot tell it from a closed hour.</summary>
public enum Privacy
{
    Public,
    Private,
    Secret,
}

/// <summary>How an appointment counts in one attendee's calendar; the stored numbers are these.</summary>
[SuppressMessage("Design", "CA1028", Justification = "Stored and held by the million; one byte each.")]
public enum Busyness : byte
{
    Free = 0,
    Tentative = 1,
    Busy = 2,
    OutOfOffice = 3,
}

/// <summary>
/// The one place that decides whether an appointment blocks an attendee: its free/busy status is not free, it is not cancelled, and
/// that attendee has not declined and is not there for information only. Tentative appointments and answers still to come block as
/// tentative. An all-day appointment blocks only when somebody marked it busy, so its status is free where none was given.
/// </summary>
public static class Busy
{
    public static FreeBusyStatus StatusWhenAbsent(bool allDay) => allDay ? FreeBusyStatus.Free : FreeBusyStatus.Busy;

    public static Busyness Of(FreeBusyStatus freeBusy, AppointmentStatus status, AttendeeRole role, AttendeeResponse response) =>
        freeBusy == FreeBusyStatus.Free || status == AppointmentStatus.Cancelled
        || response == AttendeeResponse.Declined || role == AttendeeRole.Informational
            ? Busyness.Free
            : freeBusy == FreeBusyStatus.Tentative || status == AppointmentStatus.Tentative
                || response is AttendeeResponse.Tentative or AttendeeResponse.NeedsAction
                ? Busyness.Tentative
                : freeBusy == FreeBusyStatus.OutOfOffice ? Busyness.OutOfOffice : Busyness.Busy;
}

/// <summary>
/// One appointment in one calendar: the row that availability reads, alone. <see cref="From"/> and <see cref="To"/> are seconds since
/// 1970 in UTC, half-open. <see cref="Owner"/> is the key of the calendar that owns the appointment.
/// </summary>
public readonly record struct Attendance(
    long Calendar, long From, long To, Guid Appointment, Busyness Busyness, Privacy Privacy, long Owner, bool AllDay)
{
    public bool Blocks => Busyness != Busyness.Free && To > From;

    /// <summary>True when it shares an instant with [from, to); one of no length shares the one it stands on (see <see cref="Time.Timespan"/>).</summary>
    public bool Overlaps(long from, long to) => From == To ? From >= from && From < to : From < to && To > from;
}
