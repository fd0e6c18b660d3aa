using System.Buffers;

namespace Kalends.Availability;

/// <summary>
/// Makes a timeline's segments of blocks sorted by start, in one pass. Which states lie on a moment needs no list of the blocks
/// that are under way, only how far each state reaches with the blocks begun so far.
/// </summary>
internal sealed class SegmentSweep(long windowFrom, long windowTo)
{
    private const int StateCount = (int)BlockState.Unavailable + 1;

    private Segment[] segments = [];
    private int count;

    public Segment[] Run(ReadOnlySpan<Block> sorted)
    {
        var overlap = Overlap(sorted);

        // Each start and each end opens at most one segment.
        segments = ArrayPool<Segment>.Shared.Rent(overlap ? 2 * sorted.Length : sorted.Length);
        if (overlap)
        {
            Lay(sorted);
        }
        else
        {
            foreach (var block in sorted)
            {
                Append(Math.Max(block.From, windowFrom), Math.Min(block.To, windowTo), StateSet.Of(block.State));
            }
        }

        var exact = segments.AsSpan(0, count).ToArray();
        ArrayPool<Segment>.Shared.Return(segments);
        return exact;
    }

    private static bool Overlap(ReadOnlySpan<Block> sorted)
    {
        var reached = long.MinValue;
        foreach (var block in sorted)
        {
            if (block.From < reached)
            {
                return true;
            }

            reached = Math.Max(reached, block.To);
        }

        return false;
    }

    private void Lay(ReadOnlySpan<Block> sorted)
    {
        Span<long> reach = stackalloc long[StateCount];
        reach.Fill(windowFrom);
        var at = windowFrom;
        foreach (var block in sorted)
        {
            var start = Math.Clamp(block.From, at, windowTo);
            LayUntil(start, at, reach);
            at = start;
            if (block.To > block.From)
            {
                ref var reached = ref reach[(int)block.State];
                reached = Math.Max(reached, Math.Min(block.To, windowTo));
            }
        }

        LayUntil(windowTo, at, reach);
    }

    private void LayUntil(long end, long at, ReadOnlySpan<long> reach)
    {
        while (at < end)
        {
            var states = default(StateSet);
            var next = end;
            for (var state = (int)BlockState.Closed; state < StateCount; state++)
            {
                if (reach[state] > at)
                {
                    states |= StateSet.Of((BlockState)state);
                    next = Math.Min(next, reach[state]);
                }
            }

            Append(at, next, states);
            at = next;
        }
    }

    private void Append(long from, long to, StateSet states)
    {
        if (from >= to || states.IsEmpty)
        {
            return;
        }

        if (count > 0 && segments[count - 1] is var last && last.To == from && last.States == states)
        {
            segments[count - 1] = last with { To = to };
        }
        else
        {
            segments[count++] = new(from, to, states);
        }
    }
}
