using System.Text.Json;
using Kalends.Availability;

namespace Kalends.Storage.Sqlite;

/// <summary>
/// Overlap searches on the narrow rows of attendance, calendar by calendar (a third faster than one join with a list of them). First
/// the few rows longer than a day that began more than a day before the span, from their own index; then a plain range scan that
/// begins one day before it. Both in the order of the answer, so nothing is sorted.
/// </summary>
internal sealed partial class AttendanceRows(SqliteSession session) : IAttendanceWrites
{
    /// <summary>Seconds. The range scan finds what lasts at most this long; the partial index says the same number.</summary>
    private const long Day = 86_400;

    private const string Columns = "start_at, end_at, appointment, busy, privacy, owner, all_day";

    // A row of no length stands on its start, and counts when that lies in the span (see Timespan.Overlaps).
    private const string Range = """
        WHERE tenant = ?1 AND calendar = ?2 AND (start_at, end_at, appointment) > (?3, ?4, ?5) AND start_at < ?6
        AND (end_at > ?7 OR start_at = ?7)
        """;

    private const string Long = "AND end_at - start_at > 86400";

    private const string Blocking = "AND busy > 0 AND end_at > start_at";

    private const string InOrder = "ORDER BY start_at, end_at, appointment LIMIT ?8";

    private const string AnySql = $"SELECT {Columns} FROM attendance {Range} {InOrder}";

    private const string BlockingSql = $"SELECT {Columns} FROM attendance {Range} {Blocking} {InOrder}";

    private const string ScanSql =
        $"SELECT start_at, end_at, busy, privacy, owner FROM attendance {Range} {Blocking} ORDER BY start_at, end_at, appointment";

    private const string LongSql = $"SELECT {Columns} FROM attendance INDEXED BY attendance_beyond_a_day {Range} {Long} {InOrder}";

    private const string AllLongSql = $"""
        SELECT {Columns}, calendar FROM json_each(?2) CROSS JOIN attendance INDEXED BY attendance_beyond_a_day
        ON tenant = ?1 AND calendar = value AND start_at < ?3 AND end_at > ?4 AND end_at - start_at > 86400 AND (busy > 0 OR NOT ?5)
        ORDER BY calendar, start_at, end_at, appointment
        """;

    private const string LongBlockingSql =
        $"SELECT {Columns} FROM attendance INDEXED BY attendance_beyond_a_day {Range} {Long} {Blocking} {InOrder}";

    private const string AllDaySql =
        $"SELECT {Columns} FROM attendance WHERE tenant = ?1 AND calendar = ?2 AND all_day = 1 ORDER BY start_at, end_at, appointment";

    // An occurrence that was not changed by itself has its series' title.
    private const string TitleSql = """
        SELECT coalesce(p.title, m.title) FROM appointment p LEFT JOIN appointment m ON m.tenant = ?1 AND m.id = p.series AND p.detached = 0
        WHERE p.tenant = ?1 AND p.id = ?2 AND coalesce(p.title, m.title) IS NOT NULL
        """;

    private const string MoveSql =
        "UPDATE attendance SET start_at = ?4, end_at = ?5 WHERE tenant = ?1 AND calendar = ?2 AND appointment = ?3";

    /// <summary>As <see cref="Page"/>, but the few long rows of all calendars are asked for at once: half as many statements.</summary>
    public ValueTask<IReadOnlyList<Attendance>> Overlapping(IReadOnlyList<long> calendars, long from, long to, bool blockingOnly)
    {
        var found = new List<Attendance>();
        var (dayBefore, end) = (from - Day, Math.Max(to, from + 1));
        var longOnes = AllLong(calendars, dayBefore, from, blockingOnly).ToLookup(attendance => attendance.Calendar);
        foreach (var calendar in calendars)
        {
            found.AddRange(longOnes[calendar]);
            Add(found, blockingOnly ? BlockingSql : AnySql, new(calendar, from, int.MaxValue), Start.At(dayBefore), end);
        }

        return ValueTask.FromResult<IReadOnlyList<Attendance>>(found);
    }

