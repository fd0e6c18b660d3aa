using Kalends.Time;
using NodaTime;
using NodaTime.Text;

namespace Kalends.ICalendar;

/// <summary>
/// A zone as VTIMEZONE (RFC 5545 §3.6.5): its yearly rules as far back as they hold, and every change of clocks that follows none as a
/// date of its own. Ical.Net's own VTIMEZONE is not used: of 5.2.4, nineteen zones read back with another clock (Sydney and Dublin among them).
/// </summary>
internal static class ZoneLines
{
    /// <summary>Rules are fitted to the thirty years from here: each weekday falls on each of its possible days within 28.</summary>
    private const int FirstFitted = 2030;

    private const int LastFitted = 2059;

    private static readonly LocalDateTimePattern TimeForm = LocalDateTimePattern.CreateWithInvariantCulture("uuuuMMdd'T'HHmmss");

    public static void Write(string tzid, int firstYear, LineWriter lines)
    {
        var zone = Zones.Get(Zones.Canonical(tzid) ?? tzid);
        var changes = Changes(zone, firstYear);
        var rules = Rules(changes);
        lines.Line("BEGIN", "VTIMEZONE");
        lines.Line("TZID", tzid);
        lines.Line("X-LIC-LOCATION", tzid);
        foreach (var (clock, rule) in rules)
        {
            Observance(clock, [First(changes, clock, rule)], rule, lines);
        }

        foreach (var group in changes.Where(change => !rules.Any(each => Follows(change, each.Clock, each.Rule, changes))).GroupBy(change => change.Clock))
        {
            Observance(group.Key, [.. group.Select(change => change.Onset)], null, lines);
        }

        lines.Line("END", "VTIMEZONE");
    }

    /// <summary>The clock at the start of the first year, and each change of clocks until the last year fitted.</summary>
    private static List<Change> Changes(DateTimeZone zone, int firstYear)
    {
        var begins = Instant.FromUtc(firstYear, 1, 1, 0, 0);
        var intervals = zone.GetZoneIntervals(begins, Instant.FromUtc(LastFitted + 1, 1, 1, 0, 0)).ToList();
        var first = intervals[0];
        var changes = new List<Change> { new(new LocalDateTime(firstYear, 1, 1, 0, 0), Clock.Of(first.WallOffset, first)) };
        changes.AddRange(intervals.Skip(1).Zip(intervals, (after, before) =>
            new Change(after.Start.InUtc().LocalDateTime.PlusSeconds(before.WallOffset.Seconds), Clock.Of(before.WallOffset, after))));
        return changes;
    }

    /// <summary>The yearly rules that all changes of the fitted years follow; none when some follow no rule.</summary>
    private static List<(Clock Clock, YearlyOnset Rule)> Rules(List<Change> changes)
    {
        var fitted = changes.Where(change => change.Onset.Year >= FirstFitted)
            .GroupBy(change => (change.Clock, change.Onset.Month, change.Onset.DayOfWeek, change.Onset.TimeOfDay)).ToList();
        var rules = fitted.Select(group => (group.Key.Clock, Rule: YearlyOnset.Fitting([.. group.Select(change => change.Onset.Date)]))).ToList();
        return fitted.All(group => group.Count() == LastFitted - FirstFitted + 1) && rules.TrueForAll(each => each.Rule is not null)
            ? [.. rules.Select(each => (each.Clock, each.Rule!))]
            : [];
    }

    /// <summary>The first of the unbroken row of changes up to the fitted years that follow a rule.</summary>
    private static LocalDateTime First(List<Change> changes, Clock clock, YearlyOnset rule)
    {
        var following = changes.Where(change => change.Clock == clock && rule.In(change.Onset.Year, change.Onset.TimeOfDay) == change.Onset).ToList();
        var first = following.Count - 1;
        while (first > 0 && following[first - 1].Onset.Year == following[first].Onset.Year - 1
            && following[first - 1].Onset.TimeOfDay == following[first].Onset.TimeOfDay)
        {
            first--;
        }

        return following[first].Onset;
    }

    private static bool Follows(Change change, Clock clock, YearlyOnset rule, List<Change> changes) =>
        change.Clock == clock && change.Onset >= First(changes, clock, rule) && rule.In(change.Onset.Year, change.Onset.TimeOfDay) == change.Onset;

    private static void Observance(Clock clock, List<LocalDateTime> onsets, YearlyOnset? rule, LineWriter lines)
    {
        lines.Line("BEGIN", clock.IsDaylight ? "DAYLIGHT" : "STANDARD");
        lines.Line("DTSTART", TimeForm.Format(onsets[0]));
        lines.TextLine("TZNAME", clock.Name);
        lines.Line("TZOFFSETFROM", OffsetText(clock.From));
        lines.Line("TZOFFSETTO", OffsetText(clock.To));
        if (rule is not null)
        {
            lines.Line("RRULE", rule.ToRule());
        }
        else if (onsets.Count > 1)
        {
            lines.Line("RDATE", string.Join(',', onsets.Skip(1).Select(TimeForm.Format)));
        }

        lines.Line("END", clock.IsDaylight ? "DAYLIGHT" : "STANDARD");
    }

    /// <summary>RFC 5545 §3.3.14: seconds only where there are any.</summary>
    private static string OffsetText(Offset offset) =>
        OffsetPattern.CreateWithInvariantCulture(offset.Seconds % 60 == 0 ? "+HHmm" : "+HHmmss").Format(offset);

    private sealed record Change(LocalDateTime Onset, Clock Clock);

    private sealed record Clock(Offset From, Offset To, string Name, bool IsDaylight)
    {
        public static Clock Of(Offset before, NodaTime.TimeZones.ZoneInterval after) => new(before, after.WallOffset, after.Name, after.Savings > Offset.Zero);
    }
}
