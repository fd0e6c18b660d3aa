using System.Text.Json;
using Kalends.Appointments;
using Kalends.Availability;

namespace Kalends.Storage.Sqlite;

/// <summary>Series: how far they are stored, and their occurrences.</summary>
internal sealed class SeriesRows(SqliteSession session) : ISeriesWrites
{
    private const string HorizonSql = "SELECT stored_until FROM series WHERE tenant = ?1 AND id = ?2";

    private const string AnyOpenSql = "SELECT 1 FROM series WHERE tenant = ?1 AND stored_until < ?2 LIMIT 1";

    private const string OpenSql = """
        SELECT series, calendar, stored_until FROM json_each(?2) CROSS JOIN open_series ON tenant = ?1 AND calendar = value
        WHERE stored_until < ?3 ORDER BY series
        """;

    private const string DueSql = "SELECT id, stored_until FROM series WHERE tenant = ?1 AND stored_until < ?2 ORDER BY stored_until, id LIMIT ?3";

    private const string CountDueSql = "SELECT count(*) FROM series WHERE tenant = ?1 AND stored_until < ?2";

    // One, as ids are made here. Many begin and end alike only where somebody gave them such ids.
    private const string BeginningLikeSql = "SELECT id FROM series WHERE tenant = ?1 AND id >= ?2 AND id <= ?3 AND substr(id, 14) = ?4 LIMIT 64";

    private const string OccurrencesSql =
        "SELECT id, start_at, end_at, detached FROM appointment WHERE tenant = ?1 AND series = ?2 AND detached >= ?3 ORDER BY id";

    private const string SaveSql = """
        INSERT INTO series (tenant, id, stored_until) VALUES (?1, ?2, ?3) ON CONFLICT (tenant, id) DO UPDATE SET stored_until = ?3
        """;

    private const string CloseSql = "DELETE FROM open_series WHERE tenant = ?1 AND series = ?2";

    private const string OpenOnSql = "INSERT INTO open_series (tenant, series, calendar, stored_until) VALUES (?1, ?2, ?3, ?4)";

    private const string DeleteSql = "DELETE FROM series WHERE tenant = ?1 AND id = ?2";

    private const string LaySql = """
        INSERT INTO appointment (tenant, id, uid, version, owner, privacy, start_at, end_at, all_day, body, series)
        VALUES (?1, ?2, '', 0, ?3, ?4, ?5, ?6, ?7, '{}', ?8)
        """;

    private const string ForgetSql = """
        DELETE FROM attendance WHERE tenant = ?1 AND calendar = ?3
        AND appointment IN (SELECT id FROM appointment WHERE tenant = ?1 AND series = ?2 AND detached = 0)
        """;

    private const string FollowSql =
        "UPDATE appointment SET owner = ?3, privacy = ?4, all_day = ?5 WHERE tenant = ?1 AND series = ?2 AND detached = 0";

    public ValueTask<IReadOnlyDictionary<Guid, SeriesHorizon>> Horizons(IReadOnlyCollection<Guid> ids)
    {
        var found = new Dictionary<Guid, SeriesHorizon>(ids.Count);
        foreach (var id in ids)
        {
            var row = session.Prepare(HorizonSql).With(id);
            if (row.Step())
            {
                found[id] = new(id, row.Long(0));
            }
        }

        return ValueTask.FromResult<IReadOnlyDictionary<Guid, SeriesHorizon>>(found);
    }

    public async ValueTask<IReadOnlyList<OpenSeries>> Open(IReadOnlyCollection<long> calendars, long before)
    {
        if (!session.Prepare(AnyOpenSql).With(before).Step())
        {
            return [];
        }

        var found = new List<(SeriesHorizon Horizon, long Calendar)>();
        var rows = session.Prepare(OpenSql).WithJson(JsonSerializer.SerializeToUtf8Bytes(calendars)).With(before);
        while (rows.Step())
        {
            found.Add((new(rows.Guid(0), rows.Long(2)), rows.Long(1)));
        }

        var masters = await new AppointmentRows(session).Find([.. found.Select(one => one.Horizon.Series).Distinct()]);
        return [.. found.GroupBy(one => one.Horizon)
            .Select(group => new OpenSeries(group.Key, masters[group.Key.Series], [.. group.Select(one => one.Calendar).Distinct()]))];
    }

