namespace Kalends.Availability;

/// <summary>Two stretches of one calendar that cannot both be: what is wanted, and what is there (an appointment, or null for a hold).</summary>
public readonly record struct Clash(long Calendar, long From, long To, Guid Wanted, Attendance? There);

/// <summary>
/// Finds where wanted attendances lie on others in the same calendar: on what is stored, on held time and on one another. A sweep by
/// start keeps what still lasts in two heaps by end, the wanted and the others, and compares only wanted with either: its cost is
/// that of sorting and of the clashes themselves, however much lies on one another already. Pure.
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
        foreach (var calendar in stretches.GroupBy(stretch => stretch.Row.Calendar).OrderBy(calendar => calendar.Key))
        {
            Sweep([.. calendar.OrderBy(stretch => stretch.Row.From)], found, most);
        }

        return found;
    }

    private static void Sweep(IReadOnlyList<Stretch> inOrder, List<Clash> found, int most)
    {
        var (wanted, others) = (new PriorityQueue<Stretch, long>(), new PriorityQueue<Stretch, long>());
        foreach (var next in inOrder)
        {
            DropEnded(wanted, next.Row.From);
            DropEnded(others, next.Row.From);
            var lasting = next.IsWanted ? wanted.UnorderedItems.Concat(others.UnorderedItems) : wanted.UnorderedItems;
            foreach (var (other, _) in lasting)
            {
                if (found.Count >= most)
                {
                    return;
                }

                found.Add(Between(next.IsWanted ? next : other, next.IsWanted ? other : next, next.Row.From));
            }

            (next.IsWanted ? wanted : others).Enqueue(next, next.Row.To);
        }
    }

    private static void DropEnded(PriorityQueue<Stretch, long> lasting, long at)
    {
        while (lasting.TryPeek(out _, out var end) && end <= at)
        {
            lasting.Dequeue();
        }
    }

    private static Clash Between(Stretch wanted, Stretch other, long from) => new(
        wanted.Row.Calendar, from, Math.Min(wanted.Row.To, other.Row.To), wanted.Row.Appointment, other.IsHold ? null : other.Row);

    private readonly record struct Stretch(Attendance Row, bool IsWanted, bool IsHold);
}
