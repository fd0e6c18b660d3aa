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

        var series = await KnownSeries.Find(context, [.. SeriesNamed(known).Distinct()]);
        series = await WithNext(context, series);
        var calendars = await context.Rows<ICalendarWrites>().Lock([.. Named(context, known, series).Distinct()]);
        var planning = new SavePlanning(context, known, series, new(context, calendars), Scope.GetValueOrDefault());
        var answers = await OthersAnswers.Among(context, Appointments);
        for (var index = 0; index < Appointments.Count; index++)
        {
            var given = Appointments[index];
            planning.Plan(answers.Kept(given, given.Id is { } id ? known.GetValueOrDefault(id)?.Says : null), index);
        }

        return (planning.Errors.Refusal ?? await KnownAppointments.RefuseChange(context, planning.AlsoChanged)) is { } refusal
            ? refusal
            : await Save(context, planning);
    }

    /// <summary>Where a series is split, the one that followed it follows the second half then.</summary>
    private async ValueTask<IReadOnlyDictionary<Guid, KnownSeries>> WithNext(CommandContext context, IReadOnlyDictionary<Guid, KnownSeries> series)
    {
        List<Guid> next = Scope == Kalends.Appointments.Scope.ThisAndFollowing
            ? [.. series.Values.Select(known => known.Says.Series?.Next).OfType<Guid>().Where(id => !series.ContainsKey(id)).Distinct()]
            : [];
        return next.Count == 0 ? series : series.Concat(await KnownSeries.Find(context, next)).ToDictionary();
    }

    private async ValueTask<Outcome<SavedAppointments>> Save(CommandContext context, SavePlanning planning)
    {
        var work = planning.Work;
        var refuseAll = Conflicts == ConflictPolicy.Refuse;
        var looked = refuseAll || context.DryRun ? await MayBeLookedAt(context, work.Calendars) : work.Calendars;
        var clashes = await ConflictGuard.Find(context, work.Wanted(refuseAll), looked, refuseAll, Hold, work.Replaces);
        if (clashes.Count > 0)
        {
            return ConflictGuard.Refuse(clashes, work.Calendars, await Sight.Over(context, work.Calendars), work.OccurrenceOf);
        }

        var overlaps = context.DryRun && !refuseAll
            ? await ConflictGuard.Find(context, work.Wanted(everywhere: true), looked, refuseAll: true, Hold, work.Replaces)
            : [];
        var conflicts = overlaps.Count == 0 ? null
            : ConflictGuard.Spans(overlaps, work.Calendars, await Sight.Over(context, work.Calendars), work.OccurrenceOf);
        await work.Write();
        await HeldTimes.Use(context, Hold);
        return new SavedAppointments([.. planning.Saved.Select(saved => saved())], conflicts);
    }

    /// <summary>A calendar of which the caller sees nothing tells them nothing; one that refuses double-booking cannot keep that to itself.</summary>
    private static async ValueTask<IReadOnlyDictionary<CalendarId, Calendar>> MayBeLookedAt(
        CommandContext context, IReadOnlyDictionary<CalendarId, Calendar> calendars)
    {
        var access = await context.Decide([.. calendars.Keys]);
        return calendars.Where(pair => pair.Value.DoubleBooking == DoubleBooking.Refuse || access.May(Permission.ViewFreeBusy, pair.Key)).ToDictionary();
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

    /// <summary>The series that are named themselves, and those of occurrences where more than the one is meant.</summary>
    private IEnumerable<Guid> SeriesNamed(IReadOnlyDictionary<Guid, KnownAppointment> known) => known.Values
        .Select(item => item.IsSeries ? item.Row.Id : Scope.GetValueOrDefault() == default ? null : item.Series).OfType<Guid>();

    private IEnumerable<CalendarId> Named(
        CommandContext context, IReadOnlyDictionary<Guid, KnownAppointment> known, IReadOnlyDictionary<Guid, KnownSeries> series) => Appointments
        .SelectMany(item => (item.Attendees ?? []).Select(attendee => attendee.Calendar).Prepend(item.Owner ?? context.Caller.Person))
        .Concat(known.Values.SelectMany(item => item.Calendars))
        .Concat(series.Values.SelectMany(item => item.Calendars));
}

/// <summary><see cref="Conflicts"/>, on a dry run alone: what would lie on one another in calendars where it may.</summary>
public sealed record SavedAppointments(IReadOnlyList<SavedAppointment> Saved, IReadOnlyList<ConflictingSpan>? Conflicts = null);

/// <summary>
/// <see cref="Occurrences"/>: of a series, how many are stored; the others follow from its rules. <see cref="Dropped"/>: what a change of the
/// series left no place for. <see cref="Previous"/>: of the second half of a split series, the first.
/// </summary>
public sealed record SavedAppointment(
    Guid Id, long Version, bool Created, int? Occurrences = null, IReadOnlyList<DroppedOccurrence>? Dropped = null, LinkedSeries? Previous = null)
{
    public static SavedAppointment Of(Edit edit) => new(edit.After!.Id!.Value, edit.After.Version!.Value, edit.Before is null);
}

/// <summary>The other half of a split series, as the split left it.</summary>
public sealed record LinkedSeries(Guid Id, long Version, int Occurrences);
