namespace Kalends.Availability;

/// <summary>
/// The maximal spans in which enough of each group are free, always the same ones. If somebody carries a span, it can be
/// drawn back to where the last of its carriers becomes free, so spans begin only there, and the one that begins at s ends
/// where the first group falls below its number: for each group the required-th largest "free until" of those free at s, of
/// these the smallest. A span is maximal when it ends later than all that began before it.
/// Cost: a logarithm for each free stretch of each member, read only as far as asked.
/// </summary>
internal sealed class QuorumSpans
{
    private readonly FreeRuns[] members;
    private readonly Quorum[] quorumOf;
    private readonly Quorum[] quorums;

    /// <summary>Members by where their next free stretch begins.</summary>
    private readonly PriorityQueue<int, long> upcoming = new();

    public QuorumSpans(IEnumerable<(FreeRuns[] Members, int Required)> groups)
    {
        var parts = groups.Select(group => (group.Members, Quorum: new Quorum(group.Required))).ToArray();
        members = [.. parts.SelectMany(part => part.Members)];
        quorumOf = [.. parts.SelectMany(part => part.Members.Select(_ => part.Quorum))];
        quorums = [.. parts.Select(part => part.Quorum)];
    }

    public bool IsEmpty => quorums.Length == 0;

    /// <summary>Spans inside a stretch that begins no earlier than the end of the one asked for before.</summary>
    public IEnumerable<(long From, long To)> Within(long from, long to)
    {
        Begin(from, to);
        var furthest = from;
        while (upcoming.TryPeek(out _, out var start))
        {
            while (upcoming.TryPeek(out var member, out var next) && next == start)
            {
                quorumOf[member].Offer(members[member].To);
                Advance(member, to);
            }

            var until = Math.Min(Until(start), to);
            if (until > start && until > furthest)
            {
                furthest = until;
                yield return (start, until);
            }
        }
    }

    private void Begin(long from, long to)
    {
        upcoming.Clear();
        foreach (var quorum in quorums)
        {
            quorum.Clear();
        }

        for (var member = 0; member < members.Length; member++)
        {
            members[member].Seek(from);
            if (members[member].From < to)
            {
                upcoming.Enqueue(member, members[member].From);
            }
        }
    }

    /// <summary>A member whose free stretch reaches beyond this one is left where he is: the next one may need that stretch too.</summary>
    private void Advance(int member, long to)
    {
        var run = members[member];
        if (run.To < to)
        {
            run.Seek(run.To);
            if (run.From < to)
            {
                upcoming.DequeueEnqueue(member, run.From);
                return;
            }
        }

        upcoming.Dequeue();
    }

    private long Until(long moment)
    {
        var until = long.MaxValue;
        foreach (var quorum in quorums)
        {
            until = Math.Min(until, quorum.Until(moment));
        }

        return until;
    }

    /// <summary>
    /// One group's "free until" moments, only the largest, as many as are required. Those left out never come back: while they
    /// last, the ones kept last longer.
    /// </summary>
    private sealed class Quorum(int required)
    {
        private readonly PriorityQueue<int, long> untils = new(required);

        public void Clear() => untils.Clear();

        public void Offer(long until)
        {
            if (untils.Count < required)
            {
                untils.Enqueue(0, until);
            }
            else
            {
                untils.EnqueueDequeue(0, until);
            }
        }

        /// <summary>How long enough of those free at this moment stay free; the moment itself when they are too few.</summary>
        public long Until(long moment)
        {
            while (untils.TryPeek(out _, out var earliest))
            {
                if (earliest > moment)
                {
                    return untils.Count < required ? moment : earliest;
                }

                untils.Dequeue();
            }

            return moment;
        }
    }
}
