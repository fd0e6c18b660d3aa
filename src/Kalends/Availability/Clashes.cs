namespace Kalends.Availability;

/// <summary>Two stretches of one calendar that cannot both be: what is wanted, and what is there (an appointment, or null for a hold).</summary>
public readonly record struct Clash(long Calendar, long From, long To, Guid Wanted, Attendance? There);

/// <summary>
/// Finds where wanted attendances lie on others in the same calendar: on what is stored, on held time and on one another. A sweep
/// by start keeps only what still lasts, so its cost is that of sorting and of the clashes themselves. Pure.
/// </summary>
public static class Clashes
{
    /// <summary>Clashes in order of calendar and time, at most <paramref name="most"/>. What does not block never clashes.</summary>
    public static IReadOnlyList<Clash> Find(
        IReadOnlyCollection<Attendance> wanted, IEnumerable<Attendance> stored, IEnumerable<HeldTime> held, int most)
    {
        var replaced = wanted.Select(attendance => attendance.Appointment).ToHashSet();
        var stretches = wanted.Where(attendance => attendance.Blocks).Select(attendance => new Stretch(attendance, true, false))
            .Concat(stored.Where(attendance => attendance.Blocks && !replaced.Contains(attendance.Appointment))
                .Select(attendance => new Stretch(attendance, false, false)))
            .Concat(held.Select(hold => new Stretch(
                new(hold.Calendar, hold.From, hold.To, hold.Hold, Busyness.Busy, Privacy.Public, 0, false), false, true)));
        var found = new List<Clash>();
        var lasting = new List<Stretch>();
        foreach (var next in stretches.OrderBy(stretch => stretch.Row.Calendar).ThenBy(stretch => stretch.Row.From))
        {
            lasting.RemoveAll(stretch => stretch.Row.Calendar != next.Row.Calendar || stretch.Row.To <= next.Row.From);
            foreach (var other in lasting.Where(other => other.IsWanted || next.IsWanted))
            {
                found.Add(Between(next.IsWanted ? next : other, next.IsWanted ? other : next, next.Row.From));
                if (found.Count >= most)
                {
                    return found;
                }
            }

            lasting.Add(next);
        }

        return found;
    }

    private static Clash Between(Stretch wanted, Stretch other, long from) => new(
        wanted.Row.Calendar, from, Math.Min(wanted.Row.To, other.Row.To), wanted.Row.Appointment, other.IsHold ? null : other.Row);

    private readonly record struct Stretch(Attendance Row, bool IsWanted, bool IsHold);
}
