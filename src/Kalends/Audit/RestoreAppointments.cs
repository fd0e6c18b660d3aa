using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Messages;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Audit;

/// <summary>
/// Puts appointments back to what they were: those that are named, all that one command changed, or those of a calendar in a timespan as of a moment.
/// What is put back is a new version like any other; what was not there then is deleted, what was deleted since comes back under its id, what is as it
/// was is left alone. A series is put back as a whole, with the occurrences that said something of their own. What is named is put back or all is refused,
/// as a save would be; of the many of a command or a calendar each that cannot be is skipped, with the reason.
/// </summary>
public sealed record RestoreAppointments : Command<RestoredAppointments>
{
    public IReadOnlyList<AppointmentToRestore>? Appointments { get; init; }

    /// <summary>Undo all that this command did. What was changed again since is skipped.</summary>
    public Guid? CommandId { get; init; }

    public CalendarId? Calendar { get; init; }

    /// <summary>Of <see cref="Calendar"/>: what lies in it now, or lay in it then.</summary>
    public Timespan? Timespan { get; init; }

    public Instant? AsOf { get; init; }

    public override object TrailData => Appointments is null ? this : new { Appointments = Appointments.Count };

    public override void Validate(Errors errors)
    {
        var ofCalendar = (Calendar, Timespan, AsOf) != (null, null, null);
        errors.Require(
            (Appointments is null ? 0 : 1) + (CommandId is null ? 0 : 1) + (ofCalendar ? 1 : 0) == 1,
            "must have either appointments, or commandId, or calendar with timespan and asOf");
        if (ofCalendar)
        {
            errors.Require(Calendar is not null, "calendar", "is required with timespan and asOf");
            errors.Require(Timespan is not null, "timespan", "is required with calendar and asOf");
            errors.Require(AsOf is not null, "asOf", "is required with calendar and timespan");
        }

        if (Timespan is { } timespan)
        {
            QueryLimits.Check(timespan, errors);
        }

        errors.AtMost(AppointmentLimits.PerCall, Appointments?.Count ?? 0, "appointments");
        var seen = new HashSet<Guid>();
        errors.Each("appointments", Appointments ?? [], (item, at) =>
        {
            at.Require(seen.Add(item.Id), "id", "is in this request twice");
            at.Require(item.Version is null || item.AsOf is null, "asOf", "cannot be given beside a version");
        });
    }

    public override async ValueTask<Outcome<RestoredAppointments>> Execute(CommandContext context)
    {
        if (RefuseFuture(context.Now) is { } future)
        {
            return future;
        }

        var found = Appointments is not null ? await RestoreTargets.Named(context, Appointments)
            : CommandId is { } command ? await RestoreTargets.OfCommand(context, command)
            : await RestoreTargets.OfCalendar(context, Calendar!.Value, Timespan!.Value, AsOf!.Value);
        if (found.Refusal is { } refusal)
        {
            return refusal;
        }

        var planning = new RestorePlanning(context, found.Value);
        if (await planning.Plan() is { } torn)
        {
            return torn;
        }

        var calendars = await context.Rows<ICalendarWrites>().Lock([.. planning.Calendars]);
        var work = await planning.Fit(calendars);
        if (work.Refusal is { } clash)
        {
            return clash;
        }

        await work.Value.Write();
        return planning.Answer(work.Value);
    }

    private Refusal? RefuseFuture(Instant now)
    {
        var errors = new Errors();
        errors.Require(AsOf is null || AsOf <= now, "asOf", "is still to come");
        errors.Each("appointments", Appointments ?? [], (item, at) => at.Require(item.AsOf is null || item.AsOf <= now, "asOf", "is still to come"));
        return errors.Refusal;
    }
}

/// <summary>
/// An appointment, and which of its states is meant: the one of a version, or the one at the end of a second; with neither, the one before its last change.
/// </summary>
public sealed record AppointmentToRestore
{
    public required Guid Id { get; init; }

    public long? Version { get; init; }

    public Instant? AsOf { get; init; }
}

/// <summary>A series stands for its occurrences.</summary>
public sealed record RestoredAppointments(
    IReadOnlyList<SavedAppointment> Saved, IReadOnlyList<DeletedAppointment> Deleted, IReadOnlyList<UnrestoredAppointment> Skipped);

public sealed record UnrestoredAppointment(Guid Id, string Reason);
