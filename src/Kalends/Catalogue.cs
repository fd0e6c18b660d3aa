using Kalends.Appointments;
using Kalends.Audit;
using Kalends.Availability;
using Kalends.Calendars;
using Kalends.ICalendar;
using Kalends.Messages;
using Kalends.Operations;
using Kalends.Permissions;
using Kalends.Reminders;
using Kalends.Webhooks;

namespace Kalends;

/// <summary>Every message Kalends understands, folder by folder. The edges know messages only from here.</summary>
public static class Catalogue
{
    public static IReadOnlyList<CatalogueEntry> Entries { get; } =
    [
        .. AppointmentsCatalogue.Entries,
        .. AuditCatalogue.Entries,
        .. AvailabilityCatalogue.Entries,
        .. CalendarsCatalogue.Entries,
        .. ICalendarCatalogue.Entries,
        .. OperationsCatalogue.Entries,
        .. PermissionsCatalogue.Entries,
        .. RemindersCatalogue.Entries,
        .. WebhooksCatalogue.Entries,
    ];
}
