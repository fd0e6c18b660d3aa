namespace Kalends.Recurrence;

/// <summary>BYSETPOS of one period: which of its occurrences, from 0, in order; both ends counted, each once.</summary>
internal ref struct SetPositions
{
    private readonly ReadOnlySpan<int> positions;
    private readonly long total;
    private readonly int firstPositive;
    private int fromEnd;
    private int fromStart;

    private SetPositions(long total, ReadOnlySpan<int> positions)
    {
        this.total = total;
        this.positions = positions;
        while (firstPositive < positions.Length && positions[firstPositive] < 0)
        {
            firstPositive++;
        }

        fromStart = firstPositive;
    }

    /// <summary>A place from 0 to total - 1.</summary>
    public long Current { get; private set; } = -1;

    /// <summary>Positions must be in order: -1, then 1.</summary>
    public static SetPositions In(long total, ReadOnlySpan<int> positions) => new(total, positions);

    public readonly SetPositions GetEnumerator() => this;

    /// <summary>Both halves of the list rise, so the next is the lesser of their heads.</summary>
    public bool MoveNext()
    {
        while (fromStart < positions.Length || fromEnd < firstPositive)
        {
            var start = fromStart < positions.Length ? positions[fromStart] - 1 : long.MaxValue;
            var end = fromEnd < firstPositive ? total + positions[fromEnd] : long.MaxValue;
            fromStart += start <= end ? 1 : 0;
            fromEnd += end <= start ? 1 : 0;
            var least = Math.Min(start, end);
            if (least >= 0 && least < total && least != Current)
            {
                Current = least;
                return true;
            }
        }

        return false;
    }
}
