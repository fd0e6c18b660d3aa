using Kalends.Messages;

namespace Kalends.Appointments;

/// <summary>
/// Decides what a deletion does: single appointments go; of a series what is meant by the scope. An occurrence that goes alone becomes an
/// exception of its series, and a series of which nothing is left goes too.
/// </summary>
internal sealed class DeletePlanning(CommandContext context, AppointmentWork work, Scope scope)
{
    public Errors Errors { get; } = new();

    public AppointmentWork Work => work;

    /// <summary>By the id that was named: how many stored occurrences went with it.</summary>
    public Dictionary<Guid, int?> Occurrences { get; } = [];

    public void Plan(IReadOnlyList<KnownAppointment> named, IReadOnlyDictionary<Guid, KnownSeries> series)
    {
        foreach (var group in named.Select((item, index) => (item, index)).GroupBy(pair => pair.item.IsSeries ? pair.item.Row.Id : pair.item.Series))
        {
            if (group.Key is not { } id)
            {
                foreach (var (single, _) in group)
                {
                    work.Add(new Edit(single, null));
                }
            }
            else if (group.Count() > 1 && (scope != Scope.This || group.Any(pair => pair.item.IsSeries)))
            {
                Errors.In("appointments", group.Last().index)
                    .Add("id", "belongs to a series that another item of this request deletes from too; name it once");
            }
            else if (scope == Scope.This && group.FirstOrDefault(pair => IsSecondPassing(pair.item)) is { item: not null } twice)
            {
                Errors.In("appointments", twice.index)
                    .Add("id", "is at a time that clocks show twice that night, and exceptions mean the first: cancel it instead");
            }
            else
            {
                Plan(series[id], [.. group.Select(pair => pair.item)]);
            }
        }
    }

    private static bool IsSecondPassing(KnownAppointment item) => item.Series is not null && OccurrenceIds.KeyOf(item.Row.Id).IsSecondPassing;

    private void Plan(KnownSeries series, IReadOnlyList<KnownAppointment> named)
    {
        var first = named[0];
        if (first.IsSeries || scope == Scope.All)
        {
            Delete(series, first);
        }
        else if (scope == Scope.ThisAndFollowing)
        {
            End(series, first);
        }
        else
        {
            Exclude(series, named);
        }
    }

    private void Delete(KnownSeries series, KnownAppointment named)
    {
        work.Add(SeriesPlan.Delete(series));
        Occurrences[named.Row.Id] = series.Stored.Count;
    }

    private void End(KnownSeries series, KnownAppointment named)
    {
        var key = OccurrenceIds.KeyOf(named.Row.Id);
        var occurrences = new SeriesOccurrences(series.Says);
        if (occurrences.Find(key) is not { } at || occurrences.LastBefore(at.From) is null)
        {
            Delete(series, named);
            return;
        }

        work.Add(SeriesPlan.End(series, OccurrenceEdits.Ended(series, at, series.Says.Series?.Next, context.Now), key, into: null));
        Occurrences[named.Row.Id] = series.Stored.Count(occurrence => occurrence.Key >= key);
    }

    private void Exclude(KnownSeries series, IReadOnlyList<KnownAppointment> named)
    {
        var gone = named.Select(occurrence => occurrence.Row.Id).ToHashSet();
        var recurrence = series.Says.Recurrence!;
        var excluded = (recurrence.Excluded ?? []).Concat(gone.Select(id => OccurrenceIds.KeyOf(id).Local));
        var after = series.Says with
        {
            Recurrence = recurrence with { Excluded = SeriesCompletion.Ordered(excluded) },
            Version = series.Series.Row.Version + 1,
            UpdatedAt = context.Now,
        };
        var plan = SeriesPlan.Replace(series, after, [], context.Now);
        if (plan.Detached.Count == 0 && new SeriesOccurrences(after).FirstFrom(-SeriesOccurrences.End) is null)
        {
            work.Add(SeriesPlan.Delete(series));
        }
        else
        {
            work.Add(plan);
        }

        // One that was changed by itself goes with the plan, as its series has no place for it any more.
        foreach (var derived in named.Where(occurrence => occurrence.Row.IsDerived))
        {
            work.Add(new Edit(derived, null));
        }
    }
}
