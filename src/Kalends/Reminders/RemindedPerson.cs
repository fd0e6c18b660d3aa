using Kalends.Appointments;
using Kalends.Messages;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Reminders;

/// <summary>An attendee of an appointment or of one occurrence, for what they say of its reminders.</summary>
internal sealed record RemindedPerson(Appointment Says, Attendee Attendee, Calendar Person, Instant Start)
{
    public static async ValueTask<Outcome<RemindedPerson>> Find(CommandContext context, Guid id, CalendarId calendar)
    {
        var known = (await KnownAppointments.Find(context, [id])).GetValueOrDefault(id);
        if (known?.Says.Attendees!.FirstOrDefault(one => one.Calendar == calendar) is not { } attendee
            || (await context.Rows<ICalendarRows>().Find([calendar])).GetValueOrDefault(calendar) is not { } person)
        {
            // The same words whether there is none or the calendar is not on it: a stranger must not learn which.
            return Refusal.At(RefusalCode.NotFound, "/id", $"there is no appointment {id} that {calendar} attends");
        }

        return known.IsSeries
            ? Refusal.At(RefusalCode.Invalid, "/id", "is a series: name the occurrence that is meant")
            : new RemindedPerson(
                known.Says, attendee, person, Instant.FromUnixTimeSeconds(Bookings.OfAttendee(known.Says, known.Row, attendee, person).From));
    }

    /// <summary>That of the reminder that was due last by a moment; email where there is none.</summary>
    public ReminderChannel ChannelBy(long moment)
    {
        var zone = Zones.Get(ReminderTimes.ZoneOf(Says, Person.ZoneOrUtc));
        return ReminderTimes.Of(Says, Attendee).Select(one => (Due: ReminderTimes.Due(Start.ToUnixTimeSeconds(), one.Before, zone), one.Channel))
            .Where(one => one.Due <= moment).OrderByDescending(one => one.Due).Select(one => one.Channel).FirstOrDefault() ?? ReminderChannel.Email;
    }
}
