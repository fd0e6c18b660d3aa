using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Messages;

namespace Kalends.Storage.Postgres;

/// <summary>Writing: arrays in, one statement a table, so that 5,000 appointments cost as many round trips as one.</summary>
internal sealed partial class AppointmentRows
{
    private const string ForgetAttendancesSql = $"DELETE FROM attendance a USING {Where} WHERE {Found}";

    // A version that did not grow by one means that somebody else saved under the same id in the meantime. A derived occurrence has none yet. Such
    // a version becomes null, which the table refuses: with the commit, or with whatever is asked before it.
    private const string SaveSql = $"""
        {CreateSql}
        ON CONFLICT (tenant, id) DO UPDATE SET uid = excluded.uid, owner = excluded.owner, privacy = excluded.privacy,
            start_at = excluded.start_at, end_at = excluded.end_at, all_day = excluded.all_day, title = excluded.title, body = excluded.body,
            series = excluded.series, detached = excluded.detached, calendars = excluded.calendars,
            version = CASE WHEN appointment.version = excluded.version - 1 OR (appointment.series IS NOT NULL AND NOT appointment.detached)
                THEN excluded.version END
        """;

    // A first version that is there already was made by somebody else meanwhile too, and its key is refused.
    private const string CreateSql = """
        INSERT INTO appointment (tenant, id, uid, version, owner, privacy, start_at, end_at, all_day, title, body, series, detached, calendars)
        SELECT $1, n.id, n.uid, n.version, n.owner, n.privacy::"char", n.start_at, n.end_at, n.all_day, n.title, n.body, n.series, n.detached,
            n.calendars::integer[]
        FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
            n (id, uid, version, owner, privacy, start_at, end_at, all_day, title, body, series, detached, calendars)
        """;

    private const string AttendSql = """
        INSERT INTO attendance (tenant, calendar, start_at, end_at, appointment, busy, privacy, owner, all_day)
        SELECT $1, n.calendar, n.start_at, n.end_at, n.appointment, n.busy::"char", n.privacy::"char", n.owner, n.all_day
        FROM unnest($2, $3, $4, $5, $6, $7, $8, $9) n (calendar, start_at, end_at, appointment, busy, privacy, owner, all_day)
        """;

    private const string DeleteSql = "DELETE FROM appointment WHERE tenant = $1 AND id = ANY ($2)";

    public ValueTask Save(IReadOnlyCollection<Booking> bookings)
    {
        if (bookings.Count > 0)
        {
            // A first version has none to forget; if another has made the same one meanwhile, the save itself fails.
            List<Guid> replaced = [.. bookings.Where(booking => !IsFirst(booking)).Select(booking => booking.Appointment.Id)];
            if (replaced.Count > 0)
            {
                session.Later(session.Prepare(ForgetAttendancesSql).WithAll(replaced));
            }

            foreach (var some in bookings.GroupBy(IsFirst))
            {
                session.Later(Saving(some.Key ? CreateSql : SaveSql, [.. some]));
            }

            Attend(session, bookings.SelectMany(booking => booking.Attendances));
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask Delete(IReadOnlyCollection<Guid> ids)
    {
        if (ids.Count > 0)
        {
            session.Later(session.Prepare(ForgetAttendancesSql).WithAll(ids));
            session.Later(session.Prepare(DeleteSql).WithAll(ids));
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>In the order of the index: rows that lie beside each other are written one after the other.</summary>
    public static void Attend(PostgresSession session, IEnumerable<Attendance> attendances)
    {
        List<Attendance> rows = [.. attendances.OrderBy(attendance => attendance.Calendar).ThenBy(attendance => attendance.From)];
        if (rows.Count > 0)
        {
            session.Later(session.Prepare(AttendSql)
                .WithKeys(rows.Select(row => row.Calendar)).WithTimes(rows.Select(row => row.From)).WithTimes(rows.Select(row => row.To))
                .WithAll(rows.Select(row => row.Appointment)).WithLetters(rows.Select(row => Letters.Of(row.Busyness)))
                .WithLetters(rows.Select(row => Letters.Of(row.Privacy))).WithKeys(rows.Select(row => row.Owner)).WithAll(rows.Select(row => row.AllDay)));
        }
    }

    private static bool IsFirst(Booking booking) => booking.Appointment is { Version: <= 1, Series: null };

    private Statement Saving(string constantSql, IReadOnlyCollection<Booking> bookings)
    {
        List<AppointmentRow> rows = [.. bookings.Select(booking => booking.Appointment)];
        return session.Prepare(constantSql)
            .WithAll(rows.Select(row => row.Id)).WithAll(rows.Select(row => row.Uid == UidOf(row.Id) ? null : row.Uid))
            .WithAll(rows.Select(row => row.Version)).WithKeys(rows.Select(row => row.Owner)).WithLetters(rows.Select(row => Letters.Of(row.Privacy)))
            .WithTimes(rows.Select(row => row.From)).WithTimes(rows.Select(row => row.To)).WithAll(rows.Select(row => row.AllDay))
            .WithAll(rows.Select(row => row.Title)).WithAllBytes(InBulk.Select(rows, row => Bodies.Pack(row.Json, new(row.Id, row.From, row.To, row.Series))))
            .WithAll(rows.Select(row => row.Series)).WithAll(rows.Select(row => row.Detached))
            .WithAll(bookings.Select(booking => $"{{{string.Join(',', booking.Calendars)}}}"));
    }
}
