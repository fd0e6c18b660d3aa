namespace Kalends.Availability;

/// <summary>
/// Keeps the slots worth answering while they come by in order of time, and picks at the end: fewest blockers, then
/// earliest, none overlapping one picked before.
/// <para>
/// What is kept stays small. Slots picked with fewer blockers number less than <c>count</c>, and each takes away at most two of the
/// disjoint slots of a higher number (begins within a duration to either side). So once some number of blockers has three times
/// <c>count</c> disjoint slots, it fills the answer from those, and later ones, and all with more blockers, are not needed.
/// </para>
/// </summary>
internal sealed class NearMissChoice(StepGrid grid, long duration, int count)
{
    private readonly List<(int Blockers, long First, long Last)> kept = [];

    /// <summary>For each number of blockers: how many disjoint slots were kept, and where the next could begin.</summary>
    private readonly Dictionary<int, (long Slots, long Next)> levels = [];

    /// <summary>From one slot to the next on the grid that does not overlap it.</summary>
    private readonly long stride = grid.AtOrAfter(duration);

    private int tooMany = int.MaxValue;

    public void Offer(StartStretch stretch)
    {
        var (first, last) = (grid.AtOrAfter(stretch.From), grid.AtOrBefore(stretch.To - 1));
        if (first > last || stretch.Blockers == 0 || stretch.Blockers >= tooMany)
        {
            return;
        }

        kept.Add((stretch.Blockers, first, last));
        var (slots, next) = levels.GetValueOrDefault(stretch.Blockers, (0, first));
        next = Math.Max(next, first);
        if (next <= last)
        {
            var more = ((last - next) / stride) + 1;
            (slots, next) = (slots + more, next + (more * stride));
        }

        levels[stretch.Blockers] = (slots, next);
        tooMany = slots >= 3L * count ? stretch.Blockers : tooMany;
    }

    /// <summary>Starts of the slots picked, best first.</summary>
    public IReadOnlyList<long> Best()
    {
        kept.Sort();
        var picked = new List<long>();
        var byTime = new List<long>();
        foreach (var (_, first, last) in kept)
        {
            for (var start = Clear(first, byTime); start <= last && picked.Count < count; start = Clear(start + stride, byTime))
            {
                picked.Add(start);
                byTime.Insert(~byTime.BinarySearch(start), start);
            }
        }

        return picked;
    }

    /// <summary>The first start from this one on whose slot overlaps none that was picked.</summary>
    private long Clear(long start, List<long> byTime)
    {
        var place = byTime.BinarySearch(start - duration + 1);
        for (var i = place < 0 ? ~place : place; i < byTime.Count && byTime[i] < start + duration; i++)
        {
            start = grid.AtOrAfter(byTime[i] + duration);
        }

        return start;
    }
}
