using Kalends.Availability;

namespace Kalends.Bench;

/// <summary>FNV-1a over the numbers of an answer: a benchmark must not gain speed by answering something else.</summary>
public sealed class AnswerHash
{
    public ulong Value { get; private set; } = 0xCBF29CE484222325;

    public void Add(long number) => Value = unchecked((Value ^ (ulong)number) * 0x100000001B3);

    public void Add(Timeline timeline)
    {
        foreach (var (from, to, state) in timeline.Stretches())
        {
            AddAll(from, to, (long)state);
        }
    }

    public void Add(IReadOnlyList<Opening> openings)
    {
        foreach (var opening in openings)
        {
            AddAll(opening.From, opening.To, opening.Free.Length);
            foreach (var list in opening.Free.Append(opening.Missing))
            {
                AddAll([list.Length, .. list.Select(index => (long)index)]);
            }
        }
    }

    public void Add(IReadOnlyList<NearMiss> misses)
    {
        foreach (var miss in misses)
        {
            AddAll(miss.From, miss.To);
            foreach (var (group, member, reason) in miss.BlockedBy)
            {
                AddAll(group, member, (long)reason);
            }
        }
    }

    private void AddAll(params ReadOnlySpan<long> numbers)
    {
        Add(numbers.Length);
        foreach (var number in numbers)
        {
            Add(number);
        }
    }
}
