using System.Globalization;
using NodaTime;

namespace Kalends.ICalendar;

/// <summary>
/// What a VTIMEZONE says (RFC 5545 §3.6.5): offsets, each from an onset on. Understands single onsets (DTSTART, RDATE) and the yearly rule
/// of a month with either the n-th weekday or a weekday among days, which is what programs write.
/// </summary>
internal sealed class ZoneRules
{
    /// <summary>A century of single onsets, twice over; more is no zone but a trap.</summary>
    private const int MostObservances = 400;

    private readonly List<Observance> observances = [];

    public ZoneRules(RawComponent zone)
    {
        Name = Text(zone, "TZID");
        Location = Text(zone, "X-LIC-LOCATION");
        foreach (var part in zone.Children.Where(part => part.Name is "STANDARD" or "DAYLIGHT"))
        {
            if (observances.Count < MostObservances && part.First("DTSTART") is { } start
                && EventTimes.Local(start) is { } onset && Offset(part, "TZOFFSETTO") is { } to)
            {
                var rule = part.First("RRULE") is { } line ? YearlyOnset.Parse(line.Value) : null;
                observances.Add(new(onset, Offset(part, "TZOFFSETFROM") ?? to, to, rule));
                observances.AddRange(part.All("RDATE").SelectMany(Dates).Take(MostObservances).Select(date => new Observance(date, to, to, null)));
            }
        }
    }

    public string? Name { get; }

    public string? Location { get; }

    /// <summary>Seconds from UTC at local times that begin in one year and end by the next; null when the file says nothing of offsets.</summary>
    public IReadOnlyList<int>? OffsetsAt(IReadOnlyList<LocalDateTime> moments)
    {
        if (observances.Count == 0)
        {
            return null;
        }

        var onsets = observances.SelectMany(each => each.Onsets(moments[0].Year).Select(onset => (Onset: onset, each.To)))
            .OrderBy(each => each.Onset).ToList();
        var before = observances.MinBy(each => each.First)!.From;
        return [.. moments.Select(moment => onsets.FindLastIndex(each => each.Onset <= moment) is var last and >= 0 ? onsets[last].To : before)];
    }

    private static IEnumerable<LocalDateTime> Dates(ContentLine line) =>
        line.Value.Split(',').Select(date => EventTimes.Local(line with { Value = date })).OfType<LocalDateTime>();

    private static string? Text(RawComponent zone, string property) =>
        zone.First(property) is { } line && TextValues.Unescape(line.Value).Trim() is { Length: > 0 and <= 255 } text ? text : null;

    /// <summary>RFC 5545 §3.3.14: ±hhmm or ±hhmmss.</summary>
    private static int? Offset(RawComponent part, string property)
    {
        var text = part.First(property)?.Value.Trim() ?? "";
        if (text.Length is not (5 or 7) || text[0] is not ('+' or '-')
            || !int.TryParse(text.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var digits))
        {
            return null;
        }

        digits = text.Length == 5 ? digits * 100 : digits;
        var seconds = (digits / 10_000 * 3600) + (digits / 100 % 100 * 60) + (digits % 100);
        return seconds > 18 * 3600 ? null : text[0] == '-' ? -seconds : seconds;
    }

    private sealed record Observance(LocalDateTime First, int From, int To, YearlyOnset? Rule)
    {
        /// <summary>Those that can be the last before a moment of that year or the next.</summary>
        public IEnumerable<LocalDateTime> Onsets(int year) => Rule is null
            ? [First]
            : [First, .. Enumerable.Range(year - 1, 3).Select(each => Rule.In(each, First.TimeOfDay)).Where(onset => onset > First).OfType<LocalDateTime>()];
    }
}
