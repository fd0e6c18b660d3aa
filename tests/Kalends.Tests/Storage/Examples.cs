using System.Text;
using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Messages;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Tests.Storage;

/// <summary>Rows as the commands would make them: an appointment, its change, and the whole of a save in one call.</summary>
public static class Examples
{
    public static readonly CalendarId Ana = new("user:ana");
    public static readonly CalendarId Ben = new("user:ben");
    public static readonly CalendarId Room = new("room:paris-3");

    public static readonly Instant Now = Instant.FromUtc(2026, 11, 23, 8, 0);

    public const long Hour = 3_600;
    public const long Day = 24 * Hour;

    /// <summary>An id whose order is the order of the numbers.</summary>
    public static Guid Id(int number) => new($"019ab0c2-0000-7000-8000-{number:x12}");

    public static Booking Booking(int number, long owner, long from, long to, params long[] calendars) =>
        Booking(number, owner, from, to, Busyness.Busy, 1, calendars);

    public static Booking Booking(int number, long owner, long from, long to, Busyness busyness, long version, params long[] calendars)
    {
        var row = new AppointmentRow
        {
            Id = Id(number),
            Uid = $"uid-{number}",
            Version = version,
            Owner = owner,
            Privacy = Privacy.Private,
            From = from,
            To = to,
            AllDay = false,
            Title = $"Budget — {number}",
            Json = Encoding.UTF8.GetBytes($$"""{"title":"Budget — {{number}}","from":{{from}},"version":{{version}}}"""),
        };
        return new(row, [.. (calendars.Length == 0 ? [owner] : calendars).Select(calendar =>
            new Attendance(calendar, from, to, row.Id, busyness, row.Privacy, owner, row.AllDay))]);
    }

    /// <summary>What a save records; every calendar sees the same kind of change.</summary>
    public static Change Change(ChangeKind kind, Booking? before, Booking? after)
    {
        var calendars = new[] { before, after }.OfType<Booking>()
            .SelectMany(booking => booking.Attendances.Select(attendance => attendance.Calendar).Append(booking.Appointment.Owner)).Distinct();
        return Change(kind, before, after, [.. calendars.Select(calendar => new CalendarChange(calendar, kind))]);
    }

    public static Change Change(ChangeKind kind, Booking? before, Booking? after, IReadOnlyList<CalendarChange> calendars)
    {
        var row = (after ?? before)!.Appointment;
        return new()
        {
            Kind = kind,
            Appointment = row.Id,
            Version = row.Version,
            Calendars = calendars,
            Before = before?.Appointment.Json,
            After = after?.Appointment.Json,
            Publication = new($"kalends.appointment.{kind}.v1".ToLowerInvariant(), row.Id.ToString(), "{}"u8.ToArray()),
        };
    }

    /// <summary>Such as people send every day.</summary>
    public static Appointment Usual { get; } = Completion.Retimed(new()
    {
        Id = Id(1),
        Uid = $"{Id(1)}@kalends",
        Version = 1,
        Owner = Ana,
        Status = AppointmentStatus.Confirmed,
        Title = "Budget for next year",
        Location = "Room 3",
        Start = new(2026, 11, 23, 9, 0),
        TimeZone = "Europe/Paris",
        Duration = NominalDuration.OfMinutes(45),
        AllDay = false,
        Attendees = [new() { Calendar = Ana, Role = AttendeeRole.Chair, Response = AttendeeResponse.Accepted },
            new() { Calendar = Ben, Role = AttendeeRole.Required, Response = AttendeeResponse.NeedsAction }],
        FreeBusyStatus = FreeBusyStatus.Busy,
        Privacy = Privacy.Public,
        App = "web",
        ManagedByApp = false,
        Originator = Ana,
        CreatedAt = Now,
        UpdatedAt = Now,
    });

    public static CommandRecord Command() =>
        new(Guid.CreateVersion7(Now.ToDateTimeOffset()), Now, Ana, "web", "save-appointments", "trace-1", "{}"u8.ToArray());

    /// <summary>Stores new appointments with all that a command leaves behind, in the open transaction.</summary>
    public static async ValueTask<long> Create(this IWriteSession session, params Booking[] bookings)
    {
        await session.Rows<IAppointmentWrites>().Save(bookings);
        return await session.Rows<ITrailWrites>().Append(Command(), [.. bookings.Select(booking => Change(ChangeKind.Created, null, booking))], []);
    }

    public static async ValueTask<long> Replace(this IWriteSession session, Booking before, Booking after)
    {
        await session.Rows<IAppointmentWrites>().Save([after]);
        return await session.Rows<ITrailWrites>().Append(Command(), [Change(ChangeKind.Modified, before, after)], []);
    }

    public static async ValueTask<long> Delete(this IWriteSession session, Booking booking)
    {
        await session.Rows<IAppointmentWrites>().Delete([booking.Appointment.Id]);
        return await session.Rows<ITrailWrites>().Append(Command(), [Change(ChangeKind.Deleted, booking, null)], []);
    }

    /// <summary>The key of a calendar, made when nobody named it before.</summary>
    public static async ValueTask<long> Key(this IWriteSession session, CalendarId id) =>
        (await session.Rows<ICalendarWrites>().Lock([id]))[id].Key;
}
