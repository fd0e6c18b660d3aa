using Kalends.Availability;
using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Appointments;

/// <summary>
/// Writes attendees' answers. An answer is given by that person, or whoever may modify their calendar. The same answer again
/// changes nothing. Declining frees the time; taking it back in a calendar that refuses double-booking needs it to be free still.
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

    public override async ValueTask<Outcome<SavedAppointments>> Execute(CommandContext context)
    {
        var known = await KnownAppointments.Find(context, [.. Appointments.Select(item => item.Id).Distinct()]);
        if (RefuseStrangers(known) is { } refusal)
        {
            return refusal;
        }

        List<Edit> edits = [.. Appointments.GroupBy(item => item.Id).Select(group => Answer(known[group.Key], [.. group], context))];
        List<Edit> changed = [.. edits.Where(edit => !ReferenceEquals(edit.After, edit.Before!.Says))];
        var calendars = await context.Rows<ICalendarWrites>().Lock([.. changed.SelectMany(edit => edit.Before!.Calendars).Distinct()]);
        var answered = Appointments.Select(item => item.Calendar).ToHashSet();
        var wanted = changed.SelectMany(edit => Bookings.Of(edit.After!, calendars).Attendances).ToList();
        var theirs = calendars.Where(pair => answered.Contains(pair.Key)).ToDictionary();
        var clashes = await ConflictGuard.Find(context, wanted, theirs, refuseAll: false, ownHold: null);
        if (clashes.Count > 0)
        {
            return ConflictGuard.Refuse(clashes, calendars, await Sight.Over(context, calendars));
        }

        await KnownAppointments.Write(context, changed, calendars);
        return new SavedAppointments([.. edits.Select(SavedAppointment.Of)]);
    }

    private Refusal? RefuseStrangers(IReadOnlyDictionary<Guid, KnownAppointment> known)
    {
        var errors = new Errors();
        for (var index = 0; index < Appointments.Count; index++)
        {
            var item = Appointments[index];
            if (known.GetValueOrDefault(item.Id)?.Says.Attendees!.Any(attendee => attendee.Calendar == item.Calendar) != true)
            {
                // The same words whether there is none or the calendar is not on it: a stranger must not learn which.
                errors.In("appointments", index).In("id").Add(
                    RefusalCode.NotFound, $"there is no appointment {item.Id} that {item.Calendar} attends");
            }
        }

        return errors.Refusal;
    }

    private static Edit Answer(KnownAppointment known, IReadOnlyList<AppointmentResponse> answers, CommandContext context)
    {
        var given = answers.ToDictionary(answer => answer.Calendar, answer => answer.Response);
        var attendees = known.Says.Attendees!
            .Select(attendee => given.TryGetValue(attendee.Calendar, out var response) ? attendee with { Response = response } : attendee).ToList();
        return attendees.SequenceEqual(known.Says.Attendees!)
            ? new(known, known.Says)
            : new(known, known.Says with { Attendees = attendees, Version = known.Row.Version + 1, UpdatedAt = context.Now });
    }
}

public sealed record AppointmentResponse
{
    public required Guid Id { get; init; }

    public required CalendarId Calendar { get; init; }

    public required AttendeeResponse Response { get; init; }
}
