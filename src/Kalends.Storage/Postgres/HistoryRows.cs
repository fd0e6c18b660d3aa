using Kalends.Audit;
using NodaTime;

namespace Kalends.Storage.Postgres;

/// <summary>
/// The trail, read. Parameters of all statements: $2 the appointment and $3 its series, $4 the calendar, $5 the person, $6 the command, $7 and $8 from
/// and to; $9, $10 and $11 time, number and calendar's version of the last entry shown; $12 how many. Newest first.
/// </summary>
internal sealed class HistoryRows(PostgresSession session) : ITrailRows
{
    internal const string Columns = """
        x.seq, x.at, c.person, c.app, c.name, c.id, c.request_id, x.appointment, x.series, x.kind, x.version, x.before, x.after,
        CASE WHEN x.appointment IS NULL THEN c.data END,
        CASE WHEN x.appointment IS NULL THEN ARRAY(SELECT k.id FROM calendar k WHERE k.tenant = $1 AND k.key = ANY (x.calendars)) END,
        x.versions[array_position(x.calendars, $4)]
        """;

    private const string Fits = """
        x.at >= $7 AND x.at < $8 AND ($5 IS NULL OR c.person = $5) AND ($6 IS NULL OR c.id = $6)
        AND ($2 IS NULL OR x.appointment = $2 OR x.appointment = $3 OR x.series = $2) AND ($4 IS NULL OR $4 = ANY (x.calendars))
        """;

    // Entry by entry: planned as a join, all commands of a tenant are read for one page.
    internal const string Command = """
        CROSS JOIN LATERAL (SELECT k.* FROM command k WHERE k.tenant = $1 AND k.id = x.command AND k.at = x.at OFFSET 0) c
        """;

    private const string Order = "ORDER BY x.seq DESC LIMIT $12";

    // What only the command tells leaves it open how many of the newest entries fit.
    private const string AsMany = "CASE WHEN $5 IS NULL THEN $12 END";

    private const string OfAppointmentSql = $"""
        SELECT {Columns} FROM
            (SELECT * FROM
                (SELECT * FROM trail WHERE tenant = $1 AND appointment = $2 AND seq < $10
                 UNION ALL SELECT * FROM trail WHERE tenant = $1 AND appointment = $3 AND seq < $10
                 UNION ALL SELECT * FROM trail WHERE tenant = $1 AND series = $2 AND seq < $10) e
             WHERE e.at >= $7 AND e.at < $8 AND ($4 IS NULL OR $4 = ANY (e.calendars)) ORDER BY e.seq DESC LIMIT {AsMany}) x
        {Command} WHERE {Fits} {Order}
        """;

    private const string OfCommandSql = $"""
        SELECT {Columns} FROM trail x {Command} WHERE x.tenant = $1 AND x.command = $6 AND x.seq < $10 AND {Fits} {Order}
        """;

    // Each command has an entry at least, so that so many commands fill a page; those of one second go together, since entries are in order in it.
    private const string OfPersonSql = $"""
        WITH c AS MATERIALIZED (
            (SELECT * FROM command WHERE tenant = $1 AND person = $5 AND at >= $7 AND at < $8 AND at < $9
             ORDER BY at DESC FETCH FIRST ($12) ROWS WITH TIES)
            UNION ALL SELECT * FROM command WHERE tenant = $1 AND person = $5 AND at >= $7 AND at < $8 AND at = $9)
        SELECT {Columns} FROM c CROSS JOIN LATERAL
            (SELECT t.* FROM trail t WHERE t.tenant = $1 AND t.command = c.id AND t.at = c.at AND (c.at < $9 OR t.seq < $10)
             ORDER BY t.seq DESC LIMIT $12) x
        ORDER BY x.at DESC, x.seq DESC LIMIT $12
        """;

    // Versions of a calendar are in the order of its entries. Of what has not changed since the place, no more than a page can be on it, and those
    // that changed last ($13, all where entries may not fit).
    private const string OfCalendarSql = $"""
        SELECT {Columns} FROM
            (SELECT * FROM
                (SELECT t.* FROM
                    (SELECT appointment FROM calendar_change WHERE tenant = $1 AND calendar = $4 AND calendar_version >= $11
                     UNION ALL (SELECT appointment FROM calendar_change WHERE tenant = $1 AND calendar = $4 AND calendar_version < $11
                                ORDER BY calendar_version DESC LIMIT $13)) g
                 CROSS JOIN LATERAL (SELECT t.* FROM trail t WHERE t.tenant = $1 AND t.appointment = g.appointment AND t.seq < $10
                                     AND t.at >= $7 AND t.at < $8 OFFSET 0) t
                 UNION ALL SELECT t.* FROM trail t WHERE t.tenant = $1 AND t.appointment IS NULL AND t.seq < $10 AND t.at >= $7 AND t.at < $8) e
             WHERE $4 = ANY (e.calendars) ORDER BY e.seq DESC LIMIT {AsMany}) x
        {Command} WHERE {Fits} {Order}
        """;

    private const string LastOfSql = $"""
        SELECT {Columns} FROM unnest($2) asked (id) CROSS JOIN LATERAL
            (SELECT t.* FROM trail t WHERE t.tenant = $1 AND t.appointment = asked.id AND t.at <= $3 ORDER BY t.seq DESC LIMIT 1) x
        {Command}
        """;

