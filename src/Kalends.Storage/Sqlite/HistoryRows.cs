using System.Text.Json;
using Kalends.Audit;
using NodaTime;

namespace Kalends.Storage.Sqlite;

/// <summary>
/// The trail, read. Parameters of all statements: ?2 the appointment and ?3 its series, ?4 the calendar, ?5 the person, ?6 the command, ?7 and ?8 from
/// and to; ?9, ?10 and ?11 time, number and calendar's version of the last entry shown; ?12 how many. Newest first.
/// </summary>
internal sealed class HistoryRows(SqliteSession session) : ITrailRows
{
    internal const string Columns = """
        x.seq, c.at, c.person, c.app, c.name, c.id, c.request_id, x.appointment, x.series, x.kind, x.version, x.before, x.after,
        CASE WHEN x.appointment IS NULL THEN c.data END,
        CASE WHEN x.appointment IS NULL THEN (SELECT json_group_array(k.id) FROM json_each(x.versions) v
            CROSS JOIN calendar k ON k.tenant = ?1 AND k.key = CAST(v.key AS INTEGER)) END,
        (SELECT v.value FROM json_each(x.versions) v WHERE v.key = CAST(?4 AS TEXT))
        """;

    private const string Fits = """
        c.at >= ?7 AND c.at < ?8 AND (?5 IS NULL OR c.person = ?5) AND (?6 IS NULL OR c.id = ?6)
        AND (?2 IS NULL OR x.appointment = ?2 OR x.appointment = ?3 OR x.series = ?2)
        AND (?4 IS NULL OR EXISTS (SELECT 1 FROM json_each(x.versions) v WHERE v.key = CAST(?4 AS TEXT)))
        """;

    private const string Entries = """
        CROSS JOIN trail x ON x.seq = place CROSS JOIN command c ON c.tenant = ?1 AND c.id = x.command
        """;

    private const string OfAppointmentSql = $"""
        SELECT {Columns} FROM
            (SELECT seq AS place FROM trail WHERE tenant = ?1 AND appointment = ?2 AND seq < ?10
             UNION SELECT seq FROM trail WHERE tenant = ?1 AND appointment = ?3 AND seq < ?10
             UNION SELECT seq FROM trail WHERE tenant = ?1 AND series = ?2 AND seq < ?10)
        {Entries} WHERE {Fits} ORDER BY x.seq DESC LIMIT ?12
        """;

    private const string OfCommandSql = $"""
        SELECT {Columns} FROM (SELECT seq AS place FROM trail WHERE tenant = ?1 AND command = ?6 AND seq < ?10)
        {Entries} WHERE {Fits} ORDER BY x.seq DESC LIMIT ?12
        """;

    private const string OfPersonSql = $"""
        SELECT {Columns} FROM command c CROSS JOIN trail x ON x.tenant = ?1 AND x.command = c.id
        WHERE c.tenant = ?1 AND c.person = ?5 AND c.at <= ?9 AND (c.at < ?9 OR x.seq < ?10) AND {Fits} ORDER BY c.at DESC, x.seq DESC LIMIT ?12
        """;

    // Versions of a calendar are in the order of its entries. Of what has not changed since the place, no more than a page can be on it, and those
    // that changed last (?13, all where entries may not fit).
    private const string OfCalendarSql = $"""
        SELECT {Columns} FROM
            (SELECT t.seq AS place FROM
                (SELECT appointment AS changed FROM calendar_change WHERE tenant = ?1 AND calendar = ?4 AND seq >= ?11
                 UNION ALL SELECT changed FROM
                    (SELECT appointment AS changed FROM calendar_change WHERE tenant = ?1 AND calendar = ?4 AND seq < ?11 ORDER BY seq DESC LIMIT ?13))
             CROSS JOIN trail t ON t.tenant = ?1 AND t.appointment = changed AND t.seq < ?10
             UNION ALL SELECT t.seq FROM trail t WHERE t.tenant = ?1 AND t.appointment IS NULL AND t.seq < ?10)
        {Entries} WHERE {Fits} ORDER BY x.seq DESC LIMIT ?12
        """;

    private const string LastOfSql = $"""
        SELECT {Columns} FROM
            (SELECT t.seq AS place FROM trail t CROSS JOIN command k ON k.tenant = ?1 AND k.id = t.command
             WHERE t.tenant = ?1 AND t.appointment = ?2 AND k.at <= ?3 ORDER BY t.seq DESC LIMIT 1)
        {Entries}
        """;

    private const string FirstOfSql = $"""
        SELECT {Columns} FROM
            (SELECT t.seq AS place FROM trail t CROSS JOIN command k ON k.tenant = ?1 AND k.id = t.command
             WHERE t.tenant = ?1 AND t.appointment = ?2 AND k.at > ?3 ORDER BY t.seq LIMIT 1)
        {Entries}
        """;

    private const string WithVersionSql = $"""
        SELECT {Columns} FROM
            (SELECT t.seq AS place FROM trail t
             WHERE t.tenant = ?1 AND t.appointment = ?2 AND t.version = ?3 AND t.after IS NOT NULL ORDER BY t.seq DESC LIMIT 1)
        {Entries}
        """;

