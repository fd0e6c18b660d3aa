using Kalends.Availability;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Appointments;

/// <summary>
/// An appointment as it stands on the wire, in requests and in answers. A complete one (see <see cref="Completion"/>) has every
/// member but the optional texts. Start is local in <see cref="TimeZone"/>; <see cref="Span"/> follows from it and is what is indexed.
/// </summary>
public sealed record Appointment
{
    /// <summary>Made by the server as UUIDv7, or given by the client.</summary>
    public Guid? Id { get; init; }

    /// <summary>The iCalendar UID (RFC 5545 §3.8.4.7); made when absent.</summary>
    public string? Uid { get; init; }

    /// <summary>Grows by one with each change. On input: save only against this version.</summary>
    public long? Version { get; init; }

    /// <summary>Whose appointment it is; the caller's when absent. The owner need not attend.</summary>
    public CalendarId? Owner { get; init; }

    public AppointmentStatus? Status { get; init; }

    public string? Title { get; init; }

    public string? Description { get; init; }

    public string? Location { get; init; }

    public LocalDateTime? Start { get; init; }

    /// <summary>IANA name; the owner's zone when absent. All-day appointments have none.</summary>
    public string? TimeZone { get; init; }

    public NominalDuration? Duration { get; init; }

    /// <summary>The zone in which the end is shown, for journeys; it does not change when the end is.</summary>
    public string? EndTimeZone { get; init; }

    public bool? AllDay { get; init; }

    /// <summary>Made by the server; ignored on input.</summary>
    public Timespan? Span { get; init; }

    public IReadOnlyList<Attendee>? Attendees { get; init; }

    /// <summary>Busy when absent; free for an all-day appointment.</summary>
    public FreeBusyStatus? FreeBusyStatus { get; init; }

    public Privacy? Privacy { get; init; }

    public Recurrence? Recurrence { get; init; }

    /// <summary>Made by the server; ignored on input.</summary>
    public SeriesLink? Series { get; init; }

    public IReadOnlyList<Link>? Links { get; init; }

    public IReadOnlyList<Attachment>? Attachments { get; init; }

    public IReadOnlyList<Reminder>? Reminders { get; init; }

    /// <summary>The application that made it. Made by the server; ignored on input.</summary>
    public string? App { get; init; }

    /// <summary>True: only <see cref="App"/> may change or delete it.</summary>
    public bool? ManagedByApp { get; init; }

    /// <summary>The application's own map: at most 50 entries.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>Who made it. Made by the server; ignored on input.</summary>
    public CalendarId? Originator { get; init; }

    public ExternalOrigin? External { get; init; }

    public Instant? CreatedAt { get; init; }

    public Instant? UpdatedAt { get; init; }

    /// <summary>True where the caller sees a busy block only. Ignored on input.</summary>
    public bool? Masked { get; init; }
}

/// <summary>Somebody (or a room) on an appointment. Role: required when absent. Response: see <see cref="Completion"/>.</summary>
public sealed record Attendee
{
    public required CalendarId Calendar { get; init; }

    public AttendeeRole? Role { get; init; }

    public AttendeeResponse? Response { get; init; }

    /// <summary>
    /// Their own, in place of the appointment's; none for an empty list. Theirs to say, as the answer is: absent where somebody else saves, they stay.
    /// </summary>
    public IReadOnlyList<Reminder>? Reminders { get; init; }

    public bool Equals(Attendee? other) => other is not null && (Calendar, Role, Response) == (other.Calendar, other.Role, other.Response)
        && (Reminders is null ? other.Reminders is null : other.Reminders is not null && Reminders.SequenceEqual(other.Reminders));

    public override int GetHashCode() => HashCode.Combine(Calendar, Role, Response, Reminders?.Count);
}

/// <summary>
/// When a series occurs (RFC 5545 §3.8.5), on the wall of the appointment's zone: at its start, as its rules say, at the added dates
/// (RDATE), and not at the excluded ones (EXDATE). A rule or an added date there must be.
/// </summary>
public sealed record Recurrence
{
    /// <summary>RRULE (RFC 5545 §3.3.10), without the property's name.</summary>
    public string? Rule { get; init; }

    /// <summary>Further rules, of files that have several (RFC 8984 §4.3.3).</summary>
    public IReadOnlyList<string>? MoreRules { get; init; }

    /// <summary>What they make does not occur (EXRULE of RFC 2445, RFC 8984 §4.3.4).</summary>
    public IReadOnlyList<string>? ExcludedRules { get; init; }

    /// <summary>Absent where a series is saved again: those that still make sense stay.</summary>
    public IReadOnlyList<LocalDateTime>? Excluded { get; init; }

    public IReadOnlyList<LocalDateTime>? Added { get; init; }
}

/// <summary>
/// Of an occurrence: which one of which series it is (RFC 5545 §3.8.4.4), and whether it was changed by itself. Of a series that was
/// split: the series that goes before it or after it.
/// </summary>
public sealed record SeriesLink
{
    public Guid? Id { get; init; }

    /// <summary>When it occurs by the series' rules, on the wall of the series' zone; what stays when the occurrence is moved.</summary>
    public LocalDateTime? RecurrenceId { get; init; }

    public bool? Detached { get; init; }

    public Guid? Previous { get; init; }

    public Guid? Next { get; init; }
}

public sealed record Link
{
    public required string Uri { get; init; }

    public string? Title { get; init; }
}

/// <summary>A file that lies elsewhere. Size in bytes.</summary>
public sealed record Attachment
{
    public required string Uri { get; init; }

    public string? Title { get; init; }

    public string? MediaType { get; init; }

    public long? Size { get; init; }
}

public enum ReminderChannel
{
    Email,
    Sms,
    Push,
}

public sealed record Reminder
{
    public required NominalDuration Before { get; init; }

    public ReminderChannel? Channel { get; init; }
}

/// <summary>Where an appointment came from that is not Kalends' own.</summary>
public sealed record ExternalOrigin
{
    public required string Source { get; init; }

    public string? Id { get; init; }

    public string? Uri { get; init; }
}
