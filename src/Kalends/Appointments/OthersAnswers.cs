using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Appointments;

/// <summary>
/// A person's answer to an invitation is theirs to give, or given by who may modify their calendar. Who saves an appointment leaves the answers of the
/// others as they stand, whatever they send: an answer given since they read it is not overwritten. So it is with the reminders somebody has of their own.
/// Rooms and groups are booked, not asked.
/// </summary>
internal static class OthersAnswers
{
    public static async ValueTask<IReadOnlyList<Appointment>> Kept(
        CommandContext context, IReadOnlyList<Appointment> given, IReadOnlyDictionary<Guid, KnownAppointment> known)
    {
        HashSet<CalendarId> answering = [.. given.SelectMany(item => item.Attendees ?? [])
            .Where(attendee => (attendee.Response is not null || attendee.Reminders is not null) && attendee.Calendar.ImpliedKind == CalendarKind.User)
            .Select(attendee => attendee.Calendar).Where(id => id != context.Caller.Person)];
        var access = await context.Decide(answering);
        answering.RemoveWhere(id => access.May(Permission.Modify, id));
        return answering.Count == 0 ? given : [.. given.Select(item => Kept(item, Before(item, known), answering))];
    }

    private static Appointment? Before(Appointment item, IReadOnlyDictionary<Guid, KnownAppointment> known) =>
        item.Id is { } id ? known.GetValueOrDefault(id)?.Says : null;

    private static Appointment Kept(Appointment item, Appointment? before, HashSet<CalendarId> others) => item.Attendees is null ? item : item with
    {
        Attendees = [.. item.Attendees.Select(attendee => others.Contains(attendee.Calendar) ? Kept(attendee, before) : attendee)],
    };

    private static Attendee Kept(Attendee attendee, Appointment? before)
    {
        var was = before?.Attendees!.FirstOrDefault(one => one.Calendar == attendee.Calendar);
        return attendee with { Response = was?.Response, Reminders = was?.Reminders };
    }
}
