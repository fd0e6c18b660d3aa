using Kalends.Availability;
using Kalends.Recurrence;
using Kalends.Time;
using NodaTime;
using NodaTime.TimeZones;

namespace Kalends.Tests.Availability;

/// <summary>
/// Every change of every clock on earth from 2000 to 2040: no opening at a time that does not exist, no appointment that ends before it
/// begins, and what was written on a wall is still to be read there. A failure names zone and change.
/// </summary>
public sealed class TransitionTests
{
    private static readonly Instant First = Instant.FromUtc(2000, 1, 1, 0, 0);
    private static readonly Instant Last = Instant.FromUtc(2040, 1, 1, 0, 0);

    private static readonly string[] Durations = ["PT15M", "PT1H", "PT3H", "PT24H", "P1D", "P2D", "P1DT30M"];

    private static readonly LocalTime[] OpenFrom = [new(1, 0), new(12, 0)];
    private static readonly LocalTime[] OpenTo = [new(4, 0), new(18, 0)];

    [Fact]
    public void Openings_begin_and_end_at_the_hours_that_were_stated_or_as_the_clocks_moved_them()
    {
        var (faults, seen) = (new List<string>(), 0);
        foreach (var name in Zones.All)
        {
            var hours = new OpenTimes(Hours(name));
            foreach (var change in ChangesOf(name))
            {
                seen++;
                var (from, to) = (Seconds(change.At) - (40 * 3600), Seconds(change.At) + (40 * 3600));
                var timeline = Timeline.Build(hours.ClosedIn(from, to, new StepBudget()), from, to);
                var found = Openings.Find(new() { From = from, To = to, Groups = [AttendeeGroup.Everyone(timeline)] });
                if (!found.Select(opening => (opening.From, opening.To)).SequenceEqual(Expected(change, from, to)))
                {
                    faults.Add($"{change}: openings are {string.Join(' ', found.Select(opening => change.Wall(opening.From) + "/" + change.Wall(opening.To)))}");
                }

                faults.AddRange(found.SelectMany(opening => new[] { (At: opening.From, Stated: OpenFrom), (At: opening.To, Stated: OpenTo) })
                    .Where(edge => edge.At != from && edge.At != to && !IsStated(change, edge.At, edge.Stated))
                    .Select(edge => $"{change}: an opening begins or ends at {change.Wall(edge.At)}"));
            }
        }

        Report(faults, seen);
    }

    [Fact]
    public void Appointments_keep_their_wall_times_and_never_end_before_they_begin()
    {
        var (faults, seen) = (new List<string>(), 0);
        var durations = Array.ConvertAll(Durations, text => NominalDuration.TryParse(text, out var duration) ? duration : throw new FormatException(text));
        foreach (var change in Zones.All.SelectMany(ChangesOf))
        {
            seen++;
            foreach (var start in Starts(change))
            {
                faults.AddRange(durations.Select(duration => Fault(change, start, duration)).OfType<string>());
            }
        }

        Report(faults, seen);
    }

    private static string? Fault(Change change, LocalDateTime start, NominalDuration duration)
    {
        var span = LocalSpans.Timed(start, change.Zone, duration, DaylightSavingPolicy.Rfc5545);
        var lasts = (span.To - span.From).TotalSeconds;
        var end = span.To - Duration.FromSeconds(duration.Seconds);
        return span.From.InZone(change.Zone).LocalDateTime != change.Read(start) ? $"{change}: a start at {start} reads {span.From.InZone(change.Zone)}"
            : lasts < 0 || (duration.Days == 0 && lasts != duration.Seconds) ? $"{change}: {duration} from {start} lasts {lasts} seconds"
            : duration.Days > 0 && end.InZone(change.Zone).LocalDateTime != change.Read(start.PlusDays(duration.Days)) ? $"{change}: {duration} from {start} ends {end}"
            : null;
    }

