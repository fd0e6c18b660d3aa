using Kalends.Messages;

namespace Kalends.Appointments;

public static class AppointmentsCatalogue
{
    public static IReadOnlyList<CatalogueEntry> Entries { get; } =
    [
        new CommandEntry<SaveAppointments, SavedAppointments>("save-appointments", "Creates and replaces appointments, all or none"),
        new CommandEntry<DeleteAppointments, DeletedAppointments>("delete-appointments", "Deletes appointments, all or none"),
        new CommandEntry<RespondToAppointments, SavedAppointments>("respond-to-appointments", "Writes attendees' answers to invitations"),
        new CommandEntry<SetReminders, SavedAppointments>("set-reminders", "Gives attendees reminders of their own, in place of the appointment's"),
        new CommandEntry<UpdateOccurrences, UpdatedOccurrences>("update-occurrences", "Stores more of every series that goes on, two years ahead"),
        new CommandEntry<RezoneAppointments, RezonedAppointments>("rezone-appointments", "Puts appointments where the time zones in force have them"),
        new QueryEntry<GetAppointments, FoundAppointments>("get-appointments", "Fetches the appointments of many people in a timespan")
        {
            Streams = ["appointments", "entries"],
        },
        new QueryEntry<GetAppointment, OneAppointment>("get-appointment", "Fetches one appointment") { Path = "/v1/appointments/{id}" },
        new QueryEntry<GetChanges, Changes>("get-changes", "Says what changed in a calendar since a token"),
    ];
}
