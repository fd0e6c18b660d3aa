using Kalends.Availability;

namespace Kalends.Storage.Postgres;

/// <summary>
/// Overlap searches on the narrow rows of attendance, for all calendars in one statement: of each a plain range scan that begins one day before
/// the span, and from their own index the few rows longer than a day that began before that. Both read the index alone.
/// </summary>
internal sealed partial class AttendanceRows(PostgresSession session) : IAttendanceWrites
{
    /// <summary>Seconds. The range scan finds what lasts at most this long; the partial index says the same number.</summary>
    private const long Day = 86_400;

    private const string Columns = "a.calendar, a.start_at, a.end_at, a.appointment, a.busy, a.privacy, a.owner, a.all_day";

    // $3 where the span begins, $4 a day before, $5 where it ends. A row of no length stands on its start, and counts when that lies in the
    // span (see Timespan.Overlaps).
    private const string Short = """
        FROM attendance WHERE tenant = $1 AND calendar = asked.key AND start_at >= $4 AND start_at < $5 AND (end_at > $3 OR start_at = $3)
        """;

    private const string Long = """
        FROM attendance WHERE tenant = $1 AND calendar = asked.key AND start_at < $4 AND end_at > $3 AND end_at - start_at > '24:00:00'::interval
        """;

    private const string Blocking = "AND busy <> 'f' AND end_at > start_at";

    private const string Asked = "FROM unnest($2) WITH ORDINALITY asked (key, place) CROSS JOIN LATERAL";

    private const string InOrder = "ORDER BY asked.place, a.start_at, a.end_at, a.appointment";

    private const string AnySql = $"SELECT {Columns} {Asked} (SELECT * {Long} UNION ALL SELECT * {Short}) a {InOrder}";

    private const string BlockingSql = $"SELECT {Columns} {Asked} (SELECT * {Long} {Blocking} UNION ALL SELECT * {Short} {Blocking}) a {InOrder}";

    private const string ScanSql = $"""
        SELECT a.calendar, a.start_at, a.end_at, a.busy, a.privacy, a.owner
        {Asked} (SELECT * {Long} {Blocking} UNION ALL SELECT * {Short} {Blocking}) a {InOrder}
        """;

    private const string AllDaySql =
        $"SELECT {Columns} FROM attendance a WHERE tenant = $1 AND calendar = $2 AND all_day ORDER BY start_at, end_at, appointment";

    // An occurrence that was not changed by itself has its series' title. Asked for row by row: a join would read the whole table while the
    // database does not know yet how large it has become.
    private const string TitlesSql = """
        SELECT id, title FROM
            (SELECT id, CASE WHEN series IS NULL OR detached THEN title
                ELSE (SELECT m.title FROM appointment m WHERE m.tenant = $1 AND m.id = p.series) END AS title
             FROM appointment p WHERE tenant = $1 AND id = ANY ($2)) t
        WHERE title IS NOT NULL
        """;

    private const string MoveSql = """
        UPDATE attendance a SET start_at = m.start_at, end_at = m.end_at
        FROM unnest($2, $3, $4, $5) m (calendar, appointment, start_at, end_at) JOIN appointment p ON p.tenant = $1 AND p.id = m.appointment
        WHERE a.tenant = $1 AND a.calendar = m.calendar AND a.appointment = m.appointment
          AND a.start_at BETWEEN p.start_at - '26:00:00'::interval AND p.start_at + '26:00:00'::interval
        """;

    public async ValueTask<IReadOnlyList<Attendance>> Overlapping(IReadOnlyList<long> calendars, long from, long to, bool blockingOnly) =>
        await session.All(Search(blockingOnly ? BlockingSql : AnySql, calendars, from, to), Attendance);

    public async ValueTask Scan(IReadOnlyList<long> calendars, long from, long to, Action<BlockingTime> visit)
    {
        session.ReadBefore.Any = true;
        await session.Run(Search(ScanSql, calendars, from, to).Reading(row => visit(new(
            row.Integer(0), row.Time(1), row.Time(2), Letters.Busyness(row.Letter(3)), Letters.Privacy(row.Letter(4)), row.Integer(5)))));
    }

    public async ValueTask<IReadOnlyDictionary<Guid, string>> Titles(IReadOnlyCollection<Guid> appointments) =>
        (await session.All(session.Prepare(TitlesSql).WithAll(appointments), row => (Id: row.Guid(0), Title: row.Text(1))))
            .ToDictionary(pair => pair.Id, pair => pair.Title);

    public async ValueTask<IReadOnlyList<Attendance>> AllDay(long calendar) =>
        await session.All(session.Prepare(AllDaySql).WithInteger(calendar), Attendance);

    public ValueTask Move(IReadOnlyCollection<Attendance> attendances)
    {
        if (attendances.Count > 0)
        {
            session.Later(session.Prepare(MoveSql)
                .WithKeys(attendances.Select(row => row.Calendar)).WithAll(attendances.Select(row => row.Appointment))
                .WithTimes(attendances.Select(row => row.From)).WithTimes(attendances.Select(row => row.To)));
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>A span of no length is searched as the second that begins with it.</summary>
    private Statement Search(string sql, IEnumerable<long> calendars, long from, long to) =>
        session.Prepare(sql).WithKeys(calendars).WithTime(from).WithTime(from - Day).WithTime(Math.Max(to, from + 1));

    internal static Attendance Attendance(Row row) => new(
        row.Integer(0), row.Time(1), row.Time(2), row.Guid(3), Letters.Busyness(row.Letter(4)), Letters.Privacy(row.Letter(5)), row.Integer(6), row.Bool(7));
}
