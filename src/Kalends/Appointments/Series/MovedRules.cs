namespace Kalends.Appointments;

/// <summary>
/// What another release of the zones does to the rules of a series, beside moving its occurrences: a time that the clocks skip now, or skip no
/// more, is another recurrence id, and an occurrence near the horizon may pass over it.
/// </summary>
public sealed record MovedRules(SeriesHorizon Horizon, IReadOnlyList<Guid> Going, IReadOnlyList<Occurrence> Coming)
{
    /// <summary>True as well where one was changed by itself under a time that the rules have no more.</summary>
    public bool Any => Going.Count + Coming.Count > 0 || IsAnyLost;

    public bool IsAnyLost { get; init; }

    public static async ValueTask<MovedRules?> Of(ISeriesRows rows, KnownAppointment series)
    {
        if (!series.IsSeries || (await rows.Horizons([series.Row.Id])).GetValueOrDefault(series.Row.Id) is not { } horizon)
        {
            return null;
        }

        var stored = await rows.Occurrences(series.Row.Id, detachedOnly: false);
        var occurrences = new SeriesOccurrences(series.Says);
        var made = occurrences.Starting(-SeriesOccurrences.End, horizon.StoredUntil).ToDictionary(occurrence => occurrence.Key);
        var there = stored.Select(occurrence => occurrence.Key).ToHashSet();
        return new(
            horizon,
            [.. stored.Where(occurrence => !occurrence.Detached && !made.ContainsKey(occurrence.Key)).Select(occurrence => occurrence.Id)],
            [.. made.Values.Where(occurrence => !there.Contains(occurrence.Key))])
        {
            IsAnyLost = stored.Any(occurrence => occurrence.Detached && !made.ContainsKey(occurrence.Key) && occurrences.Find(occurrence.Key) is null),
        };
    }
}
