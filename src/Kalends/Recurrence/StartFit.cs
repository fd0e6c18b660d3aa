using NodaTime;

namespace Kalends.Recurrence;

/// <summary>
/// Whether a series begins with an occurrence of its own rule, and if not, where it could. RFC 5545 §3.8.5.3 asks that DTSTART fit the
/// rule and leaves undefined what happens if not; whoever writes a new series is told the nearest start that does.
/// </summary>
public static class StartFit
{
    public static bool Fits(RecurrenceRule rule, LocalDateTime start, bool allDay = false) => Nearest(rule, start, allDay) == start;

    /// <summary>
    /// The nearest start, before or after, that is an occurrence of the rule (the later of two as near); the start itself when it fits.
    /// Null when the rule has no occurrence at all, or none is found within a budget of steps. What the rule leaves open is as the
    /// given start has it; INTERVAL counts from the start, so it stands against no date.
    /// </summary>
    public static LocalDateTime? Nearest(RecurrenceRule rule, LocalDateTime start, bool allDay = false)
    {
        var wall = CivilDays.Seconds(start);
        var fitting = new RulePlan(rule, wall, !allDay).WrittenOut();
        var later = Times(fitting, wall, allDay).Next();
        if (later == wall)
        {
            return start;
        }

        var distance = later == LocalTimes.End ? CivilDays.EndSecond - wall : later - wall;
        var earlier = LastBefore(wall, Times(fitting, Math.Max(wall - distance, CivilDays.FirstSecond), allDay));
        var nearest = earlier is { } before && (later == LocalTimes.End || wall - before < later - wall) ? before : later;
        return nearest == LocalTimes.End ? null : CivilDays.Time(nearest);
    }

    private static long? LastBefore(long wall, LocalTimes times)
    {
        long? last = null;
        times.Last = wall - 1;
        for (var time = times.Next(); time < wall; time = times.Next())
        {
            last = time;
        }

        return last;
    }

    private static LocalTimes Times(RecurrenceRule rule, long from, bool allDay)
    {
        var times = LocalTimes.Of(new(rule, from, !allDay), new());
        times.Seek(from);
        return times;
    }
}
