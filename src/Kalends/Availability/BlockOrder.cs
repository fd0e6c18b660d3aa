namespace Kalends.Availability;

/// <summary>
/// Blocks by start with no more work than their order asks for: none when they are sorted, one merge when they are two sorted
/// lists, one behind the other (appointments, then the hours outside open hours), else a sort.
/// </summary>
internal static class BlockOrder
{
    public static ReadOnlySpan<Block> ByStart(ReadOnlySpan<Block> blocks)
    {
        var first = SortedLength(blocks);
        if (first == blocks.Length)
        {
            return blocks;
        }

        var second = SortedLength(blocks[first..]);
        return first + second == blocks.Length ? Merge(blocks[..first], blocks[first..]) : Sort(blocks);
    }

    private static int SortedLength(ReadOnlySpan<Block> blocks)
    {
        for (var i = 1; i < blocks.Length; i++)
        {
            if (blocks[i].From < blocks[i - 1].From)
            {
                return i;
            }
        }

        return blocks.Length;
    }

    private static Block[] Merge(ReadOnlySpan<Block> left, ReadOnlySpan<Block> right)
    {
        var merged = new Block[left.Length + right.Length];
        var (l, r) = (0, 0);
        for (var i = 0; i < merged.Length; i++)
        {
            merged[i] = r == right.Length || (l < left.Length && left[l].From <= right[r].From) ? left[l++] : right[r++];
        }

        return merged;
    }

    private static Block[] Sort(ReadOnlySpan<Block> blocks)
    {
        var sorted = blocks.ToArray();
        Array.Sort(sorted, (left, right) => left.From.CompareTo(right.From));
        return sorted;
    }
}
