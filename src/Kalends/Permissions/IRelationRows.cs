namespace Kalends.Permissions;

/// <summary>A relation that somebody has to an object, by themselves or as a member of groups.</summary>
public readonly record struct HeldRelation(string Object, string Relation);

/// <summary>
/// How the tenant's relations stand: a number that each change raises, zero before the first; and whether anybody ever stated what everyone may.
/// </summary>
public readonly record struct RelationsState(long Version, bool IsDefaultStated);

public interface IRelationRows
{
    /// <summary>Costs nothing where the session has been asked something.</summary>
    ValueTask<RelationsState> State();

    /// <summary>
    /// What these subjects have by themselves, or as members of groups in groups, <see cref="AccessSchema.DeepestGroups"/> deep; to these objects, or to any
    /// where null. At most <paramref name="limit"/>, in no order; for at most <see cref="AccessSchema.MostSubjects"/> subjects.
    /// </summary>
    ValueTask<IReadOnlyList<HeldRelation>> HeldBy(IReadOnlyCollection<string> subjects, IReadOnlyCollection<string>? objects, int limit);

    /// <summary>The tuples of these objects, in order of object, relation, subject; at most so many.</summary>
    ValueTask<IReadOnlyList<RelationTuple>> Of(IReadOnlyCollection<string> objects, int limit);

    /// <summary>The tuples that name these subjects, in order; at most so many.</summary>
    ValueTask<IReadOnlyList<RelationTuple>> Naming(IReadOnlyCollection<string> subjects, int limit);
}

public interface IRelationWrites : IRelationRows
{
    /// <summary>Waits for whoever else changes the tenant's relations, until the transaction ends. To be called before they are changed.</summary>
    ValueTask<RelationsState> Lock();

    /// <summary>Those that were not there; how many.</summary>
    ValueTask<int> Add(IReadOnlyCollection<RelationTuple> tuples);

    /// <summary>Those that were there; how many.</summary>
    ValueTask<int> Remove(IReadOnlyCollection<RelationTuple> tuples);

    /// <summary>Another version, for relations that were changed.</summary>
    ValueTask Raise(bool isDefaultStated);
}
