using Kalends.Availability;
using Kalends.Messages;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Appointments;

/// <summary>
/// All that one command does to appointments, single ones and series, gathered before anything is written, so that it can be checked
/// as a whole: what it wants of each calendar, and what it puts out of the way.
/// </summary>
internal sealed class AppointmentWork(CommandContext context, IReadOnlyDictionary<CalendarId, Calendar> calendars)
{
    private readonly List<Edit> edits = [];
    private readonly List<SeriesPlan> plans = [];
    private readonly Dictionary<SeriesPlan, Laying> layings = new(ReferenceEqualityComparer.Instance);
    private int room = SeriesLimits.LaidPerCall;

    /// <summary>How many attendances may still be laid; what has no room is answered from its rules, and laid by update-occurrences.</summary>
    public int Room
    {
        get => room;
        init => room = value;
    }

    /// <summary>True where nothing may be laid that was not there: what is deleted or answered is not asked whether more of it fits.</summary>
    public bool KeepsHorizons { get; init; }

    public IReadOnlyDictionary<CalendarId, Calendar> Calendars => calendars;

    public IReadOnlyList<SeriesPlan> Plans => plans;

    public void Add(Edit edit) => edits.Add(edit);

    public void Add(SeriesPlan plan)
    {
        plans.Add(plan);
        if (plan.Series.After?.Recurrence is not null)
        {
            var laying = Laying.Of(plan, calendars, KeepsHorizons ? plan.Before!.Horizon.StoredUntil : Laying.HorizonAt(context.Now), room);
            room -= laying.Coming.Count * Math.Max(1, laying.Calendars.Count);
            layings[plan] = laying;
        }
    }

    /// <summary>How many occurrences of a series are stored now.</summary>
    public int Occurrences(SeriesPlan plan) =>
        layings.TryGetValue(plan, out var laying) ? laying.Count + plan.Detached.Count : plan.Before?.Stored.Count ?? 0;

    /// <summary>
    /// What the work wants in calendars that refuse double-booking, or in all: of series as far as anybody looks ahead.
    /// </summary>
    public List<Attendance> Wanted(bool everywhere)
    {
        var guarded = calendars.Values.Where(calendar => everywhere || calendar.DoubleBooking == DoubleBooking.Refuse)
            .Select(calendar => calendar.Key).ToHashSet();
        if (guarded.Count == 0)
        {
            return [];
        }

        var until = Laying.CheckedUntil(context.Now);
        var wanted = Edits().Select(edit => edit.After).OfType<Appointment>().Concat(plans.SelectMany(plan => plan.Untouched).Select(known => known.Says))
            .SelectMany(says => Bookings.Attendances(says, calendars)).Where(attendance => guarded.Contains(attendance.Calendar))
            .Concat(layings.SelectMany(pair => pair.Value.Wanted(guarded, until, pair.Key.Detached)))
            .Take(SeriesLimits.WantedPerCall + 1).ToList();
        return wanted.Count <= SeriesLimits.WantedPerCall ? wanted : throw new TooMuchWorkException(
            $"These series want more than {SeriesLimits.WantedPerCall} times in calendars that are checked; send fewer at once.");
    }

    /// <summary>True for what the work replaces or removes: single appointments that go, and whatever belongs to a series that it changes.</summary>
    public Func<Guid, bool> Replaces
    {
        get
        {
            List<Guid> series = [.. plans.Select(plan => plan.Before?.Id ?? plan.Series.Before?.Row.Id).OfType<Guid>()];
            HashSet<Guid> going = [.. edits.Where(edit => edit.After is null).Select(edit => edit.Before!.Row.Id)];
            return id => going.Contains(id) || series.Exists(one => id == one || OccurrenceIds.Read(id, one) is not null);
        }
    }

    /// <summary>Which occurrence of a series in this work an id is: for naming what clashes.</summary>
    public LocalDateTime? OccurrenceOf(Guid id) => plans.Select(plan => plan.Series.After?.Id is { } series ? OccurrenceIds.Read(id, series) : null)
        .FirstOrDefault(key => key is not null)?.Local;

    public async ValueTask Write()
    {
        var (appointments, series) = (context.Rows<IAppointmentWrites>(), context.Rows<ISeriesWrites>());
        await appointments.Delete([.. plans.SelectMany(Going)]);
        await KnownAppointments.Write(context, [.. Edits()], calendars);
        foreach (var plan in plans)
        {
            if (!layings.TryGetValue(plan, out var laying))
            {
                await series.Delete(plan.Before!.Id);
                continue;
            }

            await series.Save(laying.Horizon, laying.Calendars);
            if (laying.Reattended.Count > 0)
            {
                await series.Follow(laying.Row);
                await series.Attend(laying.Row.Id, laying.Reattended, [.. laying.Reattendances]);
            }

            await series.Lay([.. laying.Rows], [.. laying.Attendances]);
        }
    }

    /// <summary>The series first, so that a reader of the changes knows it when its occurrences come.</summary>
    private IEnumerable<Edit> Edits() => plans.SelectMany(plan => plan.Occurrences.Prepend(plan.Series)).Concat(edits);

    private IEnumerable<Guid> Going(SeriesPlan plan) => layings.TryGetValue(plan, out var laying)
        ? laying.Going
        : plan.Before?.Stored.Where(occurrence => !occurrence.Detached).Select(occurrence => occurrence.Id) ?? [];
}
