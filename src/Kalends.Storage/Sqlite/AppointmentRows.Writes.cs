using Kalends.Appointments;
using Kalends.Availability;

namespace Kalends.Storage.Sqlite;

internal sealed partial class AppointmentRows
{
    private const string SaveSql = """
        INSERT INTO appointment (tenant, id, uid, version, owner, privacy, start_at, end_at, all_day, title, body, series, detached)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
        ON CONFLICT (tenant, id) DO UPDATE SET uid = ?3, version = ?4, owner = ?5, privacy = ?6,
            start_at = ?7, end_at = ?8, all_day = ?9, title = ?10, body = ?11, series = ?12, detached = ?13
        """;

    private const string ForgetAttendancesSql = "DELETE FROM attendance WHERE tenant = ?1 AND appointment = ?2";

    private const string AttendSql = """
        INSERT INTO attendance (tenant, calendar, start_at, appointment, end_at, busy, privacy, owner, all_day)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
        """;

    private const string DeleteSql = "DELETE FROM appointment WHERE tenant = ?1 AND id = ?2";

    public ValueTask Save(IReadOnlyCollection<Booking> bookings)
    {
        foreach (var (appointment, attendances) in bookings)
        {
            Save(appointment);
            session.Prepare(ForgetAttendancesSql).With(appointment.Id).Run();
            foreach (var attendance in attendances)
            {
                Attend(session, attendance);
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Their attendances go with them (ON DELETE CASCADE).</summary>
    public ValueTask Delete(IReadOnlyCollection<Guid> ids)
    {
        foreach (var id in ids)
        {
            session.Prepare(DeleteSql).With(id).Run();
        }

        return ValueTask.CompletedTask;
    }

    public static void Attend(SqliteSession session, Attendance attendance) => session.Prepare(AttendSql)
        .With(attendance.Calendar).With(attendance.From).With(attendance.Appointment).With(attendance.To)
        .With((long)attendance.Busyness).With((long)attendance.Privacy).With(attendance.Owner).With(attendance.AllDay).Run();

    private void Save(AppointmentRow row) => session.Prepare(SaveSql)
        .With(row.Id).With(row.Uid).With(row.Version).With(row.Owner).With((long)row.Privacy)
        .With(row.From).With(row.To).With(row.AllDay).With(row.Title).WithJson(row.Json).With(row.Series).With(row.Detached).Run();
}
