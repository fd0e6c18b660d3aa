using NodaTime;

namespace Kalends.Time;

/// <summary>
/// A half-open stretch of time in UTC: <c>[From, To)</c>, whole seconds. Two timespans that only touch do not overlap.
/// On the wire <c>{"from": instant, "to": instant}</c>. A message asks for From &lt; To; an appointment of no length has From = To.
/// </summary>
public readonly record struct Timespan
{
    [System.Diagnostics.CodeAnalysis.SetsRequiredMembers]
    public Timespan(Instant from, Instant to) => (From, To) = (from, to);

    public required Instant From { get; init; }

    public required Instant To { get; init; }

    [System.Text.Json.Serialization.JsonIgnore]
    public Duration Length => To - From;

    /// <summary>True when the two share an instant; one of no length shares the instant it stands on, its start.</summary>
    public bool Overlaps(Timespan other) =>
        From < other.To && other.From < To
        || (From == To && From >= other.From && From < other.To)
        || (other.From == other.To && other.From >= From && other.From < To);

    public override string ToString() => $"[{From}, {To})";
}
