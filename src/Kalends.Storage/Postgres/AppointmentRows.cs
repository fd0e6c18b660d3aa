using Kalends.Appointments;
using Kalends.Availability;

namespace Kalends.Storage.Postgres;

/// <summary>Appointments by id, however many, in one statement; their attendances go and come with them.</summary>
internal sealed partial class AppointmentRows(PostgresSession session) : IAppointmentWrites
{
    public const int ColumnCount = 12;

    public const string Columns = "id, uid, version, owner, privacy, start_at, end_at, all_day, title, body, series, detached";

    /// <summary>What an occurrence says that is stored as its place alone.</summary>
    public static readonly byte[] Place = [.. "{}"u8];

    private const string FindSql = $"SELECT {Columns} FROM appointment WHERE tenant = $1 AND id = ANY ({Unseen.Second}::uuid[])";

    // $4: the ids that a UID may be made of.
    private const string FindByUidSql = $"""
        SELECT {Columns} FROM appointment WHERE tenant = $1 AND owner = $2 AND uid = ANY ($3) AND series IS NULL
        UNION ALL SELECT {Columns} FROM appointment WHERE tenant = $1 AND owner = $2 AND id = ANY ($4) AND uid IS NULL AND series IS NULL
        """;

    // Through the change log, since a series has no attendances.
    private const string UidsOfOthersSql = """
        SELECT p.uid, p.id
        FROM appointment p JOIN calendar_change g ON g.tenant = $1 AND g.calendar = $2 AND g.appointment = p.id AND NOT g.deleted
        WHERE p.tenant = $1 AND p.owner <> $2 AND p.series IS NULL AND (p.uid = ANY ($3) OR (p.uid IS NULL AND p.id = ANY ($4)))
        """;

    private const string PageSql = $"""
        SELECT {Columns} FROM appointment WHERE tenant = $1 AND id >= $2 AND (id > $2 OR NOT $3) ORDER BY id LIMIT $4
        """;

    private const string CountSql = "SELECT count(*) FROM appointment WHERE tenant = $1";

    // The change log holds an appointment once for each calendar it lies on, in order of id; an attendance is in order of time.
    private const string OnCalendarSql = $"""
        SELECT {Columns} FROM
            (SELECT appointment AS place FROM calendar_change
             WHERE tenant = $1 AND calendar = $5 AND appointment >= $2 AND (appointment > $2 OR NOT $3) AND NOT deleted
             ORDER BY appointment LIMIT $4) g
        JOIN appointment ON tenant = $1 AND id = place ORDER BY place
        """;

    // An attendance is found by its calendar and start. A day of the calendar is searched, since an all-day appointment begins where its zone's does.
    private const string Where = $"""
        (SELECT p.id, p.start_at, k.key FROM appointment p LEFT JOIN appointment m ON NOT p.detached AND m.tenant = $1 AND m.id = p.series
         CROSS JOIN LATERAL unnest(coalesce(p.calendars, m.calendars)) k (key) WHERE p.tenant = $1 AND p.id = ANY ({Unseen.Second}::uuid[])) w
        """;

    private const string Found = """
        a.tenant = $1 AND a.calendar = w.key AND a.appointment = w.id
        AND a.start_at BETWEEN w.start_at - '26:00:00'::interval AND w.start_at + '26:00:00'::interval
        """;

    private const string AttendancesSql = $"""
        SELECT a.calendar, a.start_at, a.end_at, a.appointment, a.busy, a.privacy, a.owner, a.all_day
        FROM {Where} JOIN attendance a ON {Found} ORDER BY array_position($2, a.appointment), a.calendar
        """;

    public async ValueTask<IReadOnlyDictionary<Guid, AppointmentRow>> Find(IReadOnlyCollection<Guid> ids) => ids.Count == 0
        ? new Dictionary<Guid, AppointmentRow>()
        : session.Ahead?.Find(ids) ?? (await session.All(session.Prepare(FindSql).WithAll(ids), Appointment)).ToDictionary(row => row.Id);

    public async ValueTask<IReadOnlyDictionary<string, AppointmentRow>> FindByUid(long owner, IReadOnlyCollection<string> uids) =>
        (await session.All(session.Prepare(FindByUidSql).WithInteger(owner).WithAll(uids).WithAll(IdsIn(uids)), Appointment))
            .GroupBy(row => row.Uid, StringComparer.Ordinal)
            .ToDictionary(rows => rows.Key, rows => rows.MinBy(row => row.Id.ToString("N"))!, StringComparer.Ordinal);

    public async ValueTask<IReadOnlySet<string>> UidsOfOthers(long calendar, IReadOnlyCollection<string> uids) =>
        (await session.All(
            session.Prepare(UidsOfOthersSql).WithInteger(calendar).WithAll(uids).WithAll(IdsIn(uids)), row => row.TextOrNull(0) ?? UidOf(row.Guid(1))))
            .ToHashSet(StringComparer.Ordinal);

    public async ValueTask<IReadOnlyList<AppointmentRow>> OnCalendar(long calendar, Guid? after, int limit) =>
        await session.All(After(session.Prepare(OnCalendarSql), after, limit).WithInteger(calendar), Appointment);

    public async ValueTask<IReadOnlyList<AppointmentRow>> Page(Guid? after, int limit) =>
        await session.All(After(session.Prepare(PageSql), after, limit), Appointment);

    public async ValueTask<long> Count() => (await session.All(session.Prepare(CountSql), row => row.Long(0))).Single();

    public async ValueTask<IReadOnlyList<Attendance>> Attendances(IReadOnlyCollection<Guid> appointments) => await session.All(
        session.Prepare(AttendancesSql).WithAll(appointments), AttendanceRows.Attendance);

    /// <summary>The UID of an appointment that came without one; not stored.</summary>
    public static string UidOf(Guid id) => $"{id}@kalends";

    private static IEnumerable<Guid> IdsIn(IEnumerable<string> uids) => uids
        .Select(uid => uid.EndsWith("@kalends", StringComparison.Ordinal) && Guid.TryParseExact(uid[..^"@kalends".Length], "D", out var id) && UidOf(id) == uid
            ? id : (Guid?)null)
        .OfType<Guid>();

    /// <summary>The id of zeros sorts before every other, and is one itself: whether it is passed over is said beside it.</summary>
    private static Statement After(Statement statement, Guid? place, int limit) =>
        statement.With(place ?? Guid.Empty).With(place is not null).With((long)limit);

    private static AppointmentRow Appointment(Row row) => Packed(row, 0)();

    /// <summary>Read, and to be unpacked by whoever shows it: one that is broken is nobody else's trouble.</summary>
    public static Func<AppointmentRow> Packed(Row row, int at)
    {
        var (id, from, to, series) = (row.Guid(at), row.Time(at + 5), row.Time(at + 6), row.GuidOrNull(at + 10));
        var (version, owner, privacy) = (row.Integer(at + 2), row.Integer(at + 3), Letters.Privacy(row.Letter(at + 4)));
        var (allDay, detached) = (row.Bool(at + 7), row.Bool(at + 11));
        var (uid, title, packed) = (row.TextOrNull(at + 1), row.TextOrNull(at + 8), series is not null && !detached ? null : row.Bytes(at + 9));
        return () => new AppointmentRow
        {
            Id = id,
            Uid = uid ?? (packed is null ? "" : UidOf(id)),
            Version = version,
            Owner = owner,
            Privacy = privacy,
            From = from,
            To = to,
            AllDay = allDay,
            Title = title,
            Json = packed is null ? Place : Bodies.Unpack(packed, new(id, from, to, series)),
            Series = series,
            Detached = detached,
        };
    }
}
