using Kalends.Availability;
using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Appointments;

/// <summary>
/// Appointments that must move in one transaction. Two that stand back to back in a room both move by an hour: looked at alone, the first
/// would land on the second. So whatever stands where one of them is to go, and moves away itself, moves with it, and so on along the row.
/// What stays is in the way. A row ends at its first gap, so that a batch grows by a room's day as a rule.
/// </summary>
internal sealed class RezoneBatch(CommandContext context)
{
    private readonly Dictionary<CalendarId, Calendar> calendars = [];
    private readonly HashSet<long> guarded = [];
    private readonly List<Rezoned> moving = [];
    private readonly List<Attendance> there = [];

    public IReadOnlyDictionary<CalendarId, Calendar> Calendars => calendars;

    public IReadOnlyList<Rezoned> Moving => moving;

    public async ValueTask Gather(IReadOnlyCollection<Guid> asked)
    {
        var seen = asked.ToHashSet();
        var next = asked;
        while (next.Count > 0)
        {
            var known = (await KnownAppointments.Find(context, next)).Values;
            var found = await RezoneSearch.Differing(
                context.Rows<IAppointmentRows>(), context.Rows<ISeriesRows>(), context.Rows<ICalendarRows>(),
                [.. known.OrderBy(item => item.Row.Id)], context.Now);
            moving.AddRange(found);
            foreach (var (id, calendar) in await context.Rows<ICalendarWrites>().Lock([.. found.SelectMany(item => item.Before.Calendars).Distinct()]))
            {
                calendars[id] = calendar;
                if (calendar.DoubleBooking == DoubleBooking.Refuse)
                {
                    guarded.Add(calendar.Key);
                }
            }

            next = [.. (await InTheWayOf(found)).Where(seen.Add)];
        }
    }

    /// <summary>Who loses a place in a calendar that refuses double-booking: the earlier one gets it, of equal ones the older.</summary>
    public IReadOnlyDictionary<Guid, IReadOnlySet<CalendarId>> Displaced()
    {
        var wanted = moving.ToDictionary(item => item.Id, item => item.Attendances(calendars));
        var moved = wanted.SelectMany(pair => pair.Value.Select(attendance => (pair.Key, attendance.Calendar))).ToHashSet();
        var room = new FirstCome(there.Where(row => !moved.Contains((row.Appointment, row.Calendar))), []);
        var names = calendars.Values.ToDictionary(calendar => calendar.Key, calendar => calendar.Id);
        var displaced = new Dictionary<Guid, IReadOnlySet<CalendarId>>();
        foreach (var (id, attendances) in wanted.OrderBy(pair => pair.Value.Select(row => row.From).DefaultIfEmpty().Min()).ThenBy(pair => pair.Key))
        {
            var lost = attendances.Where(IsGuarded).Where(row => room.Refuse([row]) is not null).Select(row => names[row.Calendar]).ToHashSet();
            if (lost.Count > 0)
            {
                displaced[id] = lost;
            }
        }

        return displaced;
    }

    private async ValueTask<List<Guid>> InTheWayOf(IReadOnlyList<Rezoned> found)
    {
        var others = new List<Guid>();
        foreach (var row in found.SelectMany(item => item.Attendances(calendars)).Where(IsGuarded))
        {
            // Holds give way: whoever is still deciding is told when they save.
            var overlapping = await context.Rows<IAttendanceRows>().Overlapping([row.Calendar], row.From, row.To, blockingOnly: true);
            there.AddRange(overlapping.Where(other => other.Appointment != row.Appointment));
            others.AddRange(overlapping.Select(other => other.Appointment));
        }

        return others;
    }

    private bool IsGuarded(Attendance row) => row.Blocks && guarded.Contains(row.Calendar);
}
