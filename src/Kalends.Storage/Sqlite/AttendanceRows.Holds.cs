using Kalends.Availability;

namespace Kalends.Storage.Sqlite;

/// <summary>Holds: few and short-lived, so a search reads all of a calendar's that begin before the span ends.</summary>
internal sealed partial class AttendanceRows
{
    private const string HeldSql = """
        SELECT start_at, end_at, hold FROM hold_calendar
        WHERE tenant = ?1 AND calendar = ?2 AND start_at < ?3 AND end_at > ?4 AND expires_at > ?5 ORDER BY start_at, hold
        """;

    private const string AnyHoldSql = "SELECT 1 FROM hold WHERE tenant = ?1 AND expires_at > ?2 LIMIT 1";

    private const string CountHoldsSql = "SELECT count(*) FROM hold WHERE tenant = ?1 AND person = ?2 AND expires_at > ?3";

    private const string FindHoldSql = "SELECT person, start_at, end_at, expires_at FROM hold WHERE tenant = ?1 AND id = ?2";

    private const string HoldCalendarsSql = "SELECT calendar FROM hold_calendar WHERE tenant = ?1 AND hold = ?2 ORDER BY calendar";

    private const string SaveHoldSql = "INSERT INTO hold (tenant, id, person, start_at, end_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

    private const string SaveHoldCalendarSql =
        "INSERT INTO hold_calendar (tenant, hold, calendar, start_at, end_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

    private const string DeleteHoldSql = "DELETE FROM hold WHERE tenant = ?1 AND id = ?2";

    private const string DeleteExpiredSql = "DELETE FROM hold WHERE tenant = ?1 AND expires_at <= ?2";

    public ValueTask<IReadOnlyList<HeldTime>> Held(IReadOnlyList<long> calendars, long from, long to, long now)
    {
        var held = new List<HeldTime>();
        if (!session.Prepare(AnyHoldSql).With(now).Step())
        {
            // Mostly nobody is just deciding, and one look says so for all calendars.
            return ValueTask.FromResult<IReadOnlyList<HeldTime>>(held);
        }

        foreach (var calendar in calendars)
        {
            var rows = session.Prepare(HeldSql).With(calendar).With(to).With(from).With(now);
            while (rows.Step())
            {
                held.Add(new(calendar, rows.Long(0), rows.Long(1), rows.Guid(2)));
            }
        }

        return ValueTask.FromResult<IReadOnlyList<HeldTime>>(held);
    }

    public ValueTask<long> CountHolds(CalendarId person, long now)
    {
        var row = session.Prepare(CountHoldsSql).With(person.Value).With(now);
        return ValueTask.FromResult(row.Step() ? row.Long(0) : 0);
    }

    public ValueTask<Hold?> FindHold(Guid id)
    {
        var calendars = new List<long>();
        var rows = session.Prepare(HoldCalendarsSql).With(id);
        while (rows.Step())
        {
            calendars.Add(rows.Long(0));
        }

        var row = session.Prepare(FindHoldSql).With(id);
        return ValueTask.FromResult(row.Step()
            ? new Hold(id, new(row.Text(0)), row.Long(1), row.Long(2), row.Long(3), calendars)
            : null);
    }

    /// <summary>Inserts or replaces it.</summary>
    public ValueTask SaveHold(Hold hold)
    {
        session.Prepare(DeleteHoldSql).With(hold.Id).Run();
        session.Prepare(SaveHoldSql).With(hold.Id).With(hold.Person.Value).With(hold.From).With(hold.To).With(hold.ExpiresAt).Run();
        foreach (var calendar in hold.Calendars)
        {
            session.Prepare(SaveHoldCalendarSql).With(hold.Id).With(calendar).With(hold.From).With(hold.To).With(hold.ExpiresAt).Run();
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<bool> DeleteHold(Guid id) => ValueTask.FromResult(session.Prepare(DeleteHoldSql).With(id).Run() > 0);

    public ValueTask DeleteExpiredHolds(long now)
    {
        session.Prepare(DeleteExpiredSql).With(now).Run();
        return ValueTask.CompletedTask;
    }
}
