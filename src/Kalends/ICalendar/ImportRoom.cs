using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Messages;
using Kalends.Storage;
using NodaTime;

namespace Kalends.ICalendar;

/// <summary>
/// What would double-book a calendar that refuses it stays out, and the rest comes in: in order of time, first come first served; a series as a
/// whole.
/// </summary>
internal sealed class ImportRoom(CommandContext context, ImportedFile file, IReadOnlyDictionary<CalendarId, Calendar> calendars)
{
    private readonly HashSet<long> guarded =
        [.. calendars.Values.Where(calendar => calendar.DoubleBooking == DoubleBooking.Refuse).Select(calendar => calendar.Key)];

    public async ValueTask<IReadOnlyList<ImportPlan>> Fitting(IReadOnlyList<ImportPlan> plans)
    {
        if (guarded.Count == 0)
        {
            return plans;
        }

        var wanted = plans.Select(plan => (Plan: plan, Rows: Wanted(plan))).ToList();
        var all = wanted.SelectMany(pair => pair.Rows).ToList();
        if (await ConflictGuard.Guarded(context, all, calendars, Replaced(plans)) is not { } room)
        {
            return plans;
        }

        var names = calendars.Values.ToDictionary(calendar => calendar.Key, calendar => calendar.Id);
        var kept = new List<ImportPlan>(plans.Count);
        foreach (var (plan, rows) in wanted.OrderBy(pair => pair.Rows.Select(row => row.From).DefaultIfEmpty().Min()))
        {
            context.Stopped.ThrowIfCancellationRequested();
            if (room.Room.Refuse(rows) is { } refused)
            {
                file.Skip(plan.Uid, $"{names[refused.Calendar]} is taken at {Instant.FromUnixTimeSeconds(refused.From)}");
            }
            else
            {
                kept.Add(plan);
            }
        }

        return kept;
    }

    private List<Attendance> Wanted(ImportPlan plan)
    {
        var rows = plan.Leaves.SelectMany(says => Bookings.Of(says, calendars).Attendances).Where(row => guarded.Contains(row.Calendar)).ToList();
        if (plan.Series is { Series.After.Recurrence: not null } series)
        {
            rows.AddRange(series.Untouched.SelectMany(known => Bookings.Of(known.Says, calendars).Attendances).Where(row => guarded.Contains(row.Calendar)));
            rows.AddRange(Laying.Of(series, calendars, context.Now, int.MaxValue).Wanted(guarded, Laying.CheckedUntil(context.Now), series.Detached));
        }

        return rows;
    }

    private static Func<Guid, bool> Replaced(IReadOnlyList<ImportPlan> plans)
    {
        List<Guid> series = [.. plans.Select(plan => plan.Series?.Before?.Id).OfType<Guid>()];
        HashSet<Guid> going = [.. plans.SelectMany(plan => plan.Edits).Where(edit => edit.After is null).Select(edit => edit.Before!.Row.Id)];
        return id => going.Contains(id) || series.Exists(one => OccurrenceIds.Read(id, one) is not null);
    }
}
