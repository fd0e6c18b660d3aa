using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Appointments;

/// <summary>
/// Gives attendees reminders of their own, in place of the appointment's: those named, none at all for an empty list, and the appointment's again where the
/// list is absent. Of an appointment, a series, or one occurrence, which then says so by itself. Whoever may modify an attendee's calendar may.
/// </summary>
public sealed record SetReminders : Command<SavedAppointments>
{
    public required IReadOnlyList<OwnReminders> Appointments { get; init; }

    public override object TrailData => this;

    public override void Validate(Errors errors)
    {
        errors.AtMost(AppointmentLimits.PerCall, Appointments.Count, "appointments");
        var seen = new HashSet<(Guid, CalendarId)>();
        errors.Each("appointments", Appointments, (item, at) =>
        {
            at.Require(seen.Add((item.Id, item.Calendar)), "id", "is named for this calendar twice in one request");
            ReminderRules.Check(item.Reminders, at);
        });
    }

    public override IEnumerable<Need> Needs(Caller caller) =>
        Appointments.Select((item, index) => new Need(item.Calendar, Permission.Modify, $"/appointments/{index}/calendar"));

    public override ValueTask<Outcome<SavedAppointments>> Execute(CommandContext context) => AttendeeChanges.Run(
        context, [.. Appointments.Select(item => new AttendeeChange(
            item.Id, item.Calendar, attendee => attendee with { Reminders = ReminderRules.Complete(item.Reminders) }))]);
}

/// <summary>One attendee's reminders of one appointment.</summary>
public sealed record OwnReminders
{
    public required Guid Id { get; init; }

    public required CalendarId Calendar { get; init; }

    public IReadOnlyList<Reminder>? Reminders { get; init; }
}
