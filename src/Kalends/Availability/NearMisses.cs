namespace Kalends.Availability;

/// <summary>Somebody who is in the way: his group and place in it, as in the request, and why, as a reader may see it.</summary>
public readonly record struct Blocker(int Group, int Member, BlockState Reason);

/// <summary>A slot that would suit if these could be moved; by group, then member.</summary>
public sealed record NearMiss(long From, long To, Blocker[] BlockedBy);

/// <summary>
/// When nothing suits, what comes nearest: slots on the step's grid with the fewest people in the way, then the earliest, none
/// overlapping another. In the way are, of a group that misses its number, all members who are not free over the whole slot;
/// of a group that has its number, nobody. A slot with nobody in the way is an opening and is not answered.
/// </summary>
public static class NearMisses
{
    /// <summary>Half an hour, what most people mean by a meeting.</summary>
    private const long UsualDuration = 1800;

    /// <summary>A quarter of an hour, where calendars put their lines.</summary>
    private const long UsualStep = 900;

    /// <summary>At most <paramref name="count"/> of them, best first. The request's limit and page do not matter here.</summary>
    public static IReadOnlyList<NearMiss> Find(OpeningsRequest request, int count)
    {
        request.Check();
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var duration = request.Duration ?? request.Step ?? UsualDuration;
        var choice = new NearMissChoice(new(request.Step ?? UsualStep), duration, count);
        foreach (var stretch in new BlockerSweep(request, duration).Stretches())
        {
            choice.Offer(stretch);
        }

        var rule = new BlockingRule(request);
        return [.. choice.Best().Select(from => new NearMiss(from, from + duration, BlockedBy(request, rule, from, from + duration)))];
    }

    private static Blocker[] BlockedBy(OpeningsRequest request, BlockingRule rule, long from, long to)
    {
        var blockers = new List<Blocker>();
        for (var group = 0; group < request.Groups.Count; group++)
        {
            var (members, before) = (request.Groups[group].Members, blockers.Count);
            for (var member = 0; member < members.Count; member++)
            {
                if (rule.Reason(members[member], from, to) is var reason and not BlockState.Free)
                {
                    blockers.Add(new(group, member, reason));
                }
            }

            var blocked = blockers.Count - before;
            if (members.Count - blocked >= request.Groups[group].Required)
            {
                blockers.RemoveRange(before, blocked);
            }
        }

        return [.. blockers];
    }
}
