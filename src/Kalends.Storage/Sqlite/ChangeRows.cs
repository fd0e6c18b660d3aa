using Kalends.Appointments;

namespace Kalends.Storage.Sqlite;

/// <summary>The change log, read in the order of the calendar's versions.</summary>
internal sealed class ChangeRows(SqliteSession session) : IChangeRows
{
    private const string SinceSql = """
        SELECT seq, appointment, version, created_seq, deleted FROM calendar_change
        WHERE tenant = ?1 AND calendar = ?2 AND seq > ?3 ORDER BY seq LIMIT ?4
        """;

    private const string ChangedSinceSql = """
        SELECT DISTINCT g.appointment FROM json_each(?2) m CROSS JOIN calendar_change g
        WHERE g.tenant = ?1 AND g.calendar = CAST(m.key AS INTEGER) AND g.seq > m.value
        """;

    // The first change after the moment knows what was there at the moment.
    private const string AsOfSql = """
        SELECT x.before FROM trail x WHERE x.tenant = ?1 AND x.appointment = ?2
          AND EXISTS (SELECT 1 FROM json_each(x.versions) p JOIN json_each(?3) m ON m.key = p.key WHERE p.value > m.value)
        ORDER BY x.seq LIMIT 1
        """;

    // Among the last changes of appointments, from the newest on: looks at what has changed since, not at the calendar's past.
    private const string LastChangeAtSql = """
        SELECT g.seq FROM calendar_change g WHERE g.tenant = ?1 AND g.calendar = ?2
          AND NOT EXISTS (SELECT 1 FROM trail x CROSS JOIN command c ON c.tenant = ?1 AND c.id = x.command
              WHERE x.tenant = ?1 AND x.appointment = g.appointment AND c.at > ?3
                AND EXISTS (SELECT 1 FROM json_each(x.versions) p WHERE p.key = CAST(?2 AS TEXT) AND p.value = g.seq))
        ORDER BY g.seq DESC LIMIT 1
        """;

    // What came after that and is not the last change of its appointment.
    private const string EarlierChangeAtSql = """
        SELECT max(p.value) FROM calendar_change g CROSS JOIN trail x ON x.tenant = ?1 AND x.appointment = g.appointment
        CROSS JOIN command c ON c.tenant = ?1 AND c.id = x.command CROSS JOIN json_each(x.versions) p
        WHERE g.tenant = ?1 AND g.calendar = ?2 AND g.seq > ?4 AND c.at <= ?3 AND p.key = CAST(?2 AS TEXT)
        """;

    // What was dropped was begun before any moment that may be asked for.
    private const string DroppedSql =
        "SELECT c.counted_from FROM calendar c CROSS JOIN trail_dropped d ON d.tenant = ?1 WHERE c.tenant = ?1 AND c.key = ?2";

    private const string LastSaidSql =
        "SELECT coalesce(after, before) FROM trail WHERE tenant = ?1 AND appointment = ?2 ORDER BY seq DESC LIMIT 1";

    private const string BetweenSql = """
        SELECT x.after FROM trail x WHERE x.tenant = ?1 AND x.appointment = ?2 AND x.after IS NOT NULL
          AND EXISTS (SELECT 1 FROM json_each(x.versions) p WHERE p.key = CAST(?3 AS TEXT) AND p.value > ?4 AND p.value <= ?5)
        """;

    public ValueTask<IReadOnlyList<ChangedAppointment>> Since(long calendar, long version, int limit)
    {
        var changes = new List<ChangedAppointment>();
        var rows = session.Prepare(SinceSql).With(calendar).With(version).With(limit);
        while (rows.Step())
        {
            changes.Add(new(rows.Long(0), rows.Guid(1), rows.Long(2), rows.Long(3), rows.Bool(4)));
        }

        return ValueTask.FromResult<IReadOnlyList<ChangedAppointment>>(changes);
    }

    public ValueTask<IReadOnlySet<Guid>> ChangedSince(IReadOnlyDictionary<long, long> versions)
    {
        var changed = new HashSet<Guid>();
        var rows = session.Prepare(ChangedSinceSql).WithJson(Moment(versions));
        while (rows.Step())
        {
            changed.Add(rows.Guid(0));
        }

        return ValueTask.FromResult<IReadOnlySet<Guid>>(changed);
    }

    public ValueTask<IReadOnlyDictionary<Guid, byte[]>> AsOf(IReadOnlyCollection<Guid> appointments, IReadOnlyDictionary<long, long> versions)
    {
        var found = new Dictionary<Guid, byte[]>(appointments.Count);
        var moment = Moment(versions);
        foreach (var appointment in appointments)
        {
            var row = session.Prepare(AsOfSql).With(appointment).WithJson(moment);
            if (row.Step() && !row.IsNull(0))
            {
                found[appointment] = row.Bytes(0);
            }
        }

        return ValueTask.FromResult<IReadOnlyDictionary<Guid, byte[]>>(found);
    }

    public ValueTask<IReadOnlyDictionary<long, long>> VersionsAt(IReadOnlyCollection<long> calendars, long instant)
    {
        var found = new Dictionary<long, long>(calendars.Count);
        foreach (var calendar in calendars)
        {
            var last = session.Prepare(LastChangeAtSql).With(calendar).With(instant);
            found[calendar] = last.Step() ? last.Long(0) : 0;
            var earlier = session.Prepare(EarlierChangeAtSql).With(calendar).With(instant).With(found[calendar]);
            found[calendar] = earlier.Step() && !earlier.IsNull(0) ? Math.Max(found[calendar], earlier.Long(0)) : found[calendar];
            var dropped = session.Prepare(DroppedSql).With(calendar);
            found[calendar] = dropped.Step() ? Math.Max(found[calendar], dropped.Long(0)) : found[calendar];
        }

        return ValueTask.FromResult<IReadOnlyDictionary<long, long>>(found);
    }

    public ValueTask<IReadOnlyDictionary<Guid, byte[]>> LastSaid(IReadOnlyCollection<Guid> appointments)
    {
        var found = new Dictionary<Guid, byte[]>();
        foreach (var appointment in appointments)
        {
            var row = session.Prepare(LastSaidSql).With(appointment);
            if (row.Step() && !row.IsNull(0))
            {
                found[appointment] = row.Bytes(0);
            }
        }

        return ValueTask.FromResult<IReadOnlyDictionary<Guid, byte[]>>(found);
    }

    public ValueTask<IReadOnlyList<(Guid Appointment, byte[] Said)>> Between(
        IReadOnlyCollection<Guid> appointments, long calendar, long after, long until)
    {
        var found = new List<(Guid, byte[])>();
        foreach (var appointment in appointments)
        {
            var rows = session.Prepare(BetweenSql).With(appointment).With(calendar).With(after).With(until);
            while (rows.Step())
            {
                found.Add((appointment, rows.Bytes(0)));
            }
        }

        return ValueTask.FromResult<IReadOnlyList<(Guid Appointment, byte[] Said)>>(found);
    }

    private static byte[] Moment(IReadOnlyDictionary<long, long> versions) => TrailRows.Json(versions.Select(pair => (pair.Key, pair.Value)));
}
