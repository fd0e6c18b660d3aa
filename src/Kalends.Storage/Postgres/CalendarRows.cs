namespace Kalends.Storage.Postgres;

/// <summary>Calendars, and the locks on them that put writers in an order.</summary>
internal sealed class CalendarRows(PostgresSession session) : ICalendarWrites
{
    public const string Columns = "key, id, version, kind, name, time_zone, double_booking, capacity, features, site, email, phone";

    private const string FindSql = $"SELECT {Columns} FROM calendar WHERE tenant = $1 AND id = ANY ({Unseen.Second}::text[])";

    private const string PageSql =
        $"SELECT {Columns} FROM calendar WHERE tenant = $1 AND id > $2 AND ($3 IS NULL OR kind = $3) ORDER BY id LIMIT $4";

    // NO KEY: rows that point to a calendar may come meanwhile, changes of it may not. Sorted before they are locked, so in one order for all.
    private const string LockSql = $"""
        SELECT {Columns}, NOT pg_visible_in_snapshot(changed_in, $3::pg_snapshot) AND changed_in <> pg_current_xact_id() FROM calendar
        WHERE tenant = $1 AND id = ANY ({Unseen.Second}::text[]) ORDER BY key FOR NO KEY UPDATE
        """;

    // For who holds locks already, or has added calendars that nobody else sees yet: waiting out of order could be waiting for each other.
    private const string LockMoreSql = $"{LockSql} SKIP LOCKED";

    // In the order of names, so that two who add the same ones wait for each other in one order.
    private const string AddSql = """
        INSERT INTO calendar (tenant, id, kind, double_booking)
        SELECT $1, n.id, n.kind, n.double_booking FROM unnest($2, $3, $4) n (id, kind, double_booking) ORDER BY n.id COLLATE "C"
        ON CONFLICT (tenant, id) DO NOTHING
        """;

    private const string SaveSql = """
        UPDATE calendar SET kind = $3, name = $4, time_zone = $5, double_booking = $6, capacity = $7, features = $8, site = $9, email = $10, phone = $11
        WHERE tenant = $1 AND key = $2
        """;

    private const string MovedHorizonsSql = """
        SELECT 1 FROM unnest($2, $3) r (id, stored_until) JOIN series s ON s.tenant = $1 AND s.id = r.id
        WHERE s.stored_until <> r.stored_until LIMIT 1
        """;

    public async ValueTask<IReadOnlyDictionary<CalendarId, Calendar>> Find(IReadOnlyCollection<CalendarId> ids) => ids.Count == 0
        ? new Dictionary<CalendarId, Calendar>()
        : (await session.All(session.Prepare(FindSql).WithAll(ids.Select(id => id.Value)), Calendar)).ToDictionary(calendar => calendar.Id);

    public async ValueTask<IReadOnlyList<Calendar>> Page(CalendarKind? kind, CalendarId? after, int limit) => await session.All(
        session.Prepare(PageSql).With(after?.Value ?? "").With(kind is { } only ? Stored(only) : null).With((long)limit), Calendar);

    public async ValueTask<IReadOnlyDictionary<CalendarId, Calendar>> Lock(IReadOnlyCollection<CalendarId> ids)
    {
        session.Ask(ids);
        var locked = new Dictionary<CalendarId, Calendar>(ids.Count);
        var wanted = ids.Distinct().ToList();
        var look = new LookAgain();
        await session.Run([Locking(session.Versions.Count == 0 ? LockSql : LockMoreSql, wanted, locked, look), Looking(look), .. Horizons(look)]);
        var missing = wanted.Where(id => !locked.ContainsKey(id)).ToList();
        if (missing.Count > 0)
        {
            await session.Run(Adding(missing), Locking(LockMoreSql, missing, locked, look), Looking(look));
        }

        if (locked.Count < wanted.Count)
        {
            throw session.Changed(isHeld: false);
        }

        var hasChanged = look.HorizonMoved || (session.ReadBefore.Any && look.Changed);
        session.ReadBefore.BeginAnew(look.Snapshot);
        foreach (var calendar in locked.Values)
        {
            session.Versions.TryAdd(calendar.Key, calendar.Version);
        }

        return hasChanged ? throw session.Changed(isHeld: true) : locked;
    }

    public async ValueTask Save(IReadOnlyCollection<Calendar> calendars)
    {
        List<(Calendar Calendar, Statement Statement)> saving = [.. calendars.Select(calendar => (calendar, session.Prepare(SaveSql)
            .WithInteger(calendar.Key).With(Stored(calendar.Kind)).With(calendar.Name).With(calendar.TimeZone).With(Stored(calendar.DoubleBooking))
            .WithInteger(calendar.Capacity).WithAll(calendar.Features).With(calendar.Site)
            .With(calendar.Email).With(calendar.Phone)))];
        session.HasWritten = true;
        await session.Run([.. saving.Select(one => one.Statement)]);
        if (saving.Find(one => one.Statement.Changed != 1) is { Calendar: { } stranger })
        {
            throw new InvalidOperationException($"calendar {stranger.Id} was saved without having been locked");
        }
    }

    private Statement Locking(string constantSql, List<CalendarId> ids, Dictionary<CalendarId, Calendar> locked, LookAgain look) =>
        session.Prepare(constantSql).WithAll(ids.Select(id => id.Value)).With(session.ReadBefore.Snapshot).Reading(row =>
        {
            var calendar = Calendar(row);
            locked[calendar.Id] = calendar;
            look.Changed |= row.Bool(12);
        });

    private Statement Adding(List<CalendarId> ids)
    {
        List<Calendar> implied = [.. ids.Select(Storage.Calendar.Implied)];
        return session.Prepare(AddSql).WithAll(implied.Select(calendar => calendar.Id.Value))
            .WithAll(implied.Select(calendar => Stored(calendar.Kind))).WithAll(implied.Select(calendar => Stored(calendar.DoubleBooking)));
    }

    /// <summary>Looked at after the locks are there, in a later statement and so at a later moment.</summary>
    private static Statement Looking(LookAgain look) => new Statement(PostgresWriteSession.SnapshotSql).Reading(row => look.Snapshot = row.Plain(0));

    private IEnumerable<Statement> Horizons(LookAgain look) => session.ReadBefore.Horizons.Count == 0 ? [] : [session.Prepare(MovedHorizonsSql)
        .WithAll(session.ReadBefore.Horizons.Keys).WithTimes(session.ReadBefore.Horizons.Values).Reading(_ => look.HorizonMoved = true)];

    /// <summary>From <see cref="Columns"/>, in their order.</summary>
    public static Calendar Calendar(Row row) => new()
    {
        Key = row.Integer(0),
        Id = new(row.Text(1)),
        Version = row.Long(2),
        Kind = Enum.Parse<CalendarKind>(row.Text(3), ignoreCase: true),
        Name = row.TextOrNull(4),
        TimeZone = row.TextOrNull(5),
        DoubleBooking = Enum.Parse<DoubleBooking>(row.Text(6), ignoreCase: true),
        Capacity = row.IsNull(7) ? null : row.Integer(7),
        Features = row.TextArray(8),
        Site = row.TextOrNull(9),
        Email = row.TextOrNull(10),
        Phone = row.TextOrNull(11),
    };

    private static string Stored<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    private sealed class LookAgain
    {
        public string Snapshot { get; set; } = "";

        public bool Changed { get; set; }

        public bool HorizonMoved { get; set; }
    }
}