    public ValueTask<IReadOnlyList<SeriesHorizon>> Due(long before, int limit)
    {
        var found = new List<SeriesHorizon>();
        var rows = session.Prepare(DueSql).With(before).With(limit);
        while (rows.Step())
        {
            found.Add(new(rows.Guid(0), rows.Long(1)));
        }

        return ValueTask.FromResult<IReadOnlyList<SeriesHorizon>>(found);
    }

    public ValueTask<long> CountDue(long before)
    {
        var row = session.Prepare(CountDueSql).With(before);
        return ValueTask.FromResult(row.Step() ? row.Long(0) : 0);
    }

    public ValueTask<IReadOnlyList<Guid>> BeginningLike(Guid id)
    {
        var found = new List<Guid>();
        var (least, most) = (Filled(id, 0x00), Filled(id, 0xFF));
        var rows = session.Prepare(BeginningLikeSql).WithBytes(least).WithBytes(most).WithBytes(OccurrenceIds.TailOf(id));
        while (rows.Step())
        {
            found.Add(rows.Guid(0));
        }

        return ValueTask.FromResult<IReadOnlyList<Guid>>(found);
    }

    public ValueTask<IReadOnlyList<StoredOccurrence>> Occurrences(Guid series, bool detachedOnly)
    {
        var found = new List<StoredOccurrence>();
        var rows = session.Prepare(OccurrencesSql).With(series).With(detachedOnly);
        while (rows.Step())
        {
            var id = rows.Guid(0);
            found.Add(new(id, OccurrenceIds.KeyOf(id), rows.Long(1), rows.Long(2), rows.Bool(3)));
        }

        return ValueTask.FromResult<IReadOnlyList<StoredOccurrence>>(found);
    }

    public ValueTask Save(SeriesHorizon horizon, IReadOnlyCollection<long> calendars)
    {
        session.Prepare(SaveSql).With(horizon.Series).With(horizon.StoredUntil).Run();
        session.Prepare(CloseSql).With(horizon.Series).Run();
        foreach (var calendar in horizon.IsOpen ? calendars : [])
        {
            session.Prepare(OpenOnSql).With(horizon.Series).With(calendar).With(horizon.StoredUntil).Run();
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask Delete(Guid series)
    {
        session.Prepare(DeleteSql).With(series).Run();
        return ValueTask.CompletedTask;
    }

    public ValueTask Lay(IReadOnlyCollection<AppointmentRow> occurrences, IReadOnlyCollection<Attendance> attendances)
    {
        foreach (var row in occurrences)
        {
            session.Prepare(LaySql).With(row.Id).With(row.Owner).With((long)row.Privacy).With(row.From).With(row.To).With(row.AllDay)
                .With(row.Series!.Value).Run();
        }

        Attend(attendances);
        return ValueTask.CompletedTask;
    }

    public ValueTask Attend(Guid series, IReadOnlyCollection<long> calendars, IReadOnlyCollection<Attendance> attendances)
    {
        foreach (var calendar in calendars)
        {
            session.Prepare(ForgetSql).With(series).With(calendar).Run();
        }

        Attend(attendances);
        return ValueTask.CompletedTask;
    }

    public ValueTask Follow(AppointmentRow series)
    {
        session.Prepare(FollowSql).With(series.Id).With(series.Owner).With((long)series.Privacy).With(series.AllDay).Run();
        return ValueTask.CompletedTask;
    }

    /// <summary>Calendar by calendar: rows that lie beside each other are written one after the other.</summary>
    private void Attend(IReadOnlyCollection<Attendance> attendances)
    {
        foreach (var attendance in attendances.OrderBy(attendance => attendance.Calendar))
        {
            AppointmentRows.Attend(session, attendance);
        }
    }

    private static byte[] Filled(Guid id, byte rest)
    {
        var bytes = id.ToByteArray(bigEndian: true);
        Array.Fill(bytes, rest, OccurrenceIds.SharedHead, bytes.Length - OccurrenceIds.SharedHead);
        return bytes;
    }
}
