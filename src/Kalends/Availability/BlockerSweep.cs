namespace Kalends.Availability;

/// <summary>Slots that begin in <c>[From, To)</c> have this many people in the way.</summary>
internal readonly record struct StartStretch(long From, long To, int Blockers);

/// <summary>
/// How many are in the way of a slot, for every moment at which it could begin, without looking at slots one by one: one who is free
/// in [a, b) can come to slots that begin in [a, b - duration], so the number changes at such moments only, and these
/// are taken in order. Cost: a logarithm for each free stretch that is long enough.
/// </summary>
internal sealed class BlockerSweep
{
    private readonly long duration;
    private readonly long from;
    private readonly long startsEnd;
    private readonly FreeRuns[] members;
    private readonly Tally[] tallyOf;
    private readonly bool[] canCome;
    private readonly PriorityQueue<int, long> changes = new();
    private int blockers;

    public BlockerSweep(OpeningsRequest request, long duration)
    {
        (this.duration, from) = (duration, request.From);
        startsEnd = request.To - duration + 1;
        members = OpeningAttendance.Runs(request.Groups.SelectMany(group => group.Members), request);
        var tallies = request.Groups.Select(group => new Tally(group.Members.Count, group.Required)).ToArray();
        tallyOf = [.. request.Groups.SelectMany((group, i) => group.Members.Select(_ => tallies[i]))];
        canCome = new bool[members.Length];
        blockers = tallies.Sum(tally => tally.Blockers);
    }

    /// <summary>All possible starts in order, without a hole; two that touch may have the same number.</summary>
    public IEnumerable<StartStretch> Stretches()
    {
        for (var member = 0; member < members.Length; member++)
        {
            ExpectFree(member, from);
        }

        for (var at = from; at < startsEnd;)
        {
            while (changes.TryPeek(out var member, out var moment) && moment <= at)
            {
                changes.Dequeue();
                Change(member);
            }

            var next = changes.TryPeek(out _, out var change) ? Math.Min(change, startsEnd) : startsEnd;
            yield return new(at, next, blockers);
            at = next;
        }
    }

    private void Change(int member)
    {
        var tally = tallyOf[member];
        blockers -= tally.Blockers;
        canCome[member] = !canCome[member];
        tally.Free += canCome[member] ? 1 : -1;
        blockers += tally.Blockers;
        if (canCome[member])
        {
            changes.Enqueue(member, members[member].To - duration + 1);
        }
        else
        {
            ExpectFree(member, members[member].To);
        }
    }

    private void ExpectFree(int member, long at)
    {
        if (members[member].SeekLong(at, duration))
        {
            changes.Enqueue(member, members[member].From);
        }
    }

    private sealed class Tally(int size, int required)
    {
        public int Free { get; set; }

        public int Blockers => Free >= required ? 0 : size - Free;
    }
}
