namespace Kalends.Availability;

/// <summary>
/// Which states are in the way of a request, and how far they reach. An opening [s, e) with its buffers, [s - before, e + after),
/// meets an appointment [a, b) exactly when [s, e) meets [a - after, b + before). So appointments are widened here, once,
/// and nothing else need know of buffers. Time outside open hours is not widened: a buffer may lie in it.
/// </summary>
internal readonly struct BlockingRule
{
    private readonly StateSet appointments;
    private readonly StateSet closed;

    public BlockingRule(OpeningsRequest request)
    {
        appointments = request.TentativeIsFree ? StateSet.Appointments.Without(StateSet.Tentative) : StateSet.Appointments;
        closed = request.WithinOpenHours ? StateSet.Closed : default;
        (Before, After) = (request.BufferBefore, request.BufferAfter);
    }

    public long Before { get; }

    public long After { get; }

    /// <summary>The stretch in which no opening may lie because of this segment; false when the segment is not in the way.</summary>
    public bool Blocks(in Segment segment, out long from, out long to)
    {
        (from, to) = (segment.From, segment.To);
        if (!(segment.States & appointments).IsEmpty)
        {
            (from, to) = (from - After, to + Before);
            return true;
        }

        return !(segment.States & closed).IsEmpty;
    }

    /// <summary>What keeps a calendar from <c>[from, to)</c>, as a reader may see it; free when nothing does.</summary>
    public BlockState Reason(Timeline timeline, long from, long to)
    {
        var seen = default(StateSet);
        var segments = timeline.Segments[timeline.FirstEndingAfter(from - Before, 0)..];
        foreach (var segment in segments)
        {
            if (segment.From >= to + After)
            {
                break;
            }

            var touched = segment.From < to && segment.To > from;
            seen |= segment.States & (touched ? appointments | closed : appointments);
        }

        return seen.Shown;
    }
}
