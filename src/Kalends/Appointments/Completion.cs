using Kalends.Availability;
using Kalends.Messages;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Appointments;

/// <summary>
/// Makes an appointment complete: every default written out, names of zones canonical, what the server makes made. Pure. An owner
/// who attends chairs and has accepted; a room is a resource and has accepted; anybody else is required and yet to answer, unless
/// the appointment already had their answer. Their own reminders stay where none are given.
/// </summary>
public static class Completion
{
    public static Appointment Complete(
        Appointment given, Appointment? before, CalendarId owner, string ownerZone, Guid id, CommandContext context)
    {
        var allDay = given.AllDay ?? false;
        var zone = allDay ? null : Zones.Canonical(given.TimeZone ?? ownerZone);
        var start = given.Start!.Value;
        var duration = given.Duration ?? NominalDuration.OfDays(1);
        return given with
        {
            Id = id,
            Uid = given.Uid ?? before?.Uid ?? $"{id}@kalends",
            Version = (before?.Version ?? 0) + 1,
            Owner = owner,
            Status = given.Status ?? AppointmentStatus.Confirmed,
            TimeZone = zone,
            Duration = duration,
            EndTimeZone = given.EndTimeZone is { } end ? Zones.Canonical(end) : null,
            AllDay = allDay,
            Span = allDay ? null : LocalSpans.Timed(start, Zones.Get(zone!), duration, DaylightSavingPolicy.Rfc5545),
            Attendees = Attendees(given.Attendees, before?.Attendees, owner),
            FreeBusyStatus = given.FreeBusyStatus ?? Busy.StatusWhenAbsent(allDay),
            Privacy = given.Privacy ?? Availability.Privacy.Public,
            Series = null,
            Links = given.Links is { Count: > 0 } ? given.Links : null,
            Attachments = given.Attachments is { Count: > 0 } ? given.Attachments : null,
            Reminders = given.Reminders is { Count: > 0 } ? ReminderRules.Complete(given.Reminders) : null,
            App = before is null || (given.ManagedByApp == true && before.ManagedByApp != true) ? context.Caller.App : before.App,
            ManagedByApp = given.ManagedByApp ?? false,
            Metadata = given.Metadata is { Count: > 0 } ? given.Metadata : null,
            Originator = before?.Originator ?? context.Caller.Person,
            CreatedAt = before?.CreatedAt ?? context.Now,
            UpdatedAt = context.Now,
            Masked = null,
        };
    }

    private static IReadOnlyList<Attendee> Attendees(IReadOnlyList<Attendee>? given, IReadOnlyList<Attendee>? before, CalendarId owner)
    {
        if (given is not { Count: > 0 })
        {
            return [new() { Calendar = owner, Role = AttendeeRole.Chair, Response = AttendeeResponse.Accepted }];
        }

        var known = before?.ToDictionary(attendee => attendee.Calendar);
        return [.. given.Select(attendee =>
        {
            var role = attendee.Role ?? (attendee.Calendar == owner ? AttendeeRole.Chair
                : attendee.Calendar.ImpliedKind == CalendarKind.Room ? AttendeeRole.Resource : AttendeeRole.Required);
            var was = known?.GetValueOrDefault(attendee.Calendar);
            var answer = attendee.Response ?? was?.Response
                ?? (attendee.Calendar == owner || role == AttendeeRole.Resource ? AttendeeResponse.Accepted : AttendeeResponse.NeedsAction);
            return attendee with { Role = role, Response = answer, Reminders = ReminderRules.Complete(attendee.Reminders ?? was?.Reminders) };
        })];
    }

    /// <summary>A complete appointment whose start, zone or duration was changed, with the span that follows.</summary>
    public static Appointment Retimed(Appointment complete) => complete with
    {
        Span = complete.AllDay == true
            ? null
            : LocalSpans.Timed(complete.Start!.Value, Zones.Get(complete.TimeZone!), complete.Duration!.Value, DaylightSavingPolicy.Rfc5545),
    };

    /// <summary>
    /// The same beside others that it may be at the time of: then it has the very span, which a wall time that comes twice does not tell.
    /// </summary>
    public static Appointment RetimedLike(Appointment complete, params ReadOnlySpan<Appointment> others)
    {
        foreach (var other in others)
        {
            if ((complete.Start, complete.TimeZone, complete.Duration, complete.AllDay) == (other.Start, other.TimeZone, other.Duration, other.AllDay))
            {
                return complete with { Span = other.Span };
            }
        }

        return Retimed(complete);
    }

    /// <summary>The span in one zone: an all-day appointment's days there; a timed one's is the same everywhere.</summary>
    public static Timespan SpanIn(Appointment complete, string zone) => complete.AllDay == true
        ? LocalSpans.AllDay(complete.Start!.Value.Date, complete.Duration!.Value.Days, Zones.Get(zone))
        : complete.Span!.Value;
}
