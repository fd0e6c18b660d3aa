using System.Collections.Concurrent;

namespace Kalends.Permissions;

/// <summary>What persons were found to have, at the version of their tenant's relations at which it was found.</summary>
internal sealed class KnownRelations
{
    /// <summary>Some hundred bytes each. When there are more, all are forgotten: who is still there is asked about again.</summary>
    private const int MostPersons = 50_000;

    private readonly ConcurrentDictionary<(string Tenant, string Subjects), Standing> persons = new();
    private readonly ConcurrentDictionary<string, (long Version, HeldRelations Held)> everyones = new(StringComparer.Ordinal);

    /// <summary>The latest that was found, of whatever version.</summary>
    public Standing? Last(string tenant, IReadOnlyList<string> subjects) => persons.GetValueOrDefault((tenant, Key(subjects)));

    public HeldRelations? Everyones(string tenant, long version) =>
        everyones.TryGetValue(tenant, out var found) && found.Version == version ? found.Held : null;

    public void Keep(string tenant, IReadOnlyList<string> subjects, Standing standing)
    {
        if (persons.Count >= MostPersons)
        {
            persons.Clear();
        }

        // A replica that is behind must not take the place of what the primary said.
        persons.AddOrUpdate(
            (tenant, Key(subjects)), standing, (_, before) => before.State.Version > standing.State.Version ? before : standing);
        everyones.AddOrUpdate(
            tenant, (standing.State.Version, standing.Everyones),
            (_, before) => before.Version > standing.State.Version ? before : (standing.State.Version, standing.Everyones));
    }

    private static string Key(IReadOnlyList<string> subjects) => string.Join('\n', subjects);
}
