using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Messages.Json;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Tests.Storage;

/// <summary>Series as the commands would store them: the series itself, its occurrences up to a horizon, one of them changed by itself.</summary>
public static class SeriesExamples
{
    /// <summary>The first Monday at nine in UTC of all these series.</summary>
    public static readonly long First = Instant.FromUtc(2026, 11, 2, 9, 0).ToUnixTimeSeconds();

    public const long Week = 7 * Examples.Day;

    /// <summary>A weekly hour without end, complete as commands make it. The owner is the first who attends.</summary>
    public static Appointment Weekly(int number, params CalendarId[] attendees) => new()
    {
        Id = Examples.Id(number),
        Uid = $"uid-{number}",
        Version = 1,
        Owner = attendees[0],
        Status = AppointmentStatus.Confirmed,
        Title = $"Standup {number}",
        Start = new LocalDateTime(2026, 11, 2, 9, 0),
        TimeZone = "UTC",
        Duration = NominalDuration.OfMinutes(60),
        AllDay = false,
        Span = new(Instant.FromUnixTimeSeconds(First), Instant.FromUnixTimeSeconds(First + Examples.Hour)),
        Attendees = [.. attendees.Select(calendar =>
            new Attendee { Calendar = calendar, Role = AttendeeRole.Required, Response = AttendeeResponse.Accepted })],
        FreeBusyStatus = FreeBusyStatus.Busy,
        Privacy = Privacy.Public,
        Recurrence = new() { Rule = "FREQ=WEEKLY", Added = [], Excluded = [] },
    };

    public static Guid Occurrence(Appointment series, int week) => OccurrenceIds.Of(series.Id!.Value, KeyOf(series, week));

    public static OccurrenceKey KeyOf(Appointment series, int week) => OccurrenceKey.Of(series.Start!.Value.PlusWeeks(week));

    /// <summary>What a derived occurrence says in full.</summary>
    public static Appointment Says(Appointment series, int week) =>
        OccurrenceText.Of(series, Occurrence(series, week), new(KeyOf(series, week), First + (week * Week), First + (week * Week) + Examples.Hour));

    /// <summary>Stores a series up to a horizon, with all that a command leaves behind, in the open transaction.</summary>
    public static async ValueTask<IReadOnlyDictionary<CalendarId, Calendar>> CreateSeries(this IWriteSession session, Appointment series, int weeks)
    {
        var calendars = await session.Rows<ICalendarWrites>().Lock([.. series.Attendees!.Select(attendee => attendee.Calendar)]);
        var booking = Bookings.Of(series, calendars);
        await session.Rows<IAppointmentWrites>().Save([booking]);
        await session.Store(series, calendars, 0, weeks);
        List<CalendarChange> changes = [.. calendars.Values.Select(calendar => new CalendarChange(calendar.Key, ChangeKind.Created))];
        await session.Rows<ITrailWrites>().Append(Examples.Command(), [Examples.Change(ChangeKind.Created, null, booking, changes)], []);
        return calendars;
    }

    /// <summary>Stores the occurrences of some weeks and moves the horizon behind them.</summary>
    public static async ValueTask Store(
        this IWriteSession session, Appointment series, IReadOnlyDictionary<CalendarId, Calendar> calendars, int fromWeek, int toWeek)
    {
        var row = Bookings.Of(series, calendars).Appointment;
        var text = new OccurrenceText(row, series);
        var horizon = First - Examples.Hour + (toWeek * Week);
        var coming = new SeriesOccurrences(series).Starting(First - Examples.Hour + (fromWeek * Week), horizon).ToList();
        var rows = session.Rows<ISeriesWrites>();
        await rows.Save(new(row.Id, horizon), [.. calendars.Values.Select(calendar => calendar.Key)]);
        await rows.Lay(
            [.. coming.Select(occurrence => text.Place(OccurrenceIds.Of(row.Id, occurrence.Key), occurrence))],
            [.. coming.SelectMany(occurrence => Attendances(series, calendars, text, occurrence))]);
    }

    /// <summary>Changes one occurrence by itself.</summary>
    public static async ValueTask<Appointment> Detach(
        this IWriteSession session, Appointment series, IReadOnlyDictionary<CalendarId, Calendar> calendars, int week, Func<Appointment, Appointment> change)
    {
        var before = Bookings.Of(Says(series, week), calendars);
        var says = change(Says(series, week)) with { Version = 2, Series = Says(series, week).Series! with { Detached = true } };
        var after = Bookings.Of(says, calendars);
        await session.Rows<IAppointmentWrites>().Save([after]);
        var recorded = Examples.Change(ChangeKind.Modified, before, after) with { Series = series.Id };
        await session.Rows<ITrailWrites>().Append(Examples.Command(), [recorded], []);
        return says;
    }

    public static byte[] Json(Appointment says) => WireJson.Write(says);

    private static IEnumerable<Attendance> Attendances(
        Appointment series, IReadOnlyDictionary<CalendarId, Calendar> calendars, OccurrenceText text, Occurrence occurrence)
    {
        var row = text.Place(OccurrenceIds.Of(series.Id!.Value, occurrence.Key), occurrence);
        return series.Attendees!.Select(attendee =>
            Bookings.OfOccurrence(series, row, occurrence.Key.Local.Date, attendee, calendars[attendee.Calendar]));
    }
}
