using Kalends.Appointments;
using Kalends.Availability;

namespace Kalends.Storage.Postgres;

/// <summary>Appointments by id, however many, in one statement; their attendances go and come with them.</summary>
internal sealed partial class AppointmentRows(PostgresSession session) : IAppointmentWrites
{
    private const string Columns = "id, uid, version, owner, privacy, start_at, end_at, all_day, title, body, series, detached";

    private const string FindSql = $"SELECT {Columns} FROM appointment WHERE tenant = $1 AND id = ANY ($2)";

    private const string FindByUidSql = $"""
        SELECT DISTINCT ON (uid) {Columns} FROM appointment
        WHERE tenant = $1 AND owner = $2 AND uid = ANY ($3) AND series IS NULL ORDER BY uid, id
        """;

    // Through the change log, since a series has no attendances.
    private const string UidsOfOthersSql = """
        SELECT DISTINCT p.uid
        FROM appointment p JOIN calendar_change g ON g.tenant = $1 AND g.calendar = $2 AND g.appointment = p.id AND NOT g.deleted
        WHERE p.tenant = $1 AND p.uid = ANY ($3) AND p.owner <> $2 AND p.series IS NULL
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

    private const string AttendancesSql = """
        SELECT a.calendar, a.start_at, a.end_at, a.appointment, a.busy, a.privacy, a.owner, a.all_day
        FROM unnest($2) WITH ORDINALITY asked (id, place) JOIN attendance a ON a.tenant = $1 AND a.appointment = asked.id
        ORDER BY asked.place, a.calendar
        """;

    public async ValueTask<IReadOnlyDictionary<Guid, AppointmentRow>> Find(IReadOnlyCollection<Guid> ids) => ids.Count == 0
        ? new Dictionary<Guid, AppointmentRow>()
        : (await session.All(session.Prepare(FindSql).WithAll(ids), Appointment)).ToDictionary(row => row.Id);

    public async ValueTask<IReadOnlyDictionary<string, AppointmentRow>> FindByUid(long owner, IReadOnlyCollection<string> uids) =>
        (await session.All(session.Prepare(FindByUidSql).WithInteger(owner).WithAll(uids), Appointment))
            .ToDictionary(row => row.Uid, StringComparer.Ordinal);

    public async ValueTask<IReadOnlySet<string>> UidsOfOthers(long calendar, IReadOnlyCollection<string> uids) =>
        (await session.All(session.Prepare(UidsOfOthersSql).WithInteger(calendar).WithAll(uids), row => row.Text(0))).ToHashSet(StringComparer.Ordinal);

    public async ValueTask<IReadOnlyList<AppointmentRow>> OnCalendar(long calendar, Guid? after, int limit) =>
        await session.All(After(session.Prepare(OnCalendarSql), after, limit).WithInteger(calendar), Appointment);

    public async ValueTask<IReadOnlyList<AppointmentRow>> Page(Guid? after, int limit) =>
        await session.All(After(session.Prepare(PageSql), after, limit), Appointment);

    public async ValueTask<long> Count() => (await session.All(session.Prepare(CountSql), row => row.Long(0))).Single();

    public async ValueTask<IReadOnlyList<Attendance>> Attendances(IReadOnlyCollection<Guid> appointments) => await session.All(
        session.Prepare(AttendancesSql).WithAll(appointments),
        row => new Attendance(
            row.Integer(0), row.Time(1), row.Time(2), row.Guid(3), (Busyness)row.Small(4), (Privacy)row.Small(5), row.Integer(6), row.Bool(7)));

    /// <summary>The id of zeros sorts before every other, and is one itself: whether it is passed over is said beside it.</summary>
    private static Statement After(Statement statement, Guid? place, int limit) =>
        statement.With(place ?? Guid.Empty).With(place is not null).With((long)limit);

    private static AppointmentRow Appointment(Row row) => new()
    {
        Id = row.Guid(0),
        Uid = row.Text(1),
        Version = row.Long(2),
        Owner = row.Integer(3),
        Privacy = (Privacy)row.Small(4),
        From = row.Time(5),
        To = row.Time(6),
        AllDay = row.Bool(7),
        Title = row.TextOrNull(8),
        Json = row.Bytes(9),
        Series = row.GuidOrNull(10),
        Detached = row.Bool(11),
    };
}