    private const string FirstOfSql = $"""
        SELECT {Columns} FROM unnest($2) asked (id) CROSS JOIN LATERAL
            (SELECT t.* FROM trail t WHERE t.tenant = $1 AND t.appointment = asked.id AND t.at > $3 ORDER BY t.seq LIMIT 1) x
        {Command}
        """;

    private const string WithVersionSql = $"""
        SELECT {Columns} FROM unnest($2, $3) asked (id, version) CROSS JOIN LATERAL
            (SELECT t.* FROM trail t WHERE t.tenant = $1 AND t.appointment = asked.id AND t.version = asked.version AND t.after IS NOT NULL
             ORDER BY t.seq DESC LIMIT 1) x
        {Command}
        """;

    private const string LastOfOccurrencesSql = $"""
        SELECT {Columns} FROM
            (SELECT DISTINCT ON (t.appointment) t.* FROM trail t WHERE t.tenant = $1 AND t.series = $2 AND t.seq <= $3 AND t.at <= $5
             ORDER BY t.appointment, t.seq DESC) x
        {Command}
        """;

    private const string FirstOfOccurrencesSql = $"""
        SELECT {Columns} FROM
            (SELECT DISTINCT ON (t.appointment) t.* FROM trail t WHERE t.tenant = $1 AND t.series = $2 AND (t.seq > $3 OR t.at > $5)
             ORDER BY t.appointment, t.seq) x
        {Command}
        """;

    public async ValueTask<IReadOnlyDictionary<Guid, TrailEntry>> LastOf(IReadOnlyCollection<Guid> appointments, long until) => ById(
        await session.All(session.Prepare(LastOfSql).WithAll(appointments).WithTime(until).WithInteger(null), Entry));

    public async ValueTask<IReadOnlyDictionary<Guid, TrailEntry>> FirstOf(IReadOnlyCollection<Guid> appointments, long after) => ById(
        await session.All(session.Prepare(FirstOfSql).WithAll(appointments).WithTime(after).WithInteger(null), Entry));

    public async ValueTask<IReadOnlyDictionary<Guid, TrailEntry>> WithVersion(IReadOnlyDictionary<Guid, long> versions) => ById(
        await session.All(session.Prepare(WithVersionSql).WithAll(versions.Keys).WithAll(versions.Values).WithInteger(null), Entry));

    public async ValueTask<IReadOnlyList<TrailEntry>> LastOfOccurrences(Guid series, TrailCut cut) => await session.All(
        session.Prepare(LastOfOccurrencesSql).With(series).With(cut.Seq).WithInteger(null).WithTime(cut.At), Entry);

    public async ValueTask<IReadOnlyList<TrailEntry>> FirstOfOccurrences(Guid series, TrailCut cut) => await session.All(
        session.Prepare(FirstOfOccurrencesSql).With(series).With(cut.Seq).WithInteger(null).WithTime(cut.At), Entry);

    public async ValueTask<IReadOnlyList<TrailEntry>> Page(TrailQuestion asked, TrailPlace? after, int limit)
    {
        var place = after ?? new(long.MaxValue, long.MaxValue, long.MaxValue);
        var statement = session.Prepare(Sql(asked)).With(asked.Appointment).With(asked.Series).WithInteger(asked.Calendar).With(asked.Person?.Value)
            .With(asked.Command).WithTime(asked.From).WithTime(asked.To).WithTime(place.At).With(place.Seq).With(place.Version).With((long)limit)
            .With(asked.Person is null && (asked.From, asked.To) == (long.MinValue, long.MaxValue) ? limit : long.MaxValue);
        return await session.All(statement, Entry);
    }

    private static Dictionary<Guid, TrailEntry> ById(List<TrailEntry> entries) => entries.ToDictionary(entry => entry.Appointment!.Value);

    private static string Sql(TrailQuestion asked) => asked switch
    {
        { Command: not null } => OfCommandSql,
        { Appointment: not null } => OfAppointmentSql,
        { Calendar: not null } => OfCalendarSql,
        _ => OfPersonSql,
    };

    internal static TrailEntry Entry(Row row) => new()
    {
        Seq = row.Long(0),
        At = Instant.FromUnixTimeSeconds(row.Time(1)),
        By = new(row.Text(2)),
        App = row.Text(3),
        Command = row.Text(4),
        CommandId = row.Guid(5),
        RequestId = row.TextOrNull(6),
        Appointment = row.GuidOrNull(7),
        Series = row.GuidOrNull(8),
        Kind = row.TextOrNull(9) switch { null => null, "created" => ChangeKind.Created, "modified" => ChangeKind.Modified, _ => ChangeKind.Deleted },
        Version = row.IsNull(10) ? null : row.Integer(10),
        Before = row.IsNull(11) ? null : row.Bytes(11),
        After = row.IsNull(12) ? null : row.Bytes(12),
        Data = row.IsNull(13) ? null : row.Bytes(13),
        Calendars = row.IsNull(14) ? [] : [.. row.TextArray(14).Select(id => new CalendarId(id))],
        CalendarVersion = row.IsNull(15) ? 0 : row.Long(15),
    };
}
