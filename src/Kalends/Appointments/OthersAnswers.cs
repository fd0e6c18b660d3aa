using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Appointments;

/// <summary>
/// A person's answer to an invitation is theirs to give, or given by who may modify their calendar. Who saves or imports an appointment leaves the answers
/// of the others as they stand, whatever they send: an answer given since they read it is not overwritten. So it is with the reminders somebody has of
/// their own. Rooms and groups are booked, not asked.
/// </summary>
internal sealed class OthersAnswers
{
    private readonly HashSet<CalendarId> others;

    private OthersAnswers(HashSet<CalendarId> others) => this.others = others;

    /// <summary>Among those who attend these appointments, the people whom the caller may not answer for.</summary>
    public static async ValueTask<OthersAnswers> Among(CommandContext context, IEnumerable<Appointment> given)
    {
        HashSet<CalendarId> answering = [.. given.SelectMany(item => item.Attendees ?? [])
            .Where(attendee => (attendee.Response is not null || attendee.Reminders is not null) && attendee.Calendar.ImpliedKind == CalendarKind.User)
            .Select(attendee => attendee.Calendar).Where(id => id != context.Caller.Person)];
        var access = await context.Decide(answering);
        answering.RemoveWhere(id => access.May(Permission.Modify, id));
        return new(answering);
    }

    /// <summary>The appointment with the answers of the others as it had them before; none where it is new.</summary>
    public Appointment Kept(Appointment item, Appointment? before) => item.Attendees is null || others.Count == 0 ? item : item with
    {
        Attendees = [.. item.Attendees.Select(attendee => others.Contains(attendee.Calendar) ? Kept(attendee, before) : attendee)],
    };

    private static Attendee Kept(Attendee attendee, Appointment? before)
    {
        var was = before?.Attendees!.FirstOrDefault(one => one.Calendar == attendee.Calendar);
        return attendee with { Response = was?.Response, Reminders = was?.Reminders };
    }
}