    /// <summary>Each quarter from three hours before the hands move to three after, then a morning and an afternoon of the days around.</summary>
    private static IEnumerable<LocalDateTime> Starts(Change change)
    {
        var (before, after) = (change.WallBefore < change.WallAfter ? (change.WallBefore, change.WallAfter) : (change.WallAfter, change.WallBefore));
        for (var start = before.PlusHours(-3); start <= after.PlusHours(3); start = start.PlusMinutes(15))
        {
            yield return start;
        }

        for (var day = -2; day <= 2; day++)
        {
            yield return before.Date.PlusDays(day).At(new(9, 0));
            yield return before.Date.PlusDays(day).At(new(15, 30));
        }
    }

    private static SortedSet<(long From, long To)> Expected(Change change, long from, long to)
    {
        var expected = new SortedSet<(long From, long To)>();
        for (var date = change.WallBefore.Date.PlusDays(-4); date <= change.WallAfter.Date.PlusDays(4); date = date.PlusDays(1))
        {
            foreach (var (opens, closes) in OpenFrom.Zip(OpenTo))
            {
                var begin = Math.Max(from, Seconds(date.At(opens).InZoneLeniently(change.Zone).ToInstant()));
                var end = Math.Min(to, Seconds(date.At(closes).InZoneLeniently(change.Zone).ToInstant()));
                if (begin < end)
                {
                    expected.Add((begin, end));
                }
            }
        }

        return expected;
    }

    /// <summary>The wall shows a time that is stated, or one that a stated time was moved to since the clocks skip it.</summary>
    private static bool IsStated(Change change, long moment, LocalTime[] stated)
    {
        var wall = change.Wall(moment);
        return change.Zone.MapLocal(wall).Count > 0 && Enumerable.Range(-2, 3)
            .Any(days => Array.Exists(stated, time => change.Read(wall.Date.PlusDays(days).At(time)) == wall));
    }

    private static OpenHours Hours(string zone) => new()
    {
        TimeZone = zone,
        Recurring = [.. OpenFrom.Zip(OpenTo).Select(hours => new RecurringHours { Rule = "FREQ=DAILY", Start = new(hours.First.Hour * 60), End = new(hours.Second.Hour * 60) })],
    };

    private static IEnumerable<Change> ChangesOf(string name)
    {
        var zone = DateTimeZoneProviders.Tzdb[name];
        ZoneInterval? before = null;
        foreach (var interval in zone.GetZoneIntervals(First, Last))
        {
            // Some changes are of the name or of what counts as summer time, and no hand is moved.
            if (before is not null && before.WallOffset != interval.WallOffset)
            {
                yield return new(name, zone, interval.Start, before.IsoLocalEnd, interval.IsoLocalStart);
            }

            before = interval;
        }
    }

    private static long Seconds(Instant instant) => instant.ToUnixTimeSeconds();

    private static void Report(List<string> faults, int seen)
    {
        Assert.True(seen > 5_000, $"only {seen} changes of clocks were looked at");
        Assert.True(faults.Count == 0, $"{faults.Count} faults over {seen} changes:\n{string.Join('\n', faults.Take(20))}");
    }

    private sealed record Change(string Name, DateTimeZone Zone, Instant At, LocalDateTime WallBefore, LocalDateTime WallAfter)
    {
        public LocalDateTime Wall(long moment) => Instant.FromUnixTimeSeconds(moment).InZone(Zone).LocalDateTime;

        /// <summary>What a wall shows where this time was written down: the same, or as much later as the clocks skip.</summary>
        public LocalDateTime Read(LocalDateTime written)
        {
            var mapping = Zone.MapLocal(written);
            return mapping.Count > 0 ? written : written.PlusSeconds(mapping.LateInterval.WallOffset.Seconds - mapping.EarlyInterval.WallOffset.Seconds);
        }

        public override string ToString() => $"{Name} at {At}";
    }
}
