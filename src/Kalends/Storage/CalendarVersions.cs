namespace Kalends.Storage;

/// <summary>
/// Gives each change its version of each calendar it lies on: one more than the one before it, without gaps, so that a change log is in order and
/// whoever holds two of its entries knows how many are between. The calendars are locked while their versions are given.
/// </summary>
public static class CalendarVersions
{
    /// <summary>
    /// For each entry of the trail, in order, the calendars it changed and the version it made of each; one entry where there are no changes.
    /// </summary>
    /// <param name="changes">What a command changed.</param>
    /// <param name="touched">Calendars that changed themselves: those without a change among these get a version with the last entry.</param>
    /// <param name="versions">The versions before, by key; the versions after when it returns. Each calendar must be there.</param>
    /// <param name="changed">The calendars that the same command changed before, and those it changed when it returns.</param>
    public static IReadOnlyList<IReadOnlyList<(long Calendar, long Version)>> Give(
        IReadOnlyList<Change> changes, IReadOnlyCollection<long> touched, Dictionary<long, long> versions, HashSet<long> changed)
    {
        var given = changes.Select(change => change.Calendars.Select(calendar => Next(calendar.Calendar)).ToList()).ToList();
        if (given.Count == 0)
        {
            given.Add([]);
        }

        changed.UnionWith(changes.SelectMany(change => change.Calendars).Select(calendar => calendar.Calendar));
        given[^1].AddRange(touched.Where(changed.Add).Select(Next));
        return given;

        (long, long) Next(long calendar) => (calendar, ++versions[calendar]);
    }

    /// <summary>All calendars that get a version.</summary>
    public static IReadOnlyCollection<long> Of(IReadOnlyList<Change> changes, IReadOnlyCollection<long> touched) =>
        [.. changes.SelectMany(change => change.Calendars).Select(calendar => calendar.Calendar).Concat(touched).Distinct()];
}
