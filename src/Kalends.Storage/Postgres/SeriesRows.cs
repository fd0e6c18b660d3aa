using Kalends.Appointments;
using Kalends.Availability;

namespace Kalends.Storage.Postgres;

/// <summary>Series: how far they are stored, and their occurrences.</summary>
internal sealed class SeriesRows(PostgresSession session) : ISeriesWrites
{
    private const string HorizonsSql = "SELECT id, stored_until FROM series WHERE tenant = $1 AND id = ANY ($2)";

    // Mostly none is open so near, and the first look says so for all calendars.
    private const string NoneSoNear =
        $"AND stored_until < {Unseen.Third} AND EXISTS (SELECT 1 FROM series WHERE tenant = $1 AND stored_until < {Unseen.Third})";

    private const string OpenSql = $"""
        SELECT series, calendar, stored_until FROM open_series WHERE tenant = $1 AND calendar = ANY ({Unseen.Second}::integer[]) {NoneSoNear}
        ORDER BY series
        """;

    private const string AnyOpenSql = $"""
        SELECT 1 FROM open_series WHERE tenant = $1
            AND calendar = ANY (ARRAY(SELECT key FROM calendar WHERE tenant = $1 AND id = ANY ({Unseen.Second}::text[]))) {NoneSoNear} LIMIT 1
        """;

    private const string DueSql = "SELECT id, stored_until FROM series WHERE tenant = $1 AND stored_until < $2 ORDER BY stored_until, id LIMIT $3";

    private const string CountDueSql = "SELECT count(*) FROM series WHERE tenant = $1 AND stored_until < $2";

    // One, as ids are made here. Many begin and end alike only where somebody gave them such ids.
    private const string BeginningLikeSql =
        "SELECT id FROM series WHERE tenant = $1 AND id >= $2 AND id <= $3 AND substring(uuid_send(id) FROM 14) = $4 LIMIT 64";

    private const string OccurrencesSql = """
        SELECT id, start_at, end_at, detached FROM appointment WHERE tenant = $1 AND series = $2 AND (detached OR NOT $3) ORDER BY id
        """;

    private const string SaveSql = """
        INSERT INTO series (tenant, id, stored_until) VALUES ($1, $2, $3)
        ON CONFLICT (tenant, id) DO UPDATE SET stored_until = excluded.stored_until
        """;

    private const string CloseSql = "DELETE FROM open_series WHERE tenant = $1 AND series = $2";

    private const string OpenOnSql = """
        INSERT INTO open_series (tenant, series, calendar, stored_until) SELECT $1, $2, n.calendar, $4 FROM unnest($3) n (calendar)
        """;

    private const string DeleteSql = "DELETE FROM series WHERE tenant = $1 AND id = $2";

    private const string LaySql = """
        INSERT INTO appointment (tenant, id, version, owner, privacy, start_at, end_at, all_day, series)
        SELECT $1, n.id, 0, n.owner, n.privacy::"char", n.start_at, n.end_at, n.all_day, n.series
        FROM unnest($2, $3, $4, $5, $6, $7, $8) n (id, owner, privacy, start_at, end_at, all_day, series)
        """;

    private const string ForgetSql = """
        DELETE FROM attendance a USING appointment p, unnest($3) k (key)
        WHERE p.tenant = $1 AND p.series = $2 AND NOT p.detached AND a.tenant = $1 AND a.calendar = k.key AND a.appointment = p.id
          AND a.start_at BETWEEN p.start_at - '26:00:00'::interval AND p.start_at + '26:00:00'::interval
        """;

    private const string FollowSql =
        "UPDATE appointment SET owner = $3, privacy = $4::\"char\", all_day = $5 WHERE tenant = $1 AND series = $2 AND NOT detached";

    public async ValueTask<IReadOnlyDictionary<Guid, SeriesHorizon>> Horizons(IReadOnlyCollection<Guid> ids)
    {
        var found = await session.All(session.Prepare(HorizonsSql).WithAll(ids), Horizon);
        found.ForEach(Remember);
        return found.ToDictionary(horizon => horizon.Series);
    }

    /// <summary>Whether there are any, of calendars by name: one row or none.</summary>
    public static Statement AnyOpen(PostgresSession session, IEnumerable<CalendarId> calendars, long before) =>
        session.Prepare(AnyOpenSql).WithAll(calendars.Select(id => id.Value)).WithTime(before);

    /// <summary>A row for each of the calendars that it lies on.</summary>
    public static Statement Opening(PostgresSession session, IEnumerable<long> calendars, long before) =>
        session.Prepare(OpenSql).WithKeys(calendars).WithTime(before);

