namespace Kalends.Availability;

/// <summary>One stretch of a timeline and every state on it; never empty, neither of time nor of states.</summary>
public readonly record struct Segment(long From, long To, StateSet States);

/// <summary>
/// One calendar's time over a window, in its simplest form: segments in order, none overlapping, two that touch always
/// different. Whatever is asked about availability is asked of this. Immutable; may be shared between threads.
/// </summary>
public sealed class Timeline
{
    private readonly Segment[] segments;

    private Timeline(Segment[] segments, long from, long to) => (this.segments, From, To) = (segments, from, to);

    /// <summary>Start of the window that this timeline knows about, Unix seconds; before it nothing is known.</summary>
    public long From { get; }

    /// <summary>End of that window, exclusive.</summary>
    public long To { get; }

    /// <summary>What is not free, in order.</summary>
    public ReadOnlySpan<Segment> Segments => segments;

    /// <summary>
    /// From blocks in any order, overlapping or not; what lies outside <c>[from, to)</c> is cut off, what has no length is dropped.
    /// Linear for blocks sorted by start, and for one sorted list after another; else they are sorted first.
    /// </summary>
    public static Timeline Build(ReadOnlySpan<Block> blocks, long from, long to)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(from, to);
        var sorted = BlockOrder.ByStart(blocks);
        return new(new SegmentSweep(from, to).Run(sorted), from, to);
    }

    /// <summary>The whole window without a hole, as a reader may see it: stretches of one state each, free ones too.</summary>
    public IEnumerable<Block> Stretches() => Read(states => states.Shown);

    /// <summary>Appointments only, merged: what is busy, tentative, held or away, whether in open hours or not.</summary>
    public IEnumerable<Block> Busy() => Read(states => states.ShownAppointment).Where(block => block.State != BlockState.Free);

    /// <summary>The time outside open hours, merged, also where an appointment lies upon it.</summary>
    public IEnumerable<Block> Closed() => Read(states => states.ShownClosed).Where(block => block.State != BlockState.Free);

    /// <summary>
    /// Where the first segment that ends after this moment stands, looking from <paramref name="start"/> on; steps double, so
    /// what is near is found soon.
    /// </summary>
    internal int FirstEndingAfter(long moment, int start)
    {
        var (low, step) = (start, 1);
        while (low + step <= segments.Length && segments[low + step - 1].To <= moment)
        {
            low += step;
            step *= 2;
        }

        var high = Math.Min(low + step - 1, segments.Length);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            (low, high) = segments[middle].To <= moment ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    /// <summary>Joins neighbours that read the same.</summary>
    private IEnumerable<Block> Read(Func<StateSet, BlockState> read)
    {
        var open = new Block(From, From, BlockState.Free);
        foreach (var part in Parts(read))
        {
            if (part.State == open.State)
            {
                open = open with { To = part.To };
                continue;
            }

            if (open.From < open.To)
            {
                yield return open;
            }

            open = part;
        }

        if (open.From < open.To)
        {
            yield return open;
        }
    }

    private IEnumerable<Block> Parts(Func<StateSet, BlockState> read)
    {
        var at = From;
        foreach (var (from, to, states) in segments)
        {
            if (at < from)
            {
                yield return new(at, from, BlockState.Free);
            }

            yield return new(from, to, read(states));
            at = to;
        }

        if (at < To)
        {
            yield return new(at, To, BlockState.Free);
        }
    }
}
