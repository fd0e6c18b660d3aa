using Kalends.Availability;

namespace Kalends.Storage.Postgres;

/// <summary>Holds: few and short-lived, so a search reads all of a calendar's that begin before the span ends.</summary>
internal sealed partial class AttendanceRows
{
    // Mostly nobody is just deciding, and the first look says so for all calendars.
    private const string HeldSql = """
        SELECT h.calendar, h.start_at, h.end_at, h.hold FROM unnest($2) WITH ORDINALITY asked (key, place)
        JOIN hold_calendar h ON h.tenant = $1 AND h.calendar = asked.key AND h.start_at < $3 AND h.end_at > $4 AND h.expires_at > $5
        WHERE EXISTS (SELECT 1 FROM hold WHERE tenant = $1 AND expires_at > $5) ORDER BY asked.place, h.start_at, h.hold
        """;

    private const string CountHoldsSql = "SELECT count(*) FROM hold WHERE tenant = $1 AND person = $2 AND expires_at > $3";

    private const string FindHoldSql = """
        SELECT person, start_at, end_at, expires_at,
            ARRAY (SELECT calendar FROM hold_calendar c WHERE c.tenant = $1 AND c.hold = $2 ORDER BY calendar)
        FROM hold WHERE tenant = $1 AND id = $2
        """;

    // A hold is used once: whoever else wants to waits, and finds it gone.
    private const string LockHoldSql = FindHoldSql + " FOR UPDATE";

    private const string SaveHoldSql = "INSERT INTO hold (tenant, id, person, start_at, end_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)";

    private const string SaveHoldCalendarsSql = """
        INSERT INTO hold_calendar (tenant, hold, calendar, start_at, end_at, expires_at)
        SELECT $1, $2, n.calendar, $4, $5, $6 FROM unnest($3) n (calendar)
        """;

    private const string DeleteHoldSql = "DELETE FROM hold WHERE tenant = $1 AND id = $2";

    // Those that somebody else is about to forget as well are left to them.
    private const string DeleteExpiredSql = """
        DELETE FROM hold WHERE tenant = $1 AND id IN (SELECT id FROM hold WHERE tenant = $1 AND expires_at <= $2 FOR UPDATE SKIP LOCKED)
        """;

    public async ValueTask<IReadOnlyList<HeldTime>> Held(IReadOnlyList<long> calendars, long from, long to, long now) => await session.All(
        session.Prepare(HeldSql).WithKeys(calendars).WithTime(to).WithTime(from).WithTime(now),
        row => new HeldTime(row.Integer(0), row.Time(1), row.Time(2), row.Guid(3)));

    public async ValueTask<long> CountHolds(CalendarId person, long now) =>
        (await session.All(session.Prepare(CountHoldsSql).With(person.Value).WithTime(now), row => row.Long(0))).Single();

    public async ValueTask<Hold?> FindHold(Guid id) => (await session.All(
        session.Prepare(session.IsWriting ? LockHoldSql : FindHoldSql).With(id),
        row => new Hold(id, new(row.Text(0)), row.Time(1), row.Time(2), row.Time(3), row.Keys(4)))).SingleOrDefault();

    /// <summary>Inserts or replaces it.</summary>
    public ValueTask SaveHold(Hold hold)
    {
        session.Later(session.Prepare(DeleteHoldSql).With(hold.Id));
        session.Later(session.Prepare(SaveHoldSql).With(hold.Id).With(hold.Person.Value).WithTime(hold.From).WithTime(hold.To).WithTime(hold.ExpiresAt));
        session.Later(session.Prepare(SaveHoldCalendarsSql).With(hold.Id).WithKeys(hold.Calendars)
            .WithTime(hold.From).WithTime(hold.To).WithTime(hold.ExpiresAt));
        return ValueTask.CompletedTask;
    }

    public async ValueTask<bool> DeleteHold(Guid id)
    {
        var deleting = session.Prepare(DeleteHoldSql).With(id);
        session.HasWritten = true;
        await session.Run(deleting);
        return deleting.Changed > 0;
    }

    public ValueTask DeleteExpiredHolds(long now)
    {
        session.Later(session.Prepare(DeleteExpiredSql).WithTime(now));
        return ValueTask.CompletedTask;
    }
}