    private const string LastOfOccurrencesSql = $"""
        SELECT {Columns} FROM
            (SELECT max(t.seq) AS place FROM trail t CROSS JOIN command k ON k.tenant = ?1 AND k.id = t.command
             WHERE t.tenant = ?1 AND t.series = ?2 AND t.seq <= ?3 AND k.at <= ?5 GROUP BY t.appointment)
        {Entries}
        """;

    private const string FirstOfOccurrencesSql = $"""
        SELECT {Columns} FROM
            (SELECT min(t.seq) AS place FROM trail t CROSS JOIN command k ON k.tenant = ?1 AND k.id = t.command
             WHERE t.tenant = ?1 AND t.series = ?2 AND (t.seq > ?3 OR k.at > ?5) GROUP BY t.appointment)
        {Entries}
        """;

    public ValueTask<IReadOnlyDictionary<Guid, TrailEntry>> LastOf(IReadOnlyCollection<Guid> appointments, long until) =>
        Each(appointments.Select(id => session.Prepare(LastOfSql).With(id).With(until).WithNull()));

    public ValueTask<IReadOnlyDictionary<Guid, TrailEntry>> FirstOf(IReadOnlyCollection<Guid> appointments, long after) =>
        Each(appointments.Select(id => session.Prepare(FirstOfSql).With(id).With(after).WithNull()));

    public ValueTask<IReadOnlyDictionary<Guid, TrailEntry>> WithVersion(IReadOnlyDictionary<Guid, long> versions) =>
        Each(versions.Select(pair => session.Prepare(WithVersionSql).With(pair.Key).With(pair.Value).WithNull()));

    public ValueTask<IReadOnlyList<TrailEntry>> LastOfOccurrences(Guid series, TrailCut cut) => ValueTask.FromResult<IReadOnlyList<TrailEntry>>(
        All(session.Prepare(LastOfOccurrencesSql).With(series).With(cut.Seq).WithNull().With(cut.At)));

    public ValueTask<IReadOnlyList<TrailEntry>> FirstOfOccurrences(Guid series, TrailCut cut) => ValueTask.FromResult<IReadOnlyList<TrailEntry>>(
        All(session.Prepare(FirstOfOccurrencesSql).With(series).With(cut.Seq).WithNull().With(cut.At)));

    public ValueTask<IReadOnlyList<TrailEntry>> Page(TrailQuestion asked, TrailPlace? after, int limit)
    {
        var (sql, isOfCalendar) = (Sql(asked), asked.Command is null && asked.Appointment is null && asked.Calendar is not null);
        var place = after ?? new(long.MaxValue, long.MaxValue, long.MaxValue);
        var rows = session.Prepare(sql).With(asked.Appointment).With(asked.Series).With(asked.Calendar).With(asked.Person?.Value).With(asked.Command)
            .With(asked.From).With(asked.To).With(place.At).With(place.Seq).With(place.Version).With(limit);
        if (isOfCalendar)
        {
            rows.With(asked.Person is null && (asked.From, asked.To) == (long.MinValue, long.MaxValue) ? limit : long.MaxValue);
        }

        return ValueTask.FromResult<IReadOnlyList<TrailEntry>>(All(rows));
    }

    private static ValueTask<IReadOnlyDictionary<Guid, TrailEntry>> Each(IEnumerable<Statement> statements) =>
        ValueTask.FromResult<IReadOnlyDictionary<Guid, TrailEntry>>(statements.SelectMany(All).ToDictionary(entry => entry.Appointment!.Value));

    private static List<TrailEntry> All(Statement rows)
    {
        var found = new List<TrailEntry>();
        while (rows.Step())
        {
            found.Add(Entry(rows));
        }

        return found;
    }

    private static string Sql(TrailQuestion asked) => asked switch
    {
        { Command: not null } => OfCommandSql,
        { Appointment: not null } => OfAppointmentSql,
        { Calendar: not null } => OfCalendarSql,
        _ => OfPersonSql,
    };

    internal static TrailEntry Entry(Statement row) => new()
    {
        Seq = row.Long(0),
        At = Instant.FromUnixTimeSeconds(row.Long(1)),
        By = new(row.Text(2)),
        App = row.Text(3),
        Command = row.Text(4),
        CommandId = row.Guid(5),
        RequestId = row.TextOrNull(6),
        Appointment = row.GuidOrNull(7),
        Series = row.GuidOrNull(8),
        Kind = row.TextOrNull(9) switch { null => null, "created" => ChangeKind.Created, "modified" => ChangeKind.Modified, _ => ChangeKind.Deleted },
        Version = row.IsNull(10) ? null : row.Long(10),
        Before = row.IsNull(11) ? null : row.Bytes(11),
        After = row.IsNull(12) ? null : row.Bytes(12),
        Data = row.IsNull(13) ? null : row.Bytes(13),
        Calendars = row.IsNull(14) ? [] : [.. JsonSerializer.Deserialize<string[]>(row.Bytes(14))!.Select(id => new CalendarId(id))],
        CalendarVersion = row.IsNull(15) ? 0 : row.Long(15),
    };
}
