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

    /// <summary>What is changed or deleted without being named: the right to do so is still to be checked.</summary>
    public List<(KnownAppointment Known, long? Version, int Index)> AlsoChanged { get; } = [];

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
                var planned = work.Plans.Count;
                Plan(series[id], [.. group.Select(pair => pair.item)], Errors.In("appointments", group.First().index));
                AlsoChanged.AddRange(work.Plans.Skip(planned).SelectMany(plan => plan.Befores)
                    .Where(known => group.All(pair => pair.item.Row.Id != known.Row.Id)).Select(known => (known, (long?)null, group.First().index)));
            }
        }
    }

    private static bool IsSecondPassing(KnownAppointment item) => item.Series is not null && OccurrenceIds.KeyOf(item.Row.Id).IsSecondPassing;

    private void Plan(KnownSeries series, IReadOnlyList<KnownAppointment> named, Errors at)
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
            Exclude(series, named, at);
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

        work.Add(SeriesPlan.End(series, OccurrenceEdits.Ended(series, at, series.Says.Series?.Next, context.Now), key));
        Occurrences[named.Row.Id] = series.Stored.Count(occurrence => occurrence.Key >= key);
    }

    private void Exclude(KnownSeries series, IReadOnlyList<KnownAppointment> named, Errors at)
    {
        var recurrence = series.Says.Recurrence!;
        var excluded = SeriesCompletion.Ordered((recurrence.Excluded ?? []).Concat(named.Select(occurrence => RuleWall(series, occurrence))));
        if (excluded.Count > SeriesLimits.Dates)
        {
            at.In("id").Add(
                RefusalCode.TooLarge, $"would be exception {excluded.Count} of its series; the limit is {SeriesLimits.Dates}: end the series, or delete it");
            return;
        }

        var after = series.Says with
        {
            Recurrence = recurrence with { Excluded = excluded },
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

    /// <summary>Exceptions are said as the rules say times, so that they mean the same under other rules of the clocks.</summary>
    private static NodaTime.LocalDateTime RuleWall(KnownSeries series, KnownAppointment named)
    {
        var (key, occurrences) = (OccurrenceIds.KeyOf(named.Row.Id), new SeriesOccurrences(series.Says));
        return occurrences.Find(key) is { } occurrence ? occurrences.RuleWall(occurrence) : key.Local;
    }
}
