using Kalends.Appointments;
using Kalends.Messages;
using Kalends.Messages.Json;
using Kalends.Storage;

namespace Kalends.ICalendar;

/// <summary>What one UID of a text does to the calendar: edits alone, or the plan of a whole series. Events: how many of the text they come of.</summary>
internal sealed record ImportPlan(string Uid, IReadOnlyList<Edit> Edits, SeriesPlan? Series, int Events)
{
    /// <summary>All that it leaves behind, a series' other occurrences apart.</summary>
    public IEnumerable<Appointment> Leaves => Edits.Concat(Series?.Occurrences ?? []).Append(Series?.Series).Select(edit => edit?.After).OfType<Appointment>();
}

/// <summary>
/// Decides, UID by UID, what an import does. The text is the truth of what it names: a series is replaced with all its exceptions, and what says
/// the same already is left alone.
/// </summary>
internal sealed class ImportPlanning(
    CommandContext context, ImportedFile file, Calendar owner,
    IReadOnlyDictionary<string, KnownAppointment> known, IReadOnlyDictionary<Guid, KnownSeries> series, ILookup<string, string> orphanUids,
    OthersAnswers answers)
{
    public List<ImportPlan> Plans { get; } = [];

    /// <summary>Events that stand in the calendar already as the text has them.</summary>
    public int Unchanged { get; private set; }

    public async ValueTask Run()
    {
        foreach (var (uid, given) in file.Appointments.ToList())
        {
            if (MayChange(uid))
            {
                Single(uid, given);
            }
        }

        foreach (var (uid, given) in file.Series.ToList())
        {
            context.Stopped.ThrowIfCancellationRequested();
            if (MayChange(uid))
            {
                await Series(uid, given);
            }
        }
    }

    private bool MayChange(string uid)
    {
        if (known.GetValueOrDefault(uid) is not { } before || MayChange(before))
        {
            return true;
        }

        file.Skip(uid, $"only the application {before.Says.App} may change this appointment");
        return false;
    }

    private bool MayChange(KnownAppointment before) => before.Says.ManagedByApp != true || before.Says.App == context.Caller.App;

    private void Single(string uid, Appointment given)
    {
        var before = known.GetValueOrDefault(uid);
        var edit = new Edit(before, Complete(given, before, before?.Row.Id ?? context.NewId()));
        if (before is { IsSeries: true } && series[before.Row.Id].Detached.FirstOrDefault(known => !MayChange(known)) is { } managed)
        {
            file.Skip(uid, $"only the application {managed.Says.App} may change its occurrence of {managed.Says.Series!.RecurrenceId}");
        }
        else if (before is { IsSeries: true })
        {
            Plans.Add(new(uid, [], SeriesPlan.Dissolve(series[before.Row.Id], edit.After!), 1));
        }
        else if (!Counted(edit))
        {
            Plans.Add(new(uid, [edit], null, 1));
        }
    }

    private async ValueTask Series(string uid, ImportedSeries given)
    {
        var before = known.GetValueOrDefault(uid);
        var whole = before is null ? null : series.GetValueOrDefault(before.Row.Id);
        var recurrence = given.Master.Recurrence!;
        var master = given.Master with { Recurrence = recurrence with { Added = recurrence.Added ?? [], Excluded = recurrence.Excluded ?? [] } };
        var (after, _) = SeriesCompletion.Complete(Complete(master, before, before?.Row.Id ?? context.NewId()), whole?.Says);
        if (Refused(uid, after))
        {
            return;
        }

        var overrides = await Overrides(after, given.Overrides);
        var named = overrides.Select(edit => edit.After!.Id!.Value).ToHashSet();
        List<KnownAppointment> reverting = [.. (whole?.Detached ?? []).Where(occurrence => !named.Contains(occurrence.Row.Id))];
        var changed = overrides.Where(edit => !IsUnchanged(edit)).ToList();
        if (reverting.Concat(changed.Select(edit => edit.Before).OfType<KnownAppointment>()).FirstOrDefault(known => !MayChange(known)) is { } managed)
        {
            file.Skip(uid, $"only the application {managed.Says.App} may change its occurrence of {managed.Says.Series!.RecurrenceId}");
            return;
        }

        Unchanged += overrides.Count - changed.Count;
        var orphans = Orphans(uid);
        if (IsUnchanged(new(before, after)) && reverting.Count == 0)
        {
            Unchanged++;
            if (changed.Count + orphans.Count > 0)
            {
                Plans.Add(new(uid, [.. changed, .. orphans], null, changed.Count));
            }

            return;
        }

        Plans.Add(new(uid, orphans, new SeriesPlan(whole, new Edit(before, after))
        {
            Occurrences = [.. reverting.Select(occurrence => new Edit(occurrence, null)), .. changed],
            Detached = named,
            Untouched = [.. overrides.Except(changed).Select(edit => edit.Before!)],
        }, 1 + changed.Count));
    }

    /// <summary>The changed occurrences of a series, each under the id that follows from it.</summary>
    private async ValueTask<List<Edit>> Overrides(Appointment after, IReadOnlyList<Appointment> given)
    {
        var occurrences = new SeriesOccurrences(after);
        var places = new Dictionary<Guid, (Appointment Given, Occurrence At)>();
        foreach (var one in given)
        {
            if (occurrences.OnWall(one.Series!.RecurrenceId!.Value) is { } at)
            {
                places[OccurrenceIds.Of(after.Id!.Value, at.Key)] = (one, at);
            }
            else
            {
                file.Note(after.Uid!, $"the changed occurrence of {one.Series.RecurrenceId} is not in the series");
            }
        }

        var stored = await KnownAppointments.Find(context, places.Keys);
        return [.. places.Select(pair =>
        {
            var before = stored.GetValueOrDefault(pair.Key);
            // Who answered for the series has answered for its changed occurrences.
            return new Edit(before, Complete(pair.Value.Given, before, pair.Key, after) with
            {
                Uid = after.Uid,
                Recurrence = null,
                Series = new() { Id = after.Id, RecurrenceId = pair.Value.At.Key.Local, Detached = true },
            });
        })];
    }

    /// <summary>Occurrences that came before their series did, as appointments of their own, go when it comes: it has them.</summary>
    private List<Edit> Orphans(string uid) => [.. orphanUids[uid].Select(orphan => known.GetValueOrDefault(orphan)).OfType<KnownAppointment>()
        .Where(orphan => !orphan.IsSeries && MayChange(orphan)).DistinctBy(orphan => orphan.Row.Id).Select(orphan => new Edit(orphan, null))];

    private bool Refused(string uid, Appointment after)
    {
        var errors = new Errors();
        RecurrenceRules.CheckAmount(after, Laying.HorizonAt(context.Now), errors);
        if (errors.Any)
        {
            file.Skip(uid, $"the series {errors.Found[0].Detail}");
        }

        return errors.Any;
    }

    private Appointment Complete(Appointment given, KnownAppointment? before, Guid id, Appointment? whole = null) =>
        Completion.Complete(answers.Kept(given, before?.Says ?? whole), before?.Says, owner.Id, owner.ZoneOrUtc, id, context);

    private bool Counted(Edit edit)
    {
        var same = IsUnchanged(edit);
        Unchanged += same ? 1 : 0;
        return same;
    }

    private static bool IsUnchanged(Edit edit) => edit.Before is { } before
        && WireJson.Write(edit.After! with { Version = before.Row.Version, UpdatedAt = before.Says.UpdatedAt }).AsSpan().SequenceEqual(before.Row.Json);
}
