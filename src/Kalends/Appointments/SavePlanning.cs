using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Appointments;

/// <summary>
/// Decides, item by item, what a save does: to a single appointment, to a series, to one occurrence, to it and all that follow, or through it
/// to all of its series.
/// </summary>
internal sealed class SavePlanning(
    CommandContext context, IReadOnlyDictionary<Guid, KnownAppointment> known, IReadOnlyDictionary<Guid, KnownSeries> series, AppointmentWork work,
    Scope scope)
{
    /// <summary>Series that an item of this request changes, as a whole (true) or one occurrence of (false).</summary>
    private readonly Dictionary<Guid, bool> touched = [];

    public Errors Errors { get; } = new();

    public AppointmentWork Work => work;

    /// <summary>The answer for each item, to be asked when all is planned.</summary>
    public List<Func<SavedAppointment>> Saved { get; } = [];

    public void Plan(Appointment given, int index)
    {
        var at = Errors.In("appointments", index);
        var before = given.Id is { } id ? known.GetValueOrDefault(id) : null;
        var owner = given.Owner ?? before?.Says.Owner ?? context.Caller.Person;
        var complete = Completion.Complete(
            given, before?.Says, owner, work.Calendars[owner].ZoneOrUtc, given.Id ?? context.NewId(), context);
        if (before?.Series is { } own)
        {
            PlanOccurrence(before, own, complete, at);
        }
        else if (given.Recurrence is not null)
        {
            PlanSeries(before, complete, at);
        }
        else if (before is { IsSeries: true } && Touch(before.Row.Id, asWhole: true, at))
        {
            var plan = SeriesPlan.Dissolve(series[before.Row.Id], complete);
            work.Add(plan);
            Saved.Add(() => SavedAppointment.Of(plan.Series) with { Dropped = SomeOrNull(plan.Dropped) });
        }
        else
        {
            Add(new Edit(before, complete));
        }
    }

    private void PlanOccurrence(KnownAppointment before, Guid own, Appointment complete, Errors at)
    {
        if (!Touch(own, asWhole: scope != Scope.This, at))
        {
            return;
        }

        if (scope == Scope.This)
        {
            at.Require(
                complete.Recurrence is null, "recurrence",
                "cannot be given to one occurrence: save it with the scope this-and-following, or save its series");
            Add(OccurrenceEdits.This(before, complete));
            return;
        }

        var whole = series[own];
        var occurrences = new SeriesOccurrences(whole.Says);
        var key = OccurrenceIds.KeyOf(before.Row.Id);
        if (scope == Scope.All || occurrences.Find(key) is not { } occurrence || occurrences.LastBefore(occurrence.From) is null)
        {
            Replace(whole, OccurrenceEdits.All(whole, before, complete), at);
        }
        else
        {
            Split(whole, before, occurrence, complete, at);
        }
    }

    private void PlanSeries(KnownAppointment? before, Appointment complete, Errors at)
    {
        if (before is { IsSeries: true })
        {
            if (Touch(before.Row.Id, asWhole: true, at))
            {
                Replace(series[before.Row.Id], complete, at);
            }

            return;
        }

        var (after, _) = SeriesCompletion.Complete(complete, null);
        if (IsGood(after, null, at))
        {
            Add(SeriesPlan.Create(before, after));
        }
    }

    private void Replace(KnownSeries whole, Appointment complete, Errors at)
    {
        var (after, exceptions) = SeriesCompletion.Complete(complete, whole.Says);
        if (IsGood(after, whole.Says, at))
        {
            Add(SeriesPlan.Replace(whole, after, exceptions, context.Now));
        }
    }

    private void Split(KnownSeries whole, KnownAppointment before, Occurrence occurrence, Appointment complete, Errors at)
    {
        if (OccurrenceEdits.Following(whole, before, occurrence, complete, context.NewId()) is not { } following)
        {
            at.In("recurrence").Add("is required: this occurrence was added by date, or other rules go with its own, so they do not say what follows it");
            return;
        }

        var (after, exceptions) = SeriesCompletion.Complete(following, OccurrenceEdits.From(whole, occurrence));
        after = after with { Series = new() { Previous = whole.Id, Next = whole.Says.Series?.Next } };
        if (!IsGood(after, OccurrenceEdits.From(whole, occurrence), at))
        {
            return;
        }

        var first = SeriesPlan.End(whole, OccurrenceEdits.Ended(whole, occurrence, after.Id, context.Now), occurrence.Key, after);
        var second = SeriesPlan.GoOn(whole, after, occurrence.Key, context.Now);
        work.Add(first);
        work.Add(second);
        Saved.Add(() => SavedAppointment.Of(second.Series) with
        {
            Occurrences = work.Occurrences(second),
            Dropped = SomeOrNull([.. exceptions, .. first.Dropped]),
            Previous = new(whole.Id, first.Series.After!.Version!.Value, work.Occurrences(first)),
        });
    }

    /// <summary>
    /// One series is changed by one item of a request, or its occurrences one by one: which of both came first must not matter.
    /// </summary>
    private bool Touch(Guid own, bool asWhole, Errors at)
    {
        if (touched.TryAdd(own, asWhole) || (!asWhole && !touched[own]))
        {
            return true;
        }

        at.Add("id", "belongs to a series that another item of this request changes too; send them one after the other");
        return false;
    }

    private bool IsGood(Appointment after, Appointment? before, Errors at)
    {
        var faults = Errors.Found.Count;
        RecurrenceRules.CheckNew(after, before, Laying.HorizonAt(context.Now), at);
        return Errors.Found.Count == faults && !Errors.Full;
    }

    private void Add(Edit edit)
    {
        work.Add(edit);
        Saved.Add(() => SavedAppointment.Of(edit));
    }

    private void Add(SeriesPlan plan)
    {
        work.Add(plan);
        Saved.Add(() => SavedAppointment.Of(plan.Series) with { Occurrences = work.Occurrences(plan), Dropped = SomeOrNull(plan.Dropped) });
    }

    private static IReadOnlyList<DroppedOccurrence>? SomeOrNull(IReadOnlyList<DroppedOccurrence> dropped) => dropped.Count > 0 ? dropped : null;
}
