using Kalends.Availability;
using Kalends.Messages;
using Kalends.Messages.Json;
using Kalends.Storage;

namespace Kalends.Appointments;

/// <summary>A stored appointment and what it says.</summary>
public sealed record KnownAppointment(AppointmentRow Row, Appointment Says)
{
    public IEnumerable<CalendarId> Calendars => CalendarsOf(Says);

    public bool IsSeries => Says.Recurrence is not null;

    /// <summary>The series that this is an occurrence of.</summary>
    public Guid? Series => Row.Series;

    /// <summary>The calendars an appointment lies on: its owner's and its attendees'.</summary>
    public static IEnumerable<CalendarId> CalendarsOf(Appointment says) => says.Attendees!.Select(attendee => attendee.Calendar).Prepend(says.Owner!.Value);

    public static KnownAppointment Of(AppointmentRow row) => new(row, WireJson.Read<Appointment>(row.Json));
}

/// <summary>One appointment that a command makes, replaces or deletes.</summary>
public sealed record Edit(KnownAppointment? Before, Appointment? After);

/// <summary>What all commands about stored appointments share: finding them, checking the right to change them, and writing the edits.</summary>
public static class KnownAppointments
{
    /// <summary>Of more, the store writes the first while the next are worked out.</summary>
    private const int AtOnce = 400;

    public static async ValueTask<IReadOnlyDictionary<Guid, KnownAppointment>> Find(QueryContext context, IReadOnlyCollection<Guid> ids) =>
        ids.Count == 0
            ? new Dictionary<Guid, KnownAppointment>()
            : (await context.Rows<IAppointmentRows>().Find(ids)).ToDictionary(pair => pair.Key, pair => KnownAppointment.Of(pair.Value));

    /// <summary>
    /// Notes each appointment that the caller may not change, that another application manages, or whose version is not the expected one.
    /// </summary>
    public static async ValueTask<Refusal?> RefuseChange(
        CommandContext context, IReadOnlyList<(KnownAppointment Known, long? Version, int Index)> wanted)
    {
        var access = await context.Decide([.. wanted.SelectMany(item => item.Known.Calendars).Distinct()]);
        var (missing, forbidden, managed, stale) = (new Errors(), new Errors(), new Errors(), new Errors());
        foreach (var (known, version, index) in wanted)
        {
            var owner = known.Says.Owner!.Value;
            if (!access.May(Permission.Modify, owner) && !IsShown(known, access, context.Caller))
            {
                // Who may not know it by this name must not learn from a refusal that it exists.
                missing.In("appointments", index).In("id").Add(RefusalCode.NotFound, $"there is no appointment {known.Row.Id}");
            }
            else if (!access.May(Permission.Modify, owner))
            {
                forbidden.In("appointments", index).In("id").Add(
                    RefusalCode.Forbidden, $"{context.Caller.Person} may not change the calendar {owner}");
            }
            else if (known.Says.ManagedByApp == true && known.Says.App != context.Caller.App)
            {
                managed.In("appointments", index).In("id").Add(
                    RefusalCode.ManagedByApp, $"only the application {known.Says.App} may change this appointment{At(known.Says)}");
            }
            else if (version is not null && version != known.Row.Version)
            {
                stale.In("appointments", index).In("version").Add(
                    RefusalCode.StaleVersion, $"is {version}, but the appointment is at version {known.Row.Version}");
            }
        }

        return missing.Refusal ?? forbidden.Refusal ?? managed.Refusal ?? stale.Refusal;
    }

    /// <summary>Where the application shows it, so that whoever is refused knows where to go.</summary>
    private static string At(Appointment managed) => managed.Links is { Count: > 0 } links ? $": {links[0].Uri}" : "";

    /// <summary>Whether the caller sees its details anywhere, and so knows its id.</summary>
    public static bool IsShown(KnownAppointment known, Access access, Caller caller)
    {
        var sight = new Sight(access, null);
        return known.Calendars.Any(id => id == caller.Person || sight.Of(access.On(id), known.Row.Privacy, known.Row.Owner) == Seen.Details);
    }

    /// <summary>Writes what was decided, and records each change for trail, change logs and outbox.</summary>
    public static async ValueTask Write(CommandContext context, IReadOnlyList<Edit> edits, IReadOnlyDictionary<CalendarId, Calendar> calendars)
    {
        var writes = context.Rows<IAppointmentWrites>();
        var left = edits.Count;
        foreach (var some in edits.Chunk(AtOnce))
        {
            var made = InBulk.Select(some, edit =>
            {
                var booking = edit.After is null ? null : Bookings.Of(edit.After, calendars);
                return (Booking: booking, Change: AppointmentChanges.Of(edit.Before?.Row, booking?.Appointment, new(edit.Before?.Says, edit.After, calendars)));
            });
            await writes.Save([.. made.Select(one => one.Booking).OfType<Booking>()]);
            foreach (var one in made)
            {
                context.Record(one.Change);
            }

            left -= some.Length;
            if (left > 0)
            {
                await context.StartWriting();
            }
        }

        await writes.Delete([.. edits.Where(edit => edit.After is null).Select(edit => edit.Before!.Row.Id)]);
        if (WatchedEdits.Of(edits, calendars, context.Now) is { Count: > 0 } watches)
        {
            await context.Rows<IReminderWatches>().Watch(watches);
        }
    }
}
