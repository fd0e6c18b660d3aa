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
    /// <summary>Bookings that one text may ask such calendars for, up to five years ahead: ten rooms' every hour.</summary>
    private const int MostBookings = 500_000;

    private readonly HashSet<long> guarded =
        [.. calendars.Values.Where(calendar => calendar.DoubleBooking == DoubleBooking.Refuse).Select(calendar => calendar.Key)];

    private readonly Dictionary<long, CalendarId> names = calendars.Values.ToDictionary(calendar => calendar.Key, calendar => calendar.Id);

    private int left = MostBookings;

    public async ValueTask<IReadOnlyList<ImportPlan>> Fitting(IReadOnlyList<ImportPlan> plans)
    {
        var inOrder = plans.Select(plan => (Plan: plan, From: First(plan))).OrderBy(pair => pair.From).ToList();
        if (guarded.Count == 0 || inOrder.Count == 0)
        {
            return plans;
        }

        // Plan by plan, so that what a series wants for years is held for one series at a time.
        var room = await Free(plans, inOrder[0].From);
        return [.. inOrder.Where(pair => Takes(room, pair.Plan)).Select(pair => pair.Plan)];
    }

    private bool Takes(FirstCome room, ImportPlan plan)
    {
        context.Stopped.ThrowIfCancellationRequested();
        var rows = Wanted(plan).Take(left + 1).ToList();
        var refused = rows.Count > left ? null : room.Refuse(rows);
        if (rows.Count > left || refused is not null)
        {
            file.Skip(plan.Uid, refused is { } row
                ? $"{names[row.Calendar]} is taken at {Instant.FromUnixTimeSeconds(row.From)}"
                : $"more than {MostBookings} bookings of rooms in one text: send it in parts");
            return false;
        }

        left -= rows.Count;
        return true;
    }

    /// <summary>What is booked and held there, but for what the text replaces.</summary>
    private async ValueTask<FirstCome> Free(IReadOnlyList<ImportPlan> plans, long from)
    {
        var (rows, to) = (context.Rows<IAttendanceRows>(), Laying.CheckedUntil(context.Now));
        List<long> keys = [.. guarded.Order()];
        var replaces = Replaced(plans);
        var stored = await rows.Overlapping(keys, from, Math.Max(from + 1, to), blockingOnly: true);
        return new(stored.Where(row => !replaces(row.Appointment)), await rows.Held(keys, from, to, context.Now.ToUnixTimeSeconds()));
    }

    private static long First(ImportPlan plan) => plan.Leaves
        .Select(says => Completion.SpanIn(says, "UTC").From.ToUnixTimeSeconds() - (says.AllDay == true ? Time.NominalDuration.SecondsPerDay : 0))
        .DefaultIfEmpty(long.MaxValue).Min();

    private IEnumerable<Attendance> Wanted(ImportPlan plan)
    {
        var own = plan.Leaves.Concat(plan.Series?.Untouched.Select(known => known.Says) ?? []).SelectMany(says => Bookings.Attendances(says, calendars))
            .Where(row => guarded.Contains(row.Calendar));
        return plan.Series is { Series.After.Recurrence: not null } series
            ? own.Concat(Laying.Of(series, calendars, Laying.HorizonAt(context.Now), int.MaxValue)
                .Wanted(guarded, Laying.CheckedUntil(context.Now), series.Detached))
            : own;
    }

    private static Func<Guid, bool> Replaced(IReadOnlyList<ImportPlan> plans)
    {
        List<Guid> series = [.. plans.Select(plan => plan.Series?.Before?.Id).OfType<Guid>()];
        HashSet<Guid> own =
        [
            .. plans.SelectMany(plan => plan.Edits.Concat(plan.Series is { } whole ? whole.Occurrences.Prepend(whole.Series) : []))
                .Select(edit => edit.Before?.Row.Id).OfType<Guid>(),
        ];
        return id => own.Contains(id) || (OccurrenceIds.MayBe(id) && series.Exists(one => OccurrenceIds.Read(id, one) is not null));
    }
}
