using Kalends.Appointments;

namespace Kalends.Storage.Postgres;

/// <summary>The change log, read in the order of the calendar's versions.</summary>
internal sealed class ChangeRows(PostgresSession session) : IChangeRows
{
    private const string SinceSql = """
        SELECT calendar_version, appointment, version, created_with, deleted FROM calendar_change
        WHERE tenant = $1 AND calendar = $2 AND calendar_version > $3 ORDER BY calendar_version LIMIT $4
        """;

    private const string ChangedSinceSql = """
        SELECT DISTINCT g.appointment FROM unnest($2, $3) m (calendar, version) CROSS JOIN LATERAL
            (SELECT appointment FROM calendar_change WHERE tenant = $1 AND calendar = m.calendar AND calendar_version > m.version) g
        """;

    // The first change after the moment knows what was there at the moment.
    private const string AsOfSql = """
        SELECT asked.id, t.before FROM unnest($2) asked (id) CROSS JOIN LATERAL
            (SELECT x.before FROM trail x WHERE x.tenant = $1 AND x.appointment = asked.id
               AND EXISTS (SELECT 1 FROM unnest(x.calendars, x.versions) p (calendar, version)
                           JOIN unnest($3, $4) m (calendar, version) ON m.calendar = p.calendar AND p.version > m.version)
             ORDER BY x.seq LIMIT 1) t
        WHERE t.before IS NOT NULL
        """;

    // Among the last changes of appointments, from the newest on; and after that, what is not the last change of its appointment. Looks at what has
    // changed since, not at the calendar's past. What was dropped was begun before any moment that may be asked for.
    private const string VersionsAtSql = """
        SELECT m.calendar, greatest(l.version, e.version, d.counted_from, 0) FROM unnest($2) m (calendar)
        LEFT JOIN LATERAL (SELECT c.counted_from FROM calendar c JOIN trail_dropped d ON d.tenant = c.tenant
             WHERE c.tenant = $1 AND c.key = m.calendar) d ON true
        LEFT JOIN LATERAL (SELECT g.calendar_version AS version FROM calendar_change g WHERE g.tenant = $1 AND g.calendar = m.calendar
             AND NOT EXISTS (SELECT 1 FROM trail x WHERE x.tenant = $1 AND x.appointment = g.appointment AND x.at > $3
                             AND x.versions[array_position(x.calendars, m.calendar)] = g.calendar_version)
             ORDER BY g.calendar_version DESC LIMIT 1) l ON true
        LEFT JOIN LATERAL (SELECT max(x.versions[array_position(x.calendars, m.calendar)]) AS version
             FROM calendar_change g CROSS JOIN LATERAL
                (SELECT t.calendars, t.versions FROM trail t WHERE t.tenant = $1 AND t.appointment = g.appointment AND t.at <= $3) x
             WHERE g.tenant = $1 AND g.calendar = m.calendar AND g.calendar_version > coalesce(l.version, 0)) e ON true
        """;

    private const string LastSaidSql = """
        SELECT asked.id, t.said FROM unnest($2) asked (id) CROSS JOIN LATERAL
            (SELECT coalesce(x.after, x.before) AS said FROM trail x WHERE x.tenant = $1 AND x.appointment = asked.id ORDER BY x.seq DESC LIMIT 1) t
        WHERE t.said IS NOT NULL
        """;

    private const string BetweenSql = """
        SELECT x.appointment, x.after FROM trail x WHERE x.tenant = $1 AND x.appointment = ANY ($2) AND x.after IS NOT NULL
          AND EXISTS (SELECT 1 FROM unnest(x.calendars, x.versions) p (calendar, version) WHERE p.calendar = $3 AND p.version > $4 AND p.version <= $5)
        """;

    public async ValueTask<IReadOnlyList<ChangedAppointment>> Since(long calendar, long version, int limit) => await session.All(
        session.Prepare(SinceSql).WithInteger(calendar).With(version).With((long)limit),
        row => new ChangedAppointment(row.Long(0), row.Guid(1), row.Integer(2), row.Long(3), row.Bool(4)));

    public async ValueTask<IReadOnlySet<Guid>> ChangedSince(IReadOnlyDictionary<long, long> versions) =>
        (await session.All(session.Prepare(ChangedSinceSql).WithKeys(versions.Keys).WithAll(versions.Values), row => row.Guid(0))).ToHashSet();

    public async ValueTask<IReadOnlyDictionary<Guid, byte[]>> AsOf(IReadOnlyCollection<Guid> appointments, IReadOnlyDictionary<long, long> versions) =>
        (await session.All(
            session.Prepare(AsOfSql).WithAll(appointments).WithKeys(versions.Keys).WithAll(versions.Values), row => (Id: row.Guid(0), Said: row.Bytes(1))))
            .ToDictionary(pair => pair.Id, pair => pair.Said);

    public async ValueTask<IReadOnlyDictionary<long, long>> VersionsAt(IReadOnlyCollection<long> calendars, long instant) =>
        (await session.All(
            session.Prepare(VersionsAtSql).WithKeys(calendars).WithTime(instant), row => (Calendar: (long)row.Integer(0), Version: row.Long(1))))
            .ToDictionary(pair => pair.Calendar, pair => pair.Version);

    public async ValueTask<IReadOnlyDictionary<Guid, byte[]>> LastSaid(IReadOnlyCollection<Guid> appointments) => appointments.Count == 0
        ? new Dictionary<Guid, byte[]>()
        : (await session.All(session.Prepare(LastSaidSql).WithAll(appointments), row => (Id: row.Guid(0), Said: row.Bytes(1))))
            .ToDictionary(pair => pair.Id, pair => pair.Said);

    public async ValueTask<IReadOnlyList<(Guid Appointment, byte[] Said)>> Between(
        IReadOnlyCollection<Guid> appointments, long calendar, long after, long until) => await session.All(
        session.Prepare(BetweenSql).WithAll(appointments).WithInteger(calendar).With(after).With(until), row => (row.Guid(0), row.Bytes(1)));
}
