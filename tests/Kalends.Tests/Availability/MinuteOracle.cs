using NodaTime;

namespace Kalends.Tests.Availability;

/// <summary>
/// Open hours by their definition alone: of every minute that a wall shows it is asked whether some hours hold there; unbroken runs of
/// such minutes are put on the time line by NodaTime; and of every minute of the window it is asked whether a run covers it.
/// </summary>
public sealed class MinuteOracle(OpenHoursScene scene)
{
    private const int MinutesPerDay = 1440;

    /// <summary>Days looked at beyond the window: hours reach into the next day, and clocks may skip one.</summary>
    private const int Margin = 4;

    private readonly DateTimeZone zone = DateTimeZoneProviders.Tzdb[scene.Zone];

    /// <summary>Whether each minute of the window is closed.</summary>
    public bool[] Closed()
    {
        var runs = Runs();
        return [.. Enumerable.Range(0, (int)((scene.To - scene.From) / 60))
            .Select(minute => scene.From + (minute * 60L))
            .Select(moment => !runs.Exists(run => run.From <= moment && moment < run.To))];
    }

    private List<(long From, long To)> Runs()
    {
        var runs = new List<(long, long)>();
        LocalDateTime? since = null;
        for (var date = DateOf(scene.From).PlusDays(-Margin); date <= DateOf(scene.To).PlusDays(Margin); date = date.PlusDays(1))
        {
            var (today, night) = (HoursOf(date), ExceptionOn(date) is var own && (own is null || own == ExceptionOn(date.PlusDays(-1))) ? HoursOf(date.PlusDays(-1)) : []);
            for (var minute = 0; minute < MinutesPerDay; minute++)
            {
                var isOpen = today.Exists(hours => minute >= hours.Start && (minute < hours.End || hours.End <= hours.Start))
                    || night.Exists(hours => hours.End <= hours.Start && minute < hours.End);
                var wall = date.AtMidnight().PlusMinutes(minute);
                if (isOpen)
                {
                    since ??= wall;
                }
                else if (since is { } from)
                {
                    runs.Add((SecondsOf(from), SecondsOf(wall)));
                    since = null;
                }
            }
        }

        return since is { } open ? [.. runs, (SecondsOf(open), long.MaxValue)] : runs;
    }

    private List<(int Start, int End)> HoursOf(LocalDate date) =>
        ExceptionOn(date) is { } exception ? [.. exception.Hours]
        : scene.Hours.Length == 0 ? [(0, MinutesPerDay)]
        : [.. scene.Hours.Where(hours => hours.Days.Holds(date)).Select(hours => (hours.Start, hours.End))];

    private SceneException? ExceptionOn(LocalDate date) => scene.Except.SingleOrDefault(item => item.Covers(date));

    private LocalDate DateOf(long seconds) => Instant.FromUnixTimeSeconds(seconds).InZone(zone).Date;

    /// <summary>NodaTime's lenient reading is RFC 5545's: the first of two, and moved on by the gap's length.</summary>
    private long SecondsOf(LocalDateTime wall) => wall.InZoneLeniently(zone).ToInstant().ToUnixTimeSeconds();
}
