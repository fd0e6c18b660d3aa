using Kalends.Availability;

namespace Kalends.Bench.Engines;

/// <summary>
/// Calendars as offices have them, the same for the same seed on every machine (a generator of our own, for that of the runtime may change
/// between versions): open from 09:00 to 17:30 on Monday to Friday, appointments of 15 to 90 minutes that begin on quarter-hours.
/// </summary>
public sealed class WorkingWeeks(ulong seed)
{
    /// <summary>A Monday, 2026-01-05T00:00:00Z.</summary>
    public const long Monday = 1_767_571_200;

    public const long Day = 86_400;

    public const long Week = 7 * Day;

    private const long Quarter = 900;
    private const long Opens = 36 * Quarter;
    private const long Closes = 70 * Quarter;

    private ulong state = seed;

    /// <summary>One person's blocks, appointments in order, then the time outside open hours in order.</summary>
    public Block[] Calendar(int weeks, int appointmentsAWeek)
    {
        var appointments = new List<Block>();
        var closed = new List<Block>();
        for (var week = Monday; week < Monday + (weeks * Week); week += Week)
        {
            for (var i = 0; i < appointmentsAWeek; i++)
            {
                var start = week + (Next(5) * Day) + Opens + (Next(33) * Quarter);
                appointments.Add(new(start, start + ((Next(6) + 1) * Quarter), Next(10) == 0 ? BlockState.Tentative : BlockState.Busy));
            }

            for (var day = 0; day < 5; day++)
            {
                closed.Add(new(week + (day * Day) - (day == 0 ? 3 * Day : Day) + Closes, week + (day * Day) + Opens, BlockState.Closed));
            }
        }

        closed.Add(new(closed[^1].To - Opens + Closes, Monday + ((weeks + 1) * Week), BlockState.Closed));
        return [.. appointments.OrderBy(block => block.From), .. closed];
    }

    public Timeline[] Timelines(int people, int weeks, int appointmentsAWeek) =>
    [
        .. Enumerable.Range(0, people).Select(_ =>
            Timeline.Build(Calendar(weeks, appointmentsAWeek), Monday - Week, Monday + ((weeks + 1) * Week))),
    ];

    /// <summary>SplitMix64 (Steele, Lea, Flood 2014), cut to a range; the bias of the remainder does not matter here.</summary>
    private long Next(ulong below)
    {
        unchecked
        {
            state += 0x9E3779B97F4A7C15;
            var mixed = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            return (long)((mixed ^ (mixed >> 31)) % below);
        }
    }
}
