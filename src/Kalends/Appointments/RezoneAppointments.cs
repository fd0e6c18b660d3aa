using Kalends.Availability;
using Kalends.Messages;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Appointments;

/// <summary>
/// Puts appointments where the time zones in force have them: a future one keeps its local start, and its span in UTC follows; an all-day
/// one keeps its days. Those that lie right already are left alone, so the same command again changes nothing. A calendar that refuses
/// double-booking is never booked twice: where another stands in the new place, this attendee has declined from now on, and the answer
/// says so. For administrators: it changes everybody's appointments, also those that an application manages.
/// </summary>
public sealed record RezoneAppointments : Command<RezonedAppointments>
{
    /// <summary>One transaction: few enough that others get to write between two.</summary>
    public const int PerCall = 1_000;

    public required IReadOnlyList<Guid> Appointments { get; init; }

    public override object TrailData => new { Zones.Release, Appointments = Appointments.Count };

    public override void Validate(Errors errors) => errors.AtMost(PerCall, Appointments.Count, "appointments");

    public override async ValueTask<Outcome<RezonedAppointments>> Execute(CommandContext context)
    {
        if (!context.Caller.Scopes.HasFlag(Scopes.Admin))
        {
            return Refusal.Of(RefusalCode.Forbidden, "The token lacks the scope kalends.admin.");
        }

        var batch = new RezoneBatch(context);
        await batch.Gather([.. Appointments.Distinct()]);
        var displaced = batch.Displaced();
        var edits = batch.Moving.Select(item => Decide(item, displaced.GetValueOrDefault(item.Id), context.Now)).OfType<Edit>().ToList();
        var series = new RezonedSeries(context, batch.Calendars);
        await series.Move([.. batch.Moving.Where(item => item.Before.Row.IsDerived && item.Timed is not null && !displaced.ContainsKey(item.Id))]);
        await KnownAppointments.Write(context, [.. edits, .. await series.Edits(batch.Moving)], batch.Calendars);
        await series.Lay(batch.Moving);
        await MoveDays(context, [.. batch.Moving.Where(item => item.Timed is null && !displaced.ContainsKey(item.Id))]);
        await context.Rows<IReminderWatches>().LookAgain([.. batch.Moving.Select(item => item.Id)], context.Now.ToUnixTimeSeconds());
        return new RezonedAppointments(
            batch.Moving.Count(item => item.Timed is not null),
            batch.Moving.Count(item => item.Timed is null),
            [.. batch.Moving.SelectMany(item => Losses(item, displaced, batch.Calendars))]);
    }

    /// <summary>
    /// Null for what says the same as before: an all-day one that keeps its places, and an occurrence that does, for its series says the rest.
    /// A series is changed once, whatever becomes of it and its occurrences.
    /// </summary>
    private static Edit? Decide(Rezoned item, IReadOnlySet<CalendarId>? displaced, Instant now)
    {
        if (item.Before.IsSeries || (displaced is null && (item.Timed is null || item.Before.Row.IsDerived)))
        {
            return null;
        }

        if (displaced is null)
        {
            return new(item.Before, item.Timed);
        }

        // Still one change of this appointment, so its version grows by one.
        var after = Rezoning.WithoutPlaceIn(item.Timed ?? item.Before.Says, displaced, now) with { Version = item.Before.Row.Version + 1 };
        return item.Before.Row.IsDerived ? OccurrenceEdits.This(item.Before, after) : new(item.Before, after);
    }

    private static async ValueTask MoveDays(CommandContext context, IReadOnlyList<Rezoned> allDay)
    {
        List<MovedDays> days = [.. allDay.SelectMany(item => item.Days)];
        await context.Rows<IAttendanceWrites>().Move([.. days.Select(moved => moved.After)]);
        context.Touch(days.Select(moved => moved.Calendar.Key));
    }

    private static IEnumerable<LostPlace> Losses(
        Rezoned item, IReadOnlyDictionary<Guid, IReadOnlySet<CalendarId>> displaced, IReadOnlyDictionary<CalendarId, Calendar> calendars) =>
        from calendar in (displaced.GetValueOrDefault(item.Id) ?? new HashSet<CalendarId>()).Order()
        let row = item.Attendances(calendars).First(row => row.Calendar == calendars[calendar].Key)
        select new LostPlace(item.Id, calendar, new(Instant.FromUnixTimeSeconds(row.From), Instant.FromUnixTimeSeconds(row.To)));
}

/// <summary>
/// How many appointments moved, how many all-day ones have their days elsewhere, and who lost a place. More than were asked for where
/// others stood in the way and had to move as well.
/// </summary>
public sealed record RezonedAppointments(int Moved, int AllDayMoved, IReadOnlyList<LostPlace> LostPlaces);

/// <summary>An appointment that could not be in a calendar at its new time, because another is there; the calendar's response is declined.</summary>
public sealed record LostPlace(Guid Appointment, CalendarId Calendar, Timespan Timespan);
