using Kalends.Availability;
using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Appointments;

public enum ConflictPolicy
{
    Allow,
    Refuse,
}

/// <summary>Which occurrences of a series a change means.</summary>
public enum Scope
{
    This,
    ThisAndFollowing,
    All,
}

/// <summary>
/// Saves up to 5,000 appointments, all or none. An appointment without an id, or with a new one, is created; one with a known
/// id is replaced as a whole. A version makes the save conditional. Calendars that refuse double-booking refuse always; with
/// <c>"conflicts": "refuse"</c> all do.
/// </summary>
public sealed record SaveAppointments : Command<SavedAppointments>
{
    public required IReadOnlyList<Appointment> Appointments { get; init; }

    public ConflictPolicy? Conflicts { get; init; }

    public Scope? Scope { get; init; }

    /// <summary>A hold of the caller's that this save turns into the appointment.</summary>
    public Guid? Hold { get; init; }

    public override object TrailData => new { Conflicts, Scope, Hold, Appointments = Appointments.Count };

    public override void Validate(Errors errors)
    {
        errors.AtMost(AppointmentLimits.PerCall, Appointments.Count, "appointments");
        if (errors.Any)
        {
            return;
        }

        var seen = new HashSet<Guid>();
        errors.Each("appointments", Appointments, (appointment, at) =>
        {
            AppointmentRules.Check(appointment, at);
            at.Require(appointment.Id is null || seen.Add(appointment.Id.Value), "id", "is in this request twice");
        });
    }

    public override IEnumerable<Need> Needs(Caller caller) => Appointments
        .Select((appointment, index) => new Need(appointment.Owner ?? caller.Person, Permission.Modify, $"/appointments/{index}/owner"));

    public override async ValueTask<Outcome<SavedAppointments>> Execute(CommandContext context)
    {
        var known = await KnownAppointments.Find(context, [.. Appointments.Where(item => item.Id is not null).Select(item => item.Id!.Value)]);
        if (await RefuseStale(context, known) is { } stale)
        {
            return stale;
        }

        if (await HeldTimes.RefuseUnusable(context, Hold) is { } unusable)
        {
            return unusable;
        }

        var calendars = await context.Rows<ICalendarWrites>().Lock([.. Named(context, known).Distinct()]);
        var edits = Appointments.Select(given => Decide(given, known, calendars, context)).ToList();
        var wanted = edits.SelectMany(edit => Bookings.Of(edit.After!, calendars).Attendances).ToList();
        var clashes = await ConflictGuard.Find(context, wanted, calendars, Conflicts == ConflictPolicy.Refuse, Hold);
        if (clashes.Count > 0)
        {
            return ConflictGuard.Refuse(clashes, calendars, await Sight.Over(context, calendars));
        }

        await KnownAppointments.Write(context, edits, calendars);
        await HeldTimes.Use(context, Hold);
        return new SavedAppointments([.. edits.Select(SavedAppointment.Of)]);
    }

    private async ValueTask<Refusal?> RefuseStale(CommandContext context, IReadOnlyDictionary<Guid, KnownAppointment> known)
    {
        var errors = new Errors();
        var replaced = new List<(KnownAppointment, long?, int)>();
        for (var index = 0; index < Appointments.Count; index++)
        {
            var (id, version) = (Appointments[index].Id, Appointments[index].Version);
            if (id is not null && known.TryGetValue(id.Value, out var found))
            {
                replaced.Add((found, version, index));
            }
            else if (version is > 0)
            {
                errors.In("appointments", index).In("version")
                    .Add(RefusalCode.StaleVersion, $"is {version}, but there is no such appointment (any more)");
            }
        }

        return await KnownAppointments.RefuseChange(context, replaced) ?? errors.Refusal;
    }

    private IEnumerable<CalendarId> Named(CommandContext context, IReadOnlyDictionary<Guid, KnownAppointment> known) => Appointments
        .SelectMany(item => (item.Attendees ?? []).Select(attendee => attendee.Calendar).Prepend(item.Owner ?? context.Caller.Person))
        .Concat(known.Values.SelectMany(item => item.Calendars));

    private static Edit Decide(
        Appointment given, IReadOnlyDictionary<Guid, KnownAppointment> known, IReadOnlyDictionary<CalendarId, Calendar> calendars, CommandContext context)
    {
        var before = given.Id is { } id ? known.GetValueOrDefault(id) : null;
        var owner = given.Owner ?? before?.Says.Owner ?? context.Caller.Person;
        var complete = Completion.Complete(given, before?.Says, owner, calendars[owner].ZoneOrUtc, given.Id ?? context.NewId(), context);
        return new(before, complete);
    }
}

public sealed record SavedAppointments(IReadOnlyList<SavedAppointment> Saved);

public sealed record SavedAppointment(Guid Id, long Version, bool Created, int? Occurrences = null)
{
    public static SavedAppointment Of(Edit edit) => new(edit.After!.Id!.Value, edit.After.Version!.Value, edit.Before is null);
}