    public ValueTask Scan(IReadOnlyList<long> calendars, long from, long to, Action<BlockingTime> visit)
    {
        var dayBefore = from - Day;
        var longOnes = AllLong(calendars, dayBefore, from, blockingOnly: true).ToLookup(attendance => attendance.Calendar);
        foreach (var calendar in calendars)
        {
            foreach (var row in longOnes[calendar])
            {
                visit(new(calendar, row.From, row.To, row.Busyness, row.Privacy, row.Owner));
            }

            var rows = session.Prepare(ScanSql).With(calendar).With(dayBefore).With(long.MinValue).WithBytes([]).With(Math.Max(to, from + 1)).With(from);
            while (rows.Step())
            {
                visit(new(calendar, rows.Long(0), rows.Long(1), (Busyness)rows.Long(2), (Privacy)rows.Long(3), rows.Long(4)));
            }
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<Attendance>> Page(
        IReadOnlyList<long> calendars, long from, long to, bool blockingOnly, AttendancePlace? after, int limit)
    {
        var found = new List<Attendance>();
        // A span of no length is searched as the second that begins with it.
        var (dayBefore, end) = (from - Day, Math.Max(to, from + 1));
        for (var index = after?.Calendar ?? 0; index < calendars.Count && found.Count < limit; index++)
        {
            var search = new Search(calendars[index], from, limit);
            var start = index == after?.Calendar ? new(after.From, after.To, after.Appointment) : Start.OfCalendar;
            Add(found, blockingOnly ? LongBlockingSql : LongSql, search, start, dayBefore);
            Add(found, blockingOnly ? BlockingSql : AnySql, search, start.From < dayBefore ? Start.At(dayBefore) : start, end);
        }

        return ValueTask.FromResult<IReadOnlyList<Attendance>>(found);
    }

    public ValueTask<IReadOnlyDictionary<Guid, string>> Titles(IReadOnlyCollection<Guid> appointments)
    {
        var found = new Dictionary<Guid, string>(appointments.Count);
        foreach (var appointment in appointments)
        {
            var row = session.Prepare(TitleSql).With(appointment);
            if (row.Step())
            {
                found[appointment] = row.Text(0);
            }
        }

        return ValueTask.FromResult<IReadOnlyDictionary<Guid, string>>(found);
    }

    public ValueTask<IReadOnlyList<Attendance>> AllDay(long calendar)
    {
        var found = new List<Attendance>();
        var rows = session.Prepare(AllDaySql).With(calendar);
        while (rows.Step())
        {
            found.Add(Row(rows, calendar));
        }

        return ValueTask.FromResult<IReadOnlyList<Attendance>>(found);
    }

    public ValueTask Move(IReadOnlyCollection<Attendance> attendances)
    {
        foreach (var attendance in attendances)
        {
            session.Prepare(MoveSql).With(attendance.Calendar).With(attendance.Appointment).With(attendance.From).With(attendance.To).Run();
        }

        return ValueTask.CompletedTask;
    }

    private List<Attendance> AllLong(IReadOnlyList<long> calendars, long startBefore, long from, bool blockingOnly)
    {
        var found = new List<Attendance>();
        var rows = session.Prepare(AllLongSql).WithJson(JsonSerializer.SerializeToUtf8Bytes(calendars))
            .With(startBefore).With(from).With(blockingOnly);
        while (rows.Step())
        {
            found.Add(Row(rows, rows.Long(7)));
        }

        return found;
    }

    private void Add(List<Attendance> found, string sql, Search search, Start after, long startBefore)
    {
        if (found.Count >= search.Limit || after.From >= startBefore)
        {
            return;
        }

        var rows = session.Prepare(sql).With(search.Calendar).With(after.From).With(after.To);
        _ = after.Appointment is { } appointment ? rows.With(appointment) : rows.WithBytes([]);
        rows.With(startBefore).With(search.From).With(search.Limit - found.Count);
        while (rows.Step())
        {
            found.Add(Row(rows, search.Calendar));
        }
    }

    private static Attendance Row(Statement row, long calendar) => new(
        calendar, row.Long(0), row.Long(1), row.Guid(2), (Busyness)row.Long(3), (Privacy)row.Long(4), row.Long(5), row.Bool(6));

    /// <summary>Where a scan begins: just after an appointment, or with the first of a second (no id sorts before all ids).</summary>
    private readonly record struct Start(long From, long To, Guid? Appointment)
    {
        public static readonly Start OfCalendar = At(long.MinValue);

        public static Start At(long second) => new(second, long.MinValue, null);
    }

    private readonly record struct Search(long Calendar, long From, int Limit);
}