    public async ValueTask<IReadOnlyList<OpenSeries>> Open(IReadOnlyCollection<long> calendars, long before)
    {
        if (session.Ahead?.NoneOpen(calendars, before) == true)
        {
            return [];
        }

        var found = await session.All(
            Opening(session, calendars, before),
            row => (Horizon: new SeriesHorizon(row.Guid(0), row.Time(2)), Calendar: row.Integer(1)));
        if (found.Count == 0)
        {
            return [];
        }

        var masters = await new AppointmentRows(session).Find([.. found.Select(one => one.Horizon.Series).Distinct()]);
        return [.. found.GroupBy(one => one.Horizon)
            .Select(group => new OpenSeries(group.Key, masters[group.Key.Series], [.. group.Select(one => (long)one.Calendar).Distinct()]))];
    }

    public async ValueTask<IReadOnlyList<SeriesHorizon>> Due(long before, int limit) =>
        await session.All(session.Prepare(DueSql).WithTime(before).With((long)limit), Horizon);

    public async ValueTask<long> CountDue(long before) =>
        (await session.All(session.Prepare(CountDueSql).WithTime(before), row => row.Long(0))).Single();

    public async ValueTask<IReadOnlyList<Guid>> BeginningLike(Guid id) => await session.All(
        session.Prepare(BeginningLikeSql).With(Filled(id, 0x00)).With(Filled(id, 0xFF)).WithBytes(OccurrenceIds.TailOf(id)), row => row.Guid(0));

    public async ValueTask<IReadOnlyList<StoredOccurrence>> Occurrences(Guid series, bool detachedOnly) => await session.All(
        session.Prepare(OccurrencesSql).With(series).With(detachedOnly),
        row => new StoredOccurrence(row.Guid(0), OccurrenceIds.KeyOf(row.Guid(0)), row.Time(1), row.Time(2), row.Bool(3)));

    public ValueTask Save(SeriesHorizon horizon, IReadOnlyCollection<long> calendars)
    {
        session.Later(session.Prepare(SaveSql).With(horizon.Series).WithTime(horizon.StoredUntil));
        session.Later(session.Prepare(CloseSql).With(horizon.Series));
        if (horizon.IsOpen && calendars.Count > 0)
        {
            session.Later(session.Prepare(OpenOnSql).With(horizon.Series).WithKeys(calendars).WithTime(horizon.StoredUntil));
        }

        Remember(horizon);
        return ValueTask.CompletedTask;
    }

    public ValueTask Delete(Guid series)
    {
        session.Later(session.Prepare(DeleteSql).With(series));
        return ValueTask.CompletedTask;
    }

    public ValueTask Lay(IReadOnlyCollection<AppointmentRow> occurrences, IReadOnlyCollection<Attendance> attendances)
    {
        if (occurrences.Count > 0)
        {
            session.Later(session.Prepare(LaySql).WithAll(occurrences.Select(row => row.Id)).WithKeys(occurrences.Select(row => row.Owner))
                .WithLetters(occurrences.Select(row => Letters.Of(row.Privacy))).WithTimes(occurrences.Select(row => row.From))
                .WithTimes(occurrences.Select(row => row.To)).WithAll(occurrences.Select(row => row.AllDay)).WithAll(occurrences.Select(row => row.Series)));
        }

        AppointmentRows.Attend(session, attendances);
        return ValueTask.CompletedTask;
    }

    public ValueTask Attend(Guid series, IReadOnlyCollection<long> calendars, IReadOnlyCollection<Attendance> attendances)
    {
        session.Later(session.Prepare(ForgetSql).With(series).WithKeys(calendars));
        AppointmentRows.Attend(session, attendances);
        return ValueTask.CompletedTask;
    }

    public ValueTask Follow(AppointmentRow series)
    {
        session.Later(session.Prepare(FollowSql).With(series.Id).WithInteger(series.Owner).With(Letters.Text(Letters.Of(series.Privacy))).With(series.AllDay));
        return ValueTask.CompletedTask;
    }

    /// <summary>More of a series may be stored by others until its calendars are locked; then it must still end where it did.</summary>
    private void Remember(SeriesHorizon horizon) => session.ReadBefore.Horizons[horizon.Series] = horizon.StoredUntil;

    private static SeriesHorizon Horizon(Row row) => new(row.Guid(0), row.Time(1));

    private static Guid Filled(Guid id, byte rest)
    {
        var bytes = id.ToByteArray(bigEndian: true);
        Array.Fill(bytes, rest, OccurrenceIds.SharedHead, bytes.Length - OccurrenceIds.SharedHead);
        return new(bytes, bigEndian: true);
    }
}
