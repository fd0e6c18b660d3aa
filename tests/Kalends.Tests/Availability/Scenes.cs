using CsCheck;
using Kalends.Availability;

namespace Kalends.Tests.Availability;

/// <summary>Random scenes with no calendar in mind: any states, any overlap, dates before 1970 too.</summary>
public static class Scenes
{
    private static readonly Gen<bool> Bool = Gen.Bool;

    public static readonly Gen<Scene> Any =
        from cell in Gen.OneOf(1L, 60L, 300L, 900L)
        from first in Gen.Int[-3000, 3000]
        from length in Gen.Int[0, 120]
        from calendars in Blocks(first, length, cell).Array[0, 12].Array[1, 8]
        from people in People(calendars.Length)
        from rules in Rules(cell)
        select new Scene(cell, first * cell, (first + length) * cell, calendars, people.Groups, people.Optional, rules);

    /// <summary>Which calendars are asked, in which groups; one may be in several.</summary>
    public static Gen<(SceneGroup[] Groups, int[] Optional)> People(int calendars)
    {
        var members = Gen.Int[0, calendars - 1].Array[0, 6];
        var group = from some in members
                    from required in Gen.Int[0, some.Length]
                    from everyone in Gen.Int[0, 2]
                    select new SceneGroup(some, everyone == 0 ? some.Length : required, everyone == 0);
        return Gen.Select(group.Array[0, 3], Gen.Int[0, calendars - 1].Array[0, 3]);
    }

    public static Gen<SceneRules> Rules(long cell)
    {
        var length = Gen.Int[1, 8].Select(cells => cells * cell);
        var buffer = Gen.Frequency((2, Gen.Const(0L)), (1, Gen.Int[0, 5].Select(cells => cells * cell)));
        return Gen.Select(length.Nullable(0.5), length.Nullable(0.6), buffer, buffer, Bool, Bool)
            .Select(parts => new SceneRules(parts.Item1, parts.Item2, parts.Item3, parts.Item4, parts.Item5, parts.Item6));
    }

    private static Gen<Block> Blocks(int first, int length, long cell)
    {
        var lasts = Gen.Frequency((6, Gen.Int[0, 12]), (1, Gen.Int[0, 80]));
        return Gen.Select(Gen.Int[-30, length + 10], lasts, Gen.Int[0, (int)BlockState.Unavailable])
            .Select((start, lasting, state) =>
                new Block((first + start) * cell, (first + start + lasting) * cell, (BlockState)state));
    }
}
