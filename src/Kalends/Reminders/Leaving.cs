using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Reminders;

/// <summary>What is to become of one reminder whose turn has come.</summary>
/// <param name="Reminder">Which.</param>
/// <param name="Key">Null where nobody knows its calendar.</param>
internal sealed record Verdict(DueReminder Reminder, DeliveryKey? Key)
{
    /// <summary>As it stands now.</summary>
    public Appointment? Says { get; init; }

    public Calendar? Person { get; init; }

    /// <summary>Why it is not to leave any more: it was right to claim it, and nobody is to be told.</summary>
    public string? Dropped { get; init; }

    /// <summary>Why it cannot leave, and is told as failed.</summary>
    public (string Code, string Reason)? Fault { get; init; }

    public IReadOnlyList<ReminderAddress>? Addresses { get; init; }

    public bool Leaves => Addresses is not null && Dropped is null && Fault is null;

    public DeliveryEnd End(ReminderChannel channel, DeliveryState state, Func<ReminderPublication, ReminderPublication> with) => new(
        Key!.Value, Reminder.Due.ToUnixTimeSeconds(), state,
        Says is null ? null : with(ReminderPublication.Of(Says, Reminder, channel, Person!.ZoneOrUtc)).Publication);
}

/// <summary>
/// Judges reminders just before they leave, by what the session shows: those of appointments that were deleted, moved, cancelled or declined since, or whose
/// reminder was removed or dismissed, do not leave; those that have begun failed.
/// </summary>
/// <param name="session">What is looked at.</param>
/// <param name="batch">Those whose turn has come.</param>
/// <param name="channel">Of their kind, where it is set up.</param>
/// <param name="now">The time.</param>
internal sealed class Leaving(IReadSession session, ReminderBatch batch, IReminderChannel? channel, Instant now)
{
    private readonly ReminderChannel kind = batch.Channel;
    private IReadOnlyDictionary<CalendarId, IReadOnlyList<ReminderAddress>>? addresses;

    public async ValueTask<List<Verdict>> Judge()
    {
        List<DueReminder> reminders = [.. batch.Reminders.Distinct()];
        var ids = reminders.Select(one => one.Appointment).Distinct().ToList();
        var known = (await session.Rows<IAppointmentRows>().Find(ids)).ToDictionary(pair => pair.Key, pair => KnownAppointment.Of(pair.Value));
        var people = await session.Rows<ICalendarRows>().Find([.. reminders.Select(one => one.Calendar).Distinct()]);
        addresses = channel is null ? null : await channel.AddressesOf([.. people.Values], session);
        var said = (await session.Rows<IReminderRows>().Acknowledged(ids)).ToDictionary(one => (one.Appointment, one.Calendar), one => one.Acknowledged);
        return [.. reminders.Select(one => Judge(
            one, known.GetValueOrDefault(one.Appointment), people.GetValueOrDefault(one.Calendar),
            key => said.TryGetValue((one.Appointment, key), out var acknowledged) ? acknowledged : null))];
    }

    /// <summary>Whether it would leave now, had it not left.</summary>
    public static bool IsStale(DueReminder reminder, KnownAppointment? known, Calendar person) =>
        Why(reminder, known, person, _ => null, null) is "gone" or "moved";

    private Verdict Judge(DueReminder reminder, KnownAppointment? known, Calendar? person, Func<long, long?> acknowledged)
    {
        if (person is null)
        {
            return new(reminder, null) { Dropped = "gone" };
        }

        var verdict = new Verdict(reminder, reminder.Key(person.Key, kind)) { Says = known?.Says, Person = person };
        return Why(reminder, known, person, acknowledged, kind) is { } why ? verdict with { Dropped = why }
            : now >= reminder.Deadline ? verdict with { Fault = TooLate(reminder) }
            : channel is null ? verdict with { Fault = (ReminderFaults.NoChannel, $"this server is not set up to send {Word}") }
            : addresses!.GetValueOrDefault(person.Id) is { } found ? verdict with { Addresses = found }
            // Groups and the like are reminded where they have an address.
            : person.Kind == CalendarKind.User ? verdict with { Fault = (ReminderFaults.NoAddress, $"{person.Id} has no address for {Word}") }
            : verdict with { Dropped = "unaddressed" };
    }

    private static string? Why(DueReminder reminder, KnownAppointment? known, Calendar person, Func<long, long?> acknowledged, ReminderChannel? kind)
    {
        if (known?.Says.Attendees!.FirstOrDefault(attendee => attendee.Calendar == person.Id) is not { } attendee)
        {
            return "gone";
        }

        var says = known.Says;
        return says.Status == AppointmentStatus.Cancelled ? "cancelled"
            : Bookings.OfAttendee(says, known.Row, attendee, person).From != reminder.Start.ToUnixTimeSeconds() ? "moved"
            : attendee.Response == AttendeeResponse.Declined ? "declined"
            : !ReminderTimes.IsReminded(says, attendee) ? "removed"
            : kind is not null && !reminder.IsSnoozed && !IsWanted(says, attendee, reminder, kind.Value) ? "removed"
            : acknowledged(person.Key) >= reminder.Due.ToUnixTimeSeconds() ? "dismissed"
            : null;
    }

    private static bool IsWanted(Appointment says, Attendee attendee, DueReminder reminder, ReminderChannel kind) =>
        ReminderTimes.Of(says, attendee).Any(one => one.Channel == kind && one.Before.ToString() == reminder.Reminder);

    private (string Code, string Reason) TooLate(DueReminder reminder) => batch.LastReason is { } reason
        ? (ReminderFaults.Unreachable, reason)
        : (ReminderFaults.TooLate, $"the appointment began at {reminder.Start}, and it is {now}");

    private string Word => kind.ToString().ToLowerInvariant();
}
