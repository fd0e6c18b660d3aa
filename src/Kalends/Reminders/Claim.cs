using Kalends.Appointments;
using Kalends.Messages;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Reminders;

/// <summary>One reminder of one person that is due.</summary>
internal sealed record Claimed(ReminderChannel Channel, DueReminder Reminder, Appointment Says, Calendar Person)
{
    public DeliveryEnd End(string code, string reason) => new(
        Reminder.Key(Person.Key, Channel), Reminder.Due.ToUnixTimeSeconds(), DeliveryState.Failed,
        (ReminderPublication.Of(Says, Reminder, Channel, Person.ZoneOrUtc) with { Code = code, Reason = reason }).Publication);
}

/// <summary>From what is to be looked at by a moment to the reminders that are due by then, of appointments as they stand, and when to look again.</summary>
internal sealed class Claim(CommandContext context, long until)
{
    private readonly Dictionary<CalendarId, Calendar> people = [];

    public List<Claimed> Due { get; } = [];

    public List<ReminderWatch> Watches { get; } = [];

    public async ValueTask Look(IReadOnlyList<ReminderWatch> watches, IReadOnlyList<Acknowledgement> snoozed)
    {
        var known = await KnownAppointments.Find(
            context, [.. watches.Select(watch => watch.Appointment).Concat(snoozed.Select(one => one.Appointment)).Distinct()]);
        await Meet(known.Values);
        var occurrences = new Dictionary<Guid, long>();
        foreach (var watch in watches)
        {
            var from = watch.DueAt!.Value;
            if (!known.TryGetValue(watch.Appointment, out var one))
            {
                Watches.Add(new(watch.Appointment, null));
                continue;
            }

            Watches.Add(new(watch.Appointment, ReminderTimes.Next(one.Says, ZoneOf, until)));
            if (one.IsSeries)
            {
                foreach (var key in Occurring(one, from))
                {
                    occurrences[OccurrenceIds.Of(one.Row.Id, key)] = from;
                }
            }
            else
            {
                Add(one, from);
            }
        }

        await AddOccurrences(occurrences);
        snoozed.ToList().ForEach(said => AddSnoozed(said, known.GetValueOrDefault(said.Appointment)));
    }

    /// <summary>Those that were changed by themselves are watched by themselves; those that were deleted are not there.</summary>
    private async ValueTask AddOccurrences(Dictionary<Guid, long> occurrences)
    {
        var known = await KnownAppointments.Find(context, occurrences.Keys);
        await Meet(known.Values);
        foreach (var (id, one) in known.Where(pair => !pair.Value.Row.Detached))
        {
            Add(one, occurrences[id]);
        }
    }

    private void Add(KnownAppointment one, long from)
    {
        foreach (var attendee in one.Says.Attendees!.Where(attendee => ReminderTimes.IsReminded(one.Says, attendee)))
        {
            var person = Person(attendee.Calendar);
            var start = Bookings.OfAttendee(one.Says, one.Row, attendee, person).From;
            var zone = Zones.Get(ReminderTimes.ZoneOf(one.Says, person.ZoneOrUtc));
            foreach (var reminder in ReminderTimes.Of(one.Says, attendee).Distinct())
            {
                var due = ReminderTimes.Due(start, reminder.Before, zone);
                if (due >= from && due <= until)
                {
                    Add(one, person, start, new(reminder.Channel!.Value, reminder.Before.ToString(), due));
                }
            }
        }
    }

    private void AddSnoozed(Acknowledgement said, KnownAppointment? one)
    {
        var attendee = one?.Says.Attendees!.FirstOrDefault(attendee => Person(attendee.Calendar).Key == said.Calendar);
        if (attendee is not null && ReminderTimes.IsReminded(one!.Says, attendee))
        {
            var person = Person(attendee.Calendar);
            var at = Instant.FromUnixTimeSeconds(said.SnoozedUntil!.Value);
            var start = Bookings.OfAttendee(one.Says, one.Row, attendee, person).From;
            Add(one, person, start, new(said.Channel!.Value, DueReminder.Snoozed(at), said.SnoozedUntil.Value));
        }
    }

    private void Add(KnownAppointment one, Calendar person, long start, (ReminderChannel Channel, string Reminder, long Due) what) => Due.Add(new(
        what.Channel,
        new(one.Row.Id, one.Row.Version, person.Id, Instant.FromUnixTimeSeconds(start), what.Reminder, Instant.FromUnixTimeSeconds(what.Due)),
        one.Says, person));

    /// <summary>Where it takes too long to tell, none is; the next look comes in a day.</summary>
    private IReadOnlySet<OccurrenceKey> Occurring(KnownAppointment series, long from)
    {
        try
        {
            return ReminderTimes.Due(series.Says, ZoneOf, from, until);
        }
        catch (TooMuchWorkException)
        {
            return new HashSet<OccurrenceKey>();
        }
    }

    private async ValueTask Meet(IEnumerable<KnownAppointment> known)
    {
        HashSet<CalendarId> missing = [.. known.SelectMany(one => one.Says.Attendees!).Select(attendee => attendee.Calendar)];
        missing.ExceptWith(people.Keys);
        if (missing.Count > 0)
        {
            foreach (var (id, calendar) in await context.Rows<ICalendarRows>().Find(missing))
            {
                people[id] = calendar;
            }
        }
    }

    private string ZoneOf(CalendarId id) => Person(id).ZoneOrUtc;

    private Calendar Person(CalendarId id) => people.GetValueOrDefault(id) ?? Calendar.Implied(id);
}
