using Kalends.Messages;

namespace Kalends.Permissions;

/// <summary>One way in which a subject has a relation to an object: the tuples from the object to the subject.</summary>
internal sealed record AccessPath(string Object, string Relation, string Subject, IReadOnlyList<RelationTuple> Tuples);

/// <summary>
/// Follows tuples through groups, level by level, each group once, so that cycles end and each subject is found by the shortest way.
/// </summary>
internal static class AccessPaths
{
    /// <summary>Tuples read for one answer: the members of a large company.</summary>
    public const int MostTuples = 50_000;

    /// <summary>From an object's tuples down to everybody they name; groups stand beside their members. Null where there are too many.</summary>
    public static async ValueTask<IReadOnlyList<AccessPath>?> Down(IRelationRows rows, string objectName)
    {
        var read = await rows.Of([objectName], MostTuples + 1);
        List<AccessPath> found = [.. read.Select(tuple => new AccessPath(tuple.Object, tuple.Relation, tuple.Subject, [tuple]))];
        var seen = found.Select(Key).ToHashSet();
        var level = found;
        for (var (depth, count) = (0, read.Count); depth < AccessSchema.DeepestGroups && level.Count > 0; depth++)
        {
            var groups = level.Select(path => AccessSchema.GroupOf(path.Subject)).OfType<string>().Distinct(StringComparer.Ordinal).ToList();
            var members = groups.Count == 0 ? [] : await rows.Of(groups, MostTuples + 1 - count);
            count += members.Count;
            if (count > MostTuples)
            {
                return null;
            }

            var of = members.Where(tuple => tuple.Relation == AccessSchema.Member).ToLookup(tuple => AccessSchema.MembersOf(tuple.Object));
            level = [.. level.SelectMany(path => of[path.Subject].Select(tuple => path with { Subject = tuple.Subject, Tuples = [.. path.Tuples, tuple] }))
                .Where(path => seen.Add(Key(path)))];
            found.AddRange(level);
        }

        return found.Count <= MostTuples ? found : null;

        static (string, string) Key(AccessPath path) => (path.Relation, path.Subject);
    }

    /// <summary>From subjects up to these objects: of each the ways that were found among the first <see cref="MostTuples"/> tuples.</summary>
    public static async ValueTask<ILookup<string, AccessPath>> Up(IRelationRows rows, IReadOnlyCollection<string> subjects, IReadOnlySet<string> objects)
    {
        var found = new List<AccessPath>();
        var ways = subjects.Distinct(StringComparer.Ordinal).ToDictionary(one => one, _ => (IReadOnlyList<RelationTuple>)[], StringComparer.Ordinal);
        var level = ways.Keys.ToList();
        for (var (depth, left) = (0, MostTuples); depth <= AccessSchema.DeepestGroups && level.Count > 0 && left > 0; depth++)
        {
            var tuples = await rows.Naming(level, left);
            left -= tuples.Count;
            level = [];
            foreach (var tuple in tuples)
            {
                IReadOnlyList<RelationTuple> way = [tuple, .. ways[tuple.Subject]];
                if (objects.Contains(tuple.Object))
                {
                    found.Add(new(tuple.Object, tuple.Relation, way[^1].Subject, way));
                }

                if (tuple.Relation == AccessSchema.Member && ways.TryAdd(AccessSchema.MembersOf(tuple.Object), way))
                {
                    level.Add(AccessSchema.MembersOf(tuple.Object));
                }
            }
        }

        return found.ToLookup(path => path.Object, StringComparer.Ordinal);
    }
}
