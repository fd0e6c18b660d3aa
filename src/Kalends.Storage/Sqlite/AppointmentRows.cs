using Kalends.Appointments;
using Kalends.Availability;

namespace Kalends.Storage.Sqlite;

/// <summary>Appointments by id, one indexed step each on a statement that stays prepared; their attendances go and come with them.</summary>
internal sealed partial class AppointmentRows(SqliteSession session) : IAppointmentWrites
{
    private const string Columns = "id, uid, version, owner, privacy, start_at, end_at, all_day, title, body, series, detached";

    private const string FindSql = $"SELECT {Columns} FROM appointment WHERE tenant = ?1 AND id = ?2";

    private const string FindByUidSql =
        $"SELECT {Columns} FROM appointment WHERE tenant = ?1 AND owner = ?2 AND uid = ?3 AND series IS NULL ORDER BY id LIMIT 1";

    // Through the change log, since a series has no attendances.
    private const string UidOfOthersSql = """
        SELECT 1 FROM appointment p JOIN calendar_change g ON g.tenant = ?1 AND g.calendar = ?2 AND g.appointment = p.id AND g.deleted = 0
        WHERE p.tenant = ?1 AND p.uid = ?3 AND p.owner <> ?2 AND p.series IS NULL LIMIT 1
        """;

    private const string PageSql = $"SELECT {Columns} FROM appointment WHERE tenant = ?1 AND id > ?2 ORDER BY id LIMIT ?3";

    private const string CountSql = "SELECT count(*) FROM appointment WHERE tenant = ?1";

    // The change log holds an appointment once for each calendar it lies on, in order of id; an attendance is in order of time.
    private const string OnCalendarSql = $"""
        SELECT {Columns} FROM
            (SELECT appointment AS place FROM calendar_change WHERE tenant = ?1 AND calendar = ?2 AND appointment > ?3 AND deleted = 0
             ORDER BY appointment LIMIT ?4)
        CROSS JOIN appointment ON tenant = ?1 AND id = place ORDER BY place
        """;

    private const string AttendancesSql = """
        SELECT calendar, start_at, end_at, appointment, busy, privacy, owner, all_day
        FROM attendance WHERE tenant = ?1 AND appointment = ?2 ORDER BY calendar
        """;

    public ValueTask<IReadOnlyDictionary<Guid, AppointmentRow>> Find(IReadOnlyCollection<Guid> ids)
    {
        var found = new Dictionary<Guid, AppointmentRow>(ids.Count);
        foreach (var id in ids)
        {
            var row = session.Prepare(FindSql).With(id);
            if (row.Step())
            {
                found[id] = Row(row);
            }
        }

        return ValueTask.FromResult<IReadOnlyDictionary<Guid, AppointmentRow>>(found);
    }

    public ValueTask<IReadOnlyDictionary<string, AppointmentRow>> FindByUid(long owner, IReadOnlyCollection<string> uids)
    {
        var found = new Dictionary<string, AppointmentRow>(uids.Count, StringComparer.Ordinal);
        foreach (var uid in uids)
        {
            var row = session.Prepare(FindByUidSql).With(owner).With(uid);
            if (row.Step())
            {
                found[uid] = Row(row);
            }
        }

        return ValueTask.FromResult<IReadOnlyDictionary<string, AppointmentRow>>(found);
    }

    public ValueTask<IReadOnlySet<string>> UidsOfOthers(long calendar, IReadOnlyCollection<string> uids) =>
        ValueTask.FromResult<IReadOnlySet<string>>(uids
            .Where(uid => session.Prepare(UidOfOthersSql).With(calendar).With(uid).Step()).ToHashSet(StringComparer.Ordinal));

    public ValueTask<IReadOnlyList<AppointmentRow>> OnCalendar(long calendar, Guid? after, int limit) =>
        ValueTask.FromResult<IReadOnlyList<AppointmentRow>>(All(After(session.Prepare(OnCalendarSql).With(calendar), after).With(limit)));

    public ValueTask<IReadOnlyList<AppointmentRow>> Page(Guid? after, int limit) =>
        ValueTask.FromResult<IReadOnlyList<AppointmentRow>>(All(After(session.Prepare(PageSql), after).With(limit)));

    public ValueTask<long> Count()
    {
        var row = session.Prepare(CountSql);
        return ValueTask.FromResult(row.Step() ? row.Long(0) : 0);
    }

    public ValueTask<IReadOnlyList<Attendance>> Attendances(IReadOnlyCollection<Guid> appointments)
    {
        var found = new List<Attendance>();
        foreach (var appointment in appointments)
        {
            var row = session.Prepare(AttendancesSql).With(appointment);
            while (row.Step())
            {
                found.Add(new(
                    row.Long(0), row.Long(1), row.Long(2), row.Guid(3),
                    (Busyness)row.Long(4), (Privacy)row.Long(5), row.Long(6), row.Bool(7)));
            }
        }

        return ValueTask.FromResult<IReadOnlyList<Attendance>>(found);
    }

    private static List<AppointmentRow> All(Statement rows)
    {
        var all = new List<AppointmentRow>();
        while (rows.Step())
        {
            all.Add(Row(rows));
        }

        return all;
    }

    /// <summary>Bytes of no length sort before every id.</summary>
    private static Statement After(Statement statement, Guid? place) => place is { } id ? statement.With(id) : statement.WithBytes([]);

    private static AppointmentRow Row(Statement row) => new()
    {
        Id = row.Guid(0),
        Uid = row.Text(1),
        Version = row.Long(2),
        Owner = row.Long(3),
        Privacy = (Privacy)row.Long(4),
        From = row.Long(5),
        To = row.Long(6),
        AllDay = row.Bool(7),
        Title = row.TextOrNull(8),
        Json = row.Bytes(9),
        Series = row.GuidOrNull(10),
        Detached = row.Bool(11),
    };
}
