using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Appointments;

/// <summary>
/// Deletes up to 5,000 appointments, all or none. A version makes the deletion conditional. A series goes as a whole; one occurrence by itself,
/// with all that follow, or with all of its series, as the scope says.
/// </summary>
public sealed record DeleteAppointments : Command<DeletedAppointments>
{
    public required IReadOnlyList<AppointmentToDelete> Appointments { get; init; }

    public Scope? Scope { get; init; }

    public override object TrailData => new { Scope, Appointments = Appointments.Count };

    public override void Validate(Errors errors)
    {
        errors.AtMost(AppointmentLimits.PerCall, Appointments.Count, "appointments");
        var seen = new HashSet<Guid>();
        errors.Each("appointments", Appointments, (item, at) => at.Require(seen.Add(item.Id), "id", "is in this request twice"));
    }

    public override async ValueTask<Outcome<DeletedAppointments>> Execute(CommandContext context)
    {
        var known = await KnownAppointments.Find(context, [.. Appointments.Select(item => item.Id)]);
        var missing = new Errors();
        foreach (var (item, index) in Appointments.Select((item, index) => (item, index)).Where(pair => !known.ContainsKey(pair.item.Id)))
        {
            missing.In("appointments", index).In("id").Add(RefusalCode.NotFound, $"there is no appointment {item.Id}");
        }

        var wanted = Appointments.Select((item, index) => (known.GetValueOrDefault(item.Id)!, item.Version, index)).ToList();
        if (missing.Refusal is { } notFound)
        {
            return notFound;
        }

        if (await KnownAppointments.RefuseChange(context, wanted) is { } refusal)
        {
            return refusal;
        }

        var series = await KnownSeries.Find(context, [.. known.Values.Select(item => item.IsSeries ? item.Row.Id : item.Series).OfType<Guid>().Distinct()]);
        HashSet<CalendarId> named = [.. known.Values.SelectMany(item => item.Calendars), .. series.Values.SelectMany(item => item.Calendars)];
        var calendars = await context.Rows<ICalendarWrites>().Lock(named);
        var planning = new DeletePlanning(context, new(context, calendars) { KeepsHorizons = true }, Scope.GetValueOrDefault());
        planning.Plan([.. Appointments.Select(item => known[item.Id])], series);
        if ((planning.Errors.Refusal ?? await KnownAppointments.RefuseChange(context, planning.AlsoChanged)) is { } torn)
        {
            return torn;
        }

        await planning.Work.Write();
        return new DeletedAppointments([.. Appointments.Select(item => new DeletedAppointment(item.Id, planning.Occurrences.GetValueOrDefault(item.Id)))]);
    }
}

public sealed record AppointmentToDelete
{
    public required Guid Id { get; init; }

    public long? Version { get; init; }
}

public sealed record DeletedAppointments(IReadOnlyList<DeletedAppointment> Deleted);

/// <summary><see cref="Occurrences"/>: how many stored occurrences went, where more than one appointment was meant.</summary>
public sealed record DeletedAppointment(Guid Id, int? Occurrences = null);
