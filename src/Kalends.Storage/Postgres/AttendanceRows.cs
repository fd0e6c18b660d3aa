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

    public const int ShownAppointment = 8;

    public const int ShownSeries = ShownAppointment + AppointmentRows.ColumnCount;

    // $3 where the span begins, $4 a day before, $5 where it ends. A row of no length stands on its start, and counts when that lies in the
    // span (see Timespan.Overlaps).
    private const string Short = $"""
        FROM attendance WHERE tenant = $1 AND calendar = asked.key AND start_at >= {Unseen.Fourth} AND start_at < {Unseen.Fifth}
            AND (end_at > {Unseen.Third} OR start_at = {Unseen.Third})
        """;

    private const string Long = $"""
        FROM attendance WHERE tenant = $1 AND calendar = asked.key AND start_at < {Unseen.Fourth} AND end_at > {Unseen.Third}
            AND end_at - start_at > '24:00:00'::interval
        """;

    private const string OnlyBlocking = "AND busy <> 'f' AND end_at > start_at";

    private const string Asked = $"FROM unnest({Unseen.Second}) WITH ORDINALITY asked (key, place) CROSS JOIN LATERAL";

    private const string InOrder = "ORDER BY asked.place, a.start_at, a.end_at, a.appointment";

    private const string AnySql = $"SELECT {Columns} {Asked} (SELECT * {Long} UNION ALL SELECT * {Short}) a {InOrder}";

    private const string BlockingSql = $"SELECT {Columns} {Asked} (SELECT * {Long} {OnlyBlocking} UNION ALL SELECT * {Short} {OnlyBlocking}) a {InOrder}";

    private const string ScanSql = $"""
        SELECT a.calendar, a.start_at, a.end_at, a.busy, a.privacy, a.owner
        {Asked} (SELECT * {Long} {OnlyBlocking} UNION ALL SELECT * {Short} {OnlyBlocking}) a {InOrder}
        """;

    // By name, for who does not know the keys yet: the same rows as the first page of all these calendars, each with its appointment, and the series of an
    // occurrence that says nothing by itself.
    private const string ShownSql = $"""
        SELECT {Columns}, p.*, m.* FROM
            (SELECT a.*, asked.place FROM
                (SELECT (SELECT key FROM calendar WHERE tenant = $1 AND id = n.id) AS key, n.place
                 FROM unnest({Unseen.Second}) WITH ORDINALITY n (id, place)) asked
             CROSS JOIN LATERAL (SELECT * {Long} UNION ALL SELECT * {Short}) a {InOrder} LIMIT {Unseen.Sixth}) a
        JOIN LATERAL (SELECT {AppointmentRows.Columns} FROM appointment WHERE tenant = $1 AND id = a.appointment) p ON true
        LEFT JOIN LATERAL (SELECT {AppointmentRows.Columns} FROM appointment WHERE tenant = $1 AND id = CASE WHEN NOT p.detached THEN p.series END) m ON true
        ORDER BY a.place, a.start_at, a.end_at, a.appointment
        """;

    private const string AllDaySql =
        $"SELECT {Columns} FROM attendance a WHERE tenant = $1 AND calendar = $2 AND all_day ORDER BY start_at, end_at, appointment";

    // An occurrence that was not changed by itself has its series' title. Asked for row by row: a join would read the whole table while the
    // database does not know yet how large it has become.
    private const string TitlesOf = """
        SELECT id, title FROM
            (SELECT id, CASE WHEN series IS NULL OR detached THEN title
                ELSE (SELECT m.title FROM appointment m WHERE m.tenant = $1 AND m.id = p.series) END AS title
             FROM appointment p WHERE tenant = $1 AND id = ANY
        """;

    private const string TitlesSql = $"{TitlesOf} ($2)) t WHERE title IS NOT NULL";

    private const string BlockingTitlesSql = $"""
        {TitlesOf} (ARRAY(SELECT a.appointment {Asked} (SELECT * {Long} {OnlyBlocking} UNION ALL SELECT * {Short} {OnlyBlocking}) a))) t WHERE title IS NOT NULL
        """;

    private const string MoveSql = """
        UPDATE attendance a SET start_at = m.start_at, end_at = m.end_at
        FROM unnest($2, $3, $4, $5) m (calendar, appointment, start_at, end_at) JOIN appointment p ON p.tenant = $1 AND p.id = m.appointment
        WHERE a.tenant = $1 AND a.calendar = m.calendar AND a.appointment = m.appointment
          AND a.start_at BETWEEN p.start_at - '26:00:00'::interval AND p.start_at + '26:00:00'::interval
        """;

    public async ValueTask<IReadOnlyList<Attendance>> Overlapping(IReadOnlyList<long> calendars, long from, long to, bool blockingOnly) =>
        session.Ahead?.Overlapping(calendars, from, to, blockingOnly)
            ?? await session.All(Search(session, blockingOnly ? BlockingSql : AnySql, calendars, (from, to)), Attendance);

    public async ValueTask Scan(IReadOnlyList<long> calendars, long from, long to, Action<BlockingTime> visit)
    {
        if (session.Ahead?.Scan(calendars, from, to) is { } known)
        {
            foreach (var time in known)
            {
                visit(time);
            }

            return;
        }

        session.ReadBefore.Any = true;
        await session.Run(Scanning(session, calendars, (from, to)).Reading(row => visit(Time(row))));
    }

    public async ValueTask<IReadOnlyDictionary<Guid, string>> Titles(IReadOnlyCollection<Guid> appointments) => session.Ahead?.Titles(appointments)
        ?? (await session.All(session.Prepare(TitlesSql).WithAll(appointments), row => (Id: row.Guid(0), Title: row.Text(1))))
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

    /// <summary>At <see cref="ShownAppointment"/> and <see cref="ShownSeries"/> follow the appointment, and its series or null.</summary>
    public static Statement Shown(PostgresSession session, LookFor wanted, int limit) =>
        Within(session.Prepare(ShownSql).WithAll(wanted.Calendars.Select(id => id.Value)), (wanted.From, wanted.To)).With((long)limit);

    public static Statement Scanning(PostgresSession session, IEnumerable<long> calendars, (long From, long To) span) =>
        Search(session, ScanSql, calendars, span);

    public static Statement Blocking(PostgresSession session, IEnumerable<long> calendars, (long From, long To) span) =>
        Search(session, BlockingSql, calendars, span);

    /// <summary>The titles of <see cref="Blocking"/>.</summary>
    public static Statement BlockingTitles(PostgresSession session, IEnumerable<long> calendars, (long From, long To) span) =>
        Search(session, BlockingTitlesSql, calendars, span);

    private static Statement Search(PostgresSession session, string sql, IEnumerable<long> calendars, (long From, long To) span) =>
        Within(session.Prepare(sql).WithKeys(calendars), span);

    /// <summary>A span of no length is searched as the second that begins with it.</summary>
    private static Statement Within(Statement statement, (long From, long To) span) =>
        statement.WithTime(span.From).WithTime(span.From - Day).WithTime(Math.Max(span.To, span.From + 1));

    public static Attendance Attendance(Row row) => new(
        row.Integer(0), row.Time(1), row.Time(2), row.Guid(3), Letters.Busyness(row.Letter(4)), Letters.Privacy(row.Letter(5)), row.Integer(6), row.Bool(7));

    public static BlockingTime Time(Row row) => new(
        row.Integer(0), row.Time(1), row.Time(2), Letters.Busyness(row.Letter(3)), Letters.Privacy(row.Letter(4)), row.Integer(5));
}
