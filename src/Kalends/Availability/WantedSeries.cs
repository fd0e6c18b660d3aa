using Kalends.Messages;
using Kalends.Recurrence;
using Kalends.Time;
using NodaTime;

namespace Kalends.Availability;

/// <summary>
/// A series that somebody thinks of booking, worked out as far as it is checked: each occurrence as long as the first, in order. Pure.
/// </summary>
public sealed class WantedSeries
{
    /// <summary>An hour of every day for five years is 43,800: what comes more often is no appointment.</summary>
    public const int MostOccurrences = 50_000;

    private readonly List<long> starts;
    private readonly long length;
    private readonly DateTimeZone zone;

    private WantedSeries(List<long> starts, long length, DateTimeZone zone, Instant? checkedUntil) =>
        (this.starts, this.length, this.zone, CheckedUntil) = (starts, length, zone, checkedUntil);

    /// <summary>How far it was looked, where the series goes on beyond; five years from its first occurrence.</summary>
    public Instant? CheckedUntil { get; }

    public long From => starts[0];

    public long To => starts[^1] + length;

    /// <summary>The first occurrence that shares time with a stretch, on the wall of the series; null when none does.</summary>
    public LocalDateTime? Meeting(long from, long to)
    {
        // The first that ends after the stretch begins; where it begins too late, so do all after it.
        var place = starts.BinarySearch(from - length + 1);
        place = place < 0 ? ~place : place;
        return place < starts.Count && starts[place] < to ? Instant.FromUnixTimeSeconds(starts[place]).InZone(zone).LocalDateTime : null;
    }

    public static Outcome<WantedSeries> Of(string rule, string zoneName, Timespan first)
    {
        if (!RecurrenceRule.TryParse(rule, RuleReading.Strict, out var parsed, out var fault))
        {
            return Refusal.At(RefusalCode.Invalid, "/rule", fault.ToString());
        }

        var zone = Zones.Get(zoneName);
        var start = first.From.InZone(zone).LocalDateTime;
        if (StartFit.Nearest(parsed, start) is var nearest && nearest != start)
        {
            return Refusal.At(RefusalCode.Invalid, "/rule", nearest is null
                ? "never occurs"
                : $"does not occur at {start:uuuu-MM-dd'T'HH:mm:ss} in {zoneName}, where the timespan begins; "
                    + $"the nearest time: {nearest.Value:uuuu-MM-dd'T'HH:mm:ss}");
        }

        var until = first.From + Duration.FromDays(QueryLimits.LongestDays);
        var expansion = new Expansion(new() { Start = start, Zone = zone, Rules = [parsed] });
        var reading = expansion.Between(first.From, until);
        var starts = new List<long>();
        while (starts.Count <= MostOccurrences && reading.MoveNext())
        {
            starts.Add(reading.UnixSeconds);
        }

        return reading.Fault is { } spent ? Refusal.At(RefusalCode.TooLarge, "/rule", spent.ToString())
            : starts.Count == 0 ? Refusal.At(RefusalCode.Invalid, "/rule", "ends before the timespan begins")
            : starts.Count > MostOccurrences ? Refusal.At(RefusalCode.TooLarge, "/rule", $"occurs more than {MostOccurrences} times in five years")
            : new WantedSeries(starts, (long)first.Length.TotalSeconds, zone, expansion.From(until).MoveNext() ? until : null);
    }
}
