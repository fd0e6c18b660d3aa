using Kalends.Availability;
using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Appointments;

/// <summary>
/// Writes attendees' answers, to an appointment, a series or one occurrence of it. An answer is given by that person, or whoever may modify
/// their calendar. The same answer again changes nothing. Declining frees the time; taking it back in a calendar that refuses double-booking
/// needs it to be free still.
/// </summary>
public sealed record RespondToAppointments : Command<SavedAppointments>
{
    public required IReadOnlyList<AppointmentResponse> Appointments { get; init; }

    public override object TrailData => this;

    public override void Validate(Errors errors)
    {
        errors.AtMost(AppointmentLimits.PerCall, Appointments.Count, "appointments");
        var seen = new HashSet<(Guid, CalendarId)>();
        errors.Each("appointments", Appointments, (item, at) =>
            at.Require(seen.Add((item.Id, item.Calendar)), "id", "is answered for this calendar twice in one request"));
    }

    public override IEnumerable<Need> Needs(Caller caller) =>
        Appointments.Select((item, index) => new Need(item.Calendar, Permission.Modify, $"/appointments/{index}/calendar"));

    public override ValueTask<Outcome<SavedAppointments>> Execute(CommandContext context) => AttendeeChanges.Run(
        context, [.. Appointments.Select(item => new AttendeeChange(item.Id, item.Calendar, attendee => attendee with { Response = item.Response }))]);
}

public sealed record AppointmentResponse
{
    public required Guid Id { get; init; }

    public required CalendarId Calendar { get; init; }

    public required AttendeeResponse Response { get; init; }
}
