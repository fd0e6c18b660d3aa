using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Appointments;

/// <summary>
/// A person's answer to an invitation is theirs to give, or given by who may modify their calendar. Who saves an appointment leaves the answers of the
/// others as they stand, whatever they send: an answer given since they read it is not overwritten. Rooms and groups are booked, not asked.
/// </summary>
internal static class OthersAnswers
{
    public static async ValueTask<IReadOnlyList<Appointment>> Kept(
        CommandContext context, IReadOnlyList<Appointment> given, IReadOnlyDictionary<Guid, KnownAppointment> known)
    {
        HashSet<CalendarId> answering = [.. given.SelectMany(item => Foreign(item, context.Caller)).Select(attendee => attendee.Calendar)];
        if (answering.Count == 0)
        {
            return given;
        }

        var access = await context.Decide(answering);
        return answering.All(id => access.May(Permission.Modify, id)) ? given : [.. given.Select(item => Kept(item, item.Id is { } id ? known.GetValueOrDefault(id)?.Says : null, access, context.Caller))];
    }

    private static IEnumerable<Attendee> Foreign(Appointment item, Caller caller) => (item.Attendees ?? []).Where(attendee =>
        attendee.Response is not null && attendee.Calendar != caller.Person && attendee.Calendar.ImpliedKind == CalendarKind.User);

    private static Appointment Kept(Appointment item, Appointment? before, Access access, Caller caller) => item.Attendees is null ? item : item with
    {
        Attendees = [.. item.Attendees.Select(attendee =>
            attendee.Response is null || attendee.Calendar.ImpliedKind != CalendarKind.User || attendee.Calendar == caller.Person || access.May(Permission.Modify, attendee.Calendar)
                ? attendee
                : attendee with { Response = before?.Attendees!.FirstOrDefault(one => one.Calendar == attendee.Calendar)?.Response })],
    };
}
