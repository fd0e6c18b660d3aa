namespace Kalends.Availability;

/// <summary>
/// Chooses from many wanted bookings those that fit, first come first served: one that lies on what is there, or on one taken
/// before it, is left out and the others go on. Each calendar keeps its taken stretches sorted and apart, so that a look is a binary
/// search. Pure.
/// </summary>
public sealed class FirstCome
{
    private readonly Dictionary<long, SortedSet<(long From, long To)>> taken = [];

    /// <summary>What is there already; stretches that lie on one another become one.</summary>
    public FirstCome(IEnumerable<Attendance> stored, IEnumerable<HeldTime> held)
    {
        var there = stored.Where(attendance => attendance.Blocks).Select(attendance => (attendance.Calendar, attendance.From, attendance.To))
            .Concat(held.Select(hold => (hold.Calendar, hold.From, hold.To)));
        foreach (var (calendar, from, to) in there.OrderBy(stretch => stretch.Calendar).ThenBy(stretch => stretch.From))
        {
            var set = Of(calendar);
            if (set.Count > 0 && set.Max is var last && last.To > from)
            {
                set.Remove(last);
                set.Add((last.From, Math.Max(last.To, to)));
            }
            else
            {
                set.Add((from, to));
            }
        }
    }

    /// <summary>
    /// Takes all of one appointment's or series' attendances, or none: then the answer is the first that did not fit, among what was there or among
    /// themselves.
    /// </summary>
    public Attendance? Refuse(IReadOnlyCollection<Attendance> wanted)
    {
        var done = new List<Attendance>(wanted.Count);
        foreach (var attendance in wanted.Where(attendance => attendance.Blocks))
        {
            // Stretches lie apart, so only the last that begins before the end can reach into this one.
            var set = Of(attendance.Calendar);
            var last = set.GetViewBetween((long.MinValue, long.MinValue), (attendance.To - 1, long.MaxValue)).Max;
            if (last != default && last.To > attendance.From)
            {
                done.ForEach(taken => Of(taken.Calendar).Remove((taken.From, taken.To)));
                return attendance;
            }

            set.Add((attendance.From, attendance.To));
            done.Add(attendance);
        }

        return null;
    }

    private SortedSet<(long From, long To)> Of(long calendar) =>
        taken.TryGetValue(calendar, out var set) ? set : taken[calendar] = [];
}
