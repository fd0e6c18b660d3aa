using Kalends.Appointments;
using Kalends.Availability;

namespace Kalends.Storage.Postgres;

/// <summary>Writing: arrays in, one statement a table, so that 5,000 appointments cost as many round trips as one.</summary>
internal sealed partial class AppointmentRows
{
    private const string ForgetAttendancesSql = "DELETE FROM attendance WHERE tenant = $1 AND appointment = ANY ($2)";

    // A version that did not grow by one means that somebody else saved under the same id in the meantime. A derived occurrence has none yet.
    private const string SaveSql = """
        INSERT INTO appointment (tenant, id, uid, version, owner, privacy, start_at, end_at, all_day, title, body, series, detached)
        SELECT $1, n.* FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) n
        ON CONFLICT (tenant, id) DO UPDATE SET uid = excluded.uid, version = excluded.version, owner = excluded.owner, privacy = excluded.privacy,
            start_at = excluded.start_at, end_at = excluded.end_at, all_day = excluded.all_day, title = excluded.title, body = excluded.body,
            series = excluded.series, detached = excluded.detached
        WHERE appointment.version = excluded.version - 1 OR (appointment.series IS NOT NULL AND NOT appointment.detached)
        """;

    private const string AttendSql = """
        INSERT INTO attendance (tenant, calendar, start_at, end_at, appointment, busy, privacy, owner, all_day)
        SELECT $1, n.* FROM unnest($2, $3, $4, $5, $6, $7, $8, $9) n
        """;

    private const string DeleteSql = "DELETE FROM appointment WHERE tenant = $1 AND id = ANY ($2)";

    public ValueTask Save(IReadOnlyCollection<Booking> bookings)
    {
        if (bookings.Count > 0)
        {
            session.Later(session.Prepare(ForgetAttendancesSql).WithAll(bookings.Select(booking => booking.Appointment.Id)));
            session.Later(Saving([.. bookings.Select(booking => booking.Appointment)]));
            Attend(session, [.. bookings.SelectMany(booking => booking.Attendances)]);
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

    public static void Attend(PostgresSession session, IReadOnlyCollection<Attendance> rows)
    {
        if (rows.Count > 0)
        {
            session.Later(session.Prepare(AttendSql)
                .WithKeys(rows.Select(row => row.Calendar)).WithTimes(rows.Select(row => row.From)).WithTimes(rows.Select(row => row.To))
                .WithAll(rows.Select(row => row.Appointment)).WithSmalls(rows.Select(row => (int)row.Busyness))
                .WithSmalls(rows.Select(row => (int)row.Privacy)).WithKeys(rows.Select(row => row.Owner)).WithAll(rows.Select(row => row.AllDay)));
        }
    }

    private Statement Saving(List<AppointmentRow> rows) => session.Prepare(SaveSql)
        .WithAll(rows.Select(row => row.Id)).WithAll(rows.Select(row => row.Uid)).WithAll(rows.Select(row => row.Version))
        .WithKeys(rows.Select(row => row.Owner)).WithSmalls(rows.Select(row => (int)row.Privacy))
        .WithTimes(rows.Select(row => row.From)).WithTimes(rows.Select(row => row.To)).WithAll(rows.Select(row => row.AllDay))
        .WithAll(rows.Select(row => row.Title)).WithJsons(rows.Select(row => row.Json))
        .WithAll(rows.Select(row => row.Series)).WithAll(rows.Select(row => row.Detached)).Changing(rows.Count);
}
