using System.Collections;

namespace Kalends.Recurrence;

/// <summary>
/// The numbers of one BY part, each once and in order, equal to another list with the same numbers. RFC 5545 gives their order and
/// their repetition no meaning, so they are dropped where a rule is read.
/// </summary>
public readonly struct NumberList : IEquatable<NumberList>, IReadOnlyList<int>
{
    private readonly int[]? numbers;

    public NumberList(IEnumerable<int> numbers)
    {
        var ordered = numbers.Distinct().Order().ToArray();
        this.numbers = ordered.Length == 0 ? null : ordered;
    }

    public bool IsEmpty => numbers is null;

    public int Count => numbers?.Length ?? 0;

    public ReadOnlySpan<int> Span => numbers;

    public int this[int index] => Span[index];

    public static NumberList Of(params int[] numbers) => new(numbers);

    public static bool operator ==(NumberList left, NumberList right) => left.Equals(right);

    public static bool operator !=(NumberList left, NumberList right) => !left.Equals(right);

    public bool Equals(NumberList other) => Span.SequenceEqual(other.Span);

    public override bool Equals(object? obj) => obj is NumberList other && Equals(other);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var number in Span)
        {
            hash.Add(number);
        }

        return hash.ToHashCode();
    }

    public IEnumerator<int> GetEnumerator() => (numbers ?? []).AsEnumerable().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => string.Join(',', this);
}
