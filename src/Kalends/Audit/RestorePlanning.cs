using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Audit;

/// <summary>
/// Decides what of the wanted can be put back. Whoever is named and cannot be is refused with all of the command; of many, each that cannot be is
/// skipped and named, and the others go on.
/// </summary>
internal sealed class RestorePlanning(CommandContext context, IReadOnlyList<RestoreTarget> targets)
{
    private readonly List<RestoreUnit> units = [];

    private readonly List<RestoreUnit> skipped = [];

    public IEnumerable<CalendarId> Calendars => units.SelectMany(unit => unit.Calendars).Distinct();

    /// <summary>Finds what there is, and leaves out what may not be changed. The answer is a refusal of what was named, or null.</summary>
    public async ValueTask<Refusal?> Plan()
    {
        var now = await KnownAppointments.Find(context, [.. targets.Select(target => target.Id)]);
        var whole = targets.Where(target => IsSeries(target, now)).Select(target => target.Id).ToHashSet();
        var series = await KnownSeries.Find(context, whole);
        foreach (var target in targets)
        {
            var own = target.Last.Series ?? now.GetValueOrDefault(target.Id)?.Series;
            if (own is { } of && whole.Contains(of))
            {
                // It goes with its series.
                continue;
            }

            var known = now.GetValueOrDefault(target.Id);
            Add(whole.Contains(target.Id)
                ? RestoreUnit.Series(target, known, series.GetValueOrDefault(target.Id), await DetachedThen.Find(context, target), context.Now)
                : own is { } id ? RestoreUnit.Occurrence(target, known, id, context.Now)
                : RestoreUnit.Single(target, known, context.Now));
        }

        return await RefuseChange();
    }

    /// <summary>The work that double-books no calendar that refuses it.</summary>
    public async ValueTask<Outcome<AppointmentWork>> Fit(IReadOnlyDictionary<CalendarId, Calendar> calendars)
    {
        while (true)
        {
            context.Stopped.ThrowIfCancellationRequested();
            var work = new AppointmentWork(context, calendars);
            foreach (var unit in units)
            {
                Add(work, unit);
            }

            HashSet<Guid> replaced = [.. units.Select(unit => unit.Target.Id)];
            var replaces = work.Replaces;
            var clashes = await ConflictGuard.Find(
                context, work.Wanted(everywhere: false), calendars, refuseAll: false, ownHold: null, id => replaced.Contains(id) || replaces(id));
            if (clashes.Count == 0)
            {
                return work;
            }

            var taken = clashes.Select(clash => (Unit: units.Find(unit => unit.IsOf(clash.Wanted))!, clash.Calendar))
                .DistinctBy(pair => pair.Unit.Target.Id).ToList();
            if (taken.Exists(pair => pair.Unit.Target.Index is not null))
            {
                return ConflictGuard.Refuse(clashes, calendars, await Sight.Over(context, calendars), work.OccurrenceOf);
            }

            var names = calendars.Values.ToDictionary(calendar => calendar.Key, calendar => calendar.Id);
            foreach (var (unit, calendar) in taken)
            {
                Skip(unit, $"its time is taken in {names[calendar]}");
            }
        }
    }

    public RestoredAppointments Answer(AppointmentWork work) => new(
        [.. units.Where(unit => unit.Own.After is not null).Select(unit => SavedAppointment.Of(unit.Own) with { Occurrences = Occurrences(unit, work) })],
        [.. units.Where(unit => unit.Own.After is null).Select(unit => new DeletedAppointment(unit.Target.Id, Occurrences(unit, work)))],
        [.. skipped.Select(unit => new UnrestoredAppointment(unit.Target.Id, unit.Reason!))]);

    private static int? Occurrences(RestoreUnit unit, AppointmentWork work) => unit.Plan is { } plan ? work.Occurrences(plan) : null;

    private static bool IsSeries(RestoreTarget target, IReadOnlyDictionary<Guid, KnownAppointment> now) =>
        now.GetValueOrDefault(target.Id)?.IsSeries == true || RestoreUnit.Then(target)?.Recurrence is not null;

    private static void Add(AppointmentWork work, RestoreUnit unit)
    {
        if (unit.Plan is { } plan)
        {
            work.Add(plan);
        }
        else
        {
            work.Add(unit.Edit!);
        }
    }

    private void Add(RestoreUnit unit)
    {
        if (!unit.ChangesNothing)
        {
            (unit.Reason is null ? units : skipped).Add(unit);
        }
    }

    private void Skip(RestoreUnit unit, string reason)
    {
        units.Remove(unit);
        skipped.Add(unit with { Reason = reason });
    }

    /// <summary>
    /// Whoever may modify the calendar of its owner, then and now, may put it back; what an application manages is put back by that application.
    /// </summary>
    private async ValueTask<Refusal?> RefuseChange()
    {
        var access = await context.Decide([.. units.SelectMany(unit => unit.Says).Select(says => says.Owner!.Value).Distinct()]);
        var (forbidden, managed) = (new Errors(), new Errors());
        foreach (var unit in units.ToList())
        {
            var closed = unit.Says.Select(says => says.Owner!.Value).FirstOrDefault(owner => !access.May(Permission.Modify, owner));
            var app = unit.Says.FirstOrDefault(says => says.ManagedByApp == true && says.App != context.Caller.App)?.App;
            var reason = closed.Value is not null ? $"{context.Caller.Person} may not change the calendar {closed}"
                : app is not null ? $"only the application {app} may change this appointment" : null;
            if (reason is not null && unit.Target.Index is { } index)
            {
                (closed.Value is not null ? forbidden : managed).In("appointments", index).In("id")
                    .Add(closed.Value is not null ? RefusalCode.Forbidden : RefusalCode.ManagedByApp, reason);
            }
            else if (reason is not null)
            {
                Skip(unit, reason);
            }
        }

        return forbidden.Refusal ?? managed.Refusal;
    }
}
