using Kalends.Messages;
using Kalends.Recurrence;
using Kalends.Storage;

namespace Kalends.Appointments;

/// <summary>
/// Decides, item by item, what a save does: to a single appointment, to a series, to one occurrence, to it and all that follow, or through it
/// to all of its series.
/// </summary>
/// <param name="context">Who saves, and when.</param>
/// <param name="known">The appointments that the request names.</param>
/// <param name="series">The series that it names, or means through one of their occurrences.</param>
/// <param name="work">Where it is gathered.</param>
/// <param name="scope">How many of a series an occurrence stands for.</param>
internal sealed class SavePlanning(
    CommandContext context, IReadOnlyDictionary<Guid, KnownAppointment> known, IReadOnlyDictionary<Guid, KnownSeries> series, AppointmentWork work,
    Scope scope)
{
    private readonly List<KnownAppointment> relinked = [];

    private readonly StepBudget budget = new(SeriesLimits.StepsPerCall);

    /// <summary>Series that an item of this request changes, as a whole (true) or one occurrence of (false).</summary>
    private readonly Dictionary<Guid, bool> touched = [];

    public Errors Errors { get; } = new();

    /// <summary>What the request changes without naming it, with the item that does: the right to do so is still to be checked.</summary>
    public List<(KnownAppointment Known, long? Version, int Index)> AlsoChanged { get; } = [];

    public AppointmentWork Work => work;

    /// <summary>The answer for each item, to be asked when all is planned.</summary>
    public List<Func<SavedAppointment>> Saved { get; } = [];

    public void Plan(Appointment given, int index)
    {
        var at = Errors.In("appointments", index);
        var before = given.Id is { } id ? known.GetValueOrDefault(id) : null;
        at.Require(
            before is not null || given.Id is null || !OccurrenceIds.MayBe(given.Id.Value), "id",
            "is no occurrence that its series has, and no other appointment may have an id of version 8: leave it out, or give one of another version");
        var owner = given.Owner ?? before?.Says.Owner ?? context.Caller.Person;
        var complete = Completion.Complete(
            given, before?.Says, owner, work.Calendars[owner].ZoneOrUtc, given.Id ?? context.NewId(), context);
        var planned = work.Plans.Count;
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

        AlsoChanged.AddRange(work.Plans.Skip(planned).SelectMany(plan => plan.Befores).Concat(relinked).Where(known => known.Row.Id != given.Id)
            .Select(known => (known, (long?)null, index)));
        relinked.Clear();
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
        // One that said something by itself goes on doing so, and what it says is what was saved.
        var saved = before.Row.Detached ? OccurrenceEdits.This(before, complete).After : null;
        if (scope == Scope.All || occurrences.Find(key) is not { } occurrence || occurrences.LastBefore(occurrence.From) is null)
        {
            Replace(whole, OccurrenceEdits.All(whole, before, complete), at, saved);
        }
        else
        {
            Split(whole, before, new(occurrence, occurrences.RuleWall(occurrence)), complete, at, saved);
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

    private void Replace(KnownSeries whole, Appointment complete, Errors at, Appointment? saved = null)
    {
        var (after, exceptions) = SeriesCompletion.Complete(complete, whole.Says);
        if (IsGood(after, whole.Says, at))
        {
            Add(SeriesPlan.Replace(whole, after, exceptions, context.Now, saved));
        }
    }

    private void Split(KnownSeries whole, KnownAppointment before, Cut cut, Appointment complete, Errors at, Appointment? saved)
    {
        if (OccurrenceEdits.Following(whole, before, cut, complete, context.NewId()) is not { } following)
        {
            at.In("recurrence").Add(
                "is required: nothing follows this occurrence by the series' own rule, or other rules of it that come every so often do not fit a start here");
            return;
        }

        var asIfFromHere = OccurrenceEdits.From(whole, cut);
        var (after, exceptions) = SeriesCompletion.Complete(following, asIfFromHere);
        after = after with { Series = new() { Previous = whole.Id, Next = whole.Says.Series?.Next } };
        if (!IsGood(after, asIfFromHere, at))
        {
            return;
        }

        var first = SeriesPlan.End(whole, OccurrenceEdits.Ended(whole, cut.Occurrence, after.Id, context.Now), cut.Occurrence.Key);
        var second = SeriesPlan.GoOn(whole, after, cut, context.Now, saved);
        work.Add(first);
        work.Add(second);
        Relink(whole.Says.Series?.Next, after.Id!.Value);
        Saved.Add(() => SavedAppointment.Of(second.Series) with
        {
            Occurrences = work.Occurrences(second),
            Dropped = SomeOrNull([.. exceptions, .. second.Dropped]),
            Previous = new(whole.Id, first.Series.After!.Version!.Value, work.Occurrences(first)),
        });
    }

    /// <summary>What followed the first half follows the second now.</summary>
    private void Relink(Guid? next, Guid previous)
    {
        if (next is { } id && series.GetValueOrDefault(id) is { } third && touched.TryAdd(id, true))
        {
            relinked.Add(third.Series);
            work.Add(new Edit(third.Series, third.Says with
            {
                Series = third.Says.Series! with { Previous = previous },
                Version = third.Series.Row.Version + 1,
                UpdatedAt = context.Now,
            }));
        }
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
        RecurrenceRules.CheckNew(after, before, Laying.HorizonAt(context.Now), budget, at);
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
