using System.Collections;
using NodaTime;

namespace Kalends.Recurrence;

/// <summary>
/// One value of BYDAY: a weekday, and which one of its month or year. Ordinal 0 is every one; 1 the first, -1 the last.
/// </summary>
public readonly record struct NumberedDay(int Ordinal, IsoDayOfWeek Day) : IComparable<NumberedDay>
{
    public static readonly string[] Names = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

    public static bool operator <(NumberedDay left, NumberedDay right) => left.CompareTo(right) < 0;

    public static bool operator >(NumberedDay left, NumberedDay right) => left.CompareTo(right) > 0;

    public static bool operator <=(NumberedDay left, NumberedDay right) => left.CompareTo(right) <= 0;

    public static bool operator >=(NumberedDay left, NumberedDay right) => left.CompareTo(right) >= 0;

    public int CompareTo(NumberedDay other) => (Day, Ordinal).CompareTo((other.Day, other.Ordinal));

    public override string ToString() => (Ordinal == 0 ? "" : $"{Ordinal}") + Names[(int)Day - 1];
}

/// <summary>The values of BYDAY, each once, by weekday and number; equal to another list with the same values.</summary>
public readonly struct DayList : IEquatable<DayList>, IReadOnlyList<NumberedDay>
{
    private readonly NumberedDay[]? days;

    public DayList(IEnumerable<NumberedDay> days)
    {
        var ordered = days.Distinct().Order().ToArray();
        this.days = ordered.Length == 0 ? null : ordered;
    }

    public bool IsEmpty => days is null;

    /// <summary>Some value says which one of the month or year.</summary>
    public bool IsNumbered => this.Any(day => day.Ordinal != 0);

    public int Count => days?.Length ?? 0;

    public ReadOnlySpan<NumberedDay> Span => days;

    public NumberedDay this[int index] => Span[index];

    public static DayList Of(params NumberedDay[] days) => new(days);

    public static bool operator ==(DayList left, DayList right) => left.Equals(right);

    public static bool operator !=(DayList left, DayList right) => !left.Equals(right);

    public bool Equals(DayList other) => Span.SequenceEqual(other.Span);

    public override bool Equals(object? obj) => obj is DayList other && Equals(other);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var day in Span)
        {
            hash.Add(day);
        }

        return hash.ToHashCode();
    }

    public IEnumerator<NumberedDay> GetEnumerator() => (days ?? []).AsEnumerable().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => string.Join(',', this);
}
