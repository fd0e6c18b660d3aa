using System.Text.Json;

namespace Kalends.Storage.Sqlite;

/// <summary>Calendars. Locking is already done by the one write transaction, so it only makes those that are missing.</summary>
internal sealed class CalendarRows(SqliteSession session) : ICalendarWrites
{
    private const string Columns = "key, id, version, kind, name, time_zone, double_booking, capacity, features, site, email, phone";

    private const string FindSql = $"SELECT {Columns} FROM calendar WHERE tenant = ?1 AND id = ?2";

    private const string FindAllSql = $"SELECT {Columns} FROM (SELECT value FROM json_each(?2)) CROSS JOIN calendar ON tenant = ?1 AND id = value";

    private const string PageSql =
        $"SELECT {Columns} FROM calendar WHERE tenant = ?1 AND id > ?2 AND (?3 IS NULL OR kind = ?3) ORDER BY id LIMIT ?4";

    private const string AddSql = $"""
        INSERT INTO calendar (tenant, key, id, kind, double_booking)
        SELECT ?1, coalesce(max(key), 0) + 1, ?2, ?3, ?4 FROM calendar WHERE tenant = ?1
        RETURNING {Columns}
        """;

    private const string SaveSql = """
        UPDATE calendar SET kind = ?3, name = ?4, time_zone = ?5, double_booking = ?6, capacity = ?7, features = ?8, site = ?9, email = ?10, phone = ?11
        WHERE tenant = ?1 AND key = ?2
        """;

    public ValueTask<IReadOnlyDictionary<CalendarId, Calendar>> Find(IReadOnlyCollection<CalendarId> ids)
    {
        var found = new Dictionary<CalendarId, Calendar>(ids.Count);
        var rows = session.Prepare(FindAllSql).WithJson(JsonSerializer.SerializeToUtf8Bytes(ids.Select(id => id.Value)));
        while (rows.Step())
        {
            var calendar = Row(rows);
            found[calendar.Id] = calendar;
        }

        return ValueTask.FromResult<IReadOnlyDictionary<CalendarId, Calendar>>(found);
    }

    public ValueTask<IReadOnlyList<Calendar>> Page(CalendarKind? kind, CalendarId? after, int limit)
    {
        var page = new List<Calendar>();
        var rows = session.Prepare(PageSql).With(after?.Value ?? "").With(kind is { } only ? Stored(only) : null).With(limit);
        while (rows.Step())
        {
            page.Add(Row(rows));
        }

        return ValueTask.FromResult<IReadOnlyList<Calendar>>(page);
    }

    public ValueTask<IReadOnlyDictionary<CalendarId, Calendar>> Lock(IReadOnlyCollection<CalendarId> ids)
    {
        var locked = new Dictionary<CalendarId, Calendar>(ids.Count);
        foreach (var id in ids)
        {
            locked[id] = Find(id) ?? Add(Calendar.Implied(id));
        }

        return ValueTask.FromResult<IReadOnlyDictionary<CalendarId, Calendar>>(locked);
    }

    public ValueTask Save(IReadOnlyCollection<Calendar> calendars)
    {
        foreach (var calendar in calendars)
        {
            var saved = session.Prepare(SaveSql).With(calendar.Key)
                .With(Stored(calendar.Kind)).With(calendar.Name).With(calendar.TimeZone).With(Stored(calendar.DoubleBooking))
                .With(calendar.Capacity).WithJson(JsonSerializer.SerializeToUtf8Bytes(calendar.Features)).With(calendar.Site)
                .With(calendar.Email).With(calendar.Phone).Run();
            if (saved != 1)
            {
                throw new InvalidOperationException($"calendar {calendar.Id} was saved without having been locked");
            }
        }

        return ValueTask.CompletedTask;
    }

    private Calendar? Find(CalendarId id)
    {
        var row = session.Prepare(FindSql).With(id.Value);
        return row.Step() ? Row(row) : null;
    }

    private Calendar Add(Calendar calendar)
    {
        var row = session.Prepare(AddSql).With(calendar.Id.Value).With(Stored(calendar.Kind)).With(Stored(calendar.DoubleBooking));
        row.Step();
        var added = Row(row);
        row.Run();
        return added;
    }

    private static Calendar Row(Statement row) => new()
    {
        Key = row.Long(0),
        Id = new(row.Text(1)),
        Version = row.Long(2),
        Kind = Enum.Parse<CalendarKind>(row.Text(3), ignoreCase: true),
        Name = row.TextOrNull(4),
        TimeZone = row.TextOrNull(5),
        DoubleBooking = Enum.Parse<DoubleBooking>(row.Text(6), ignoreCase: true),
        Capacity = row.IsNull(7) ? null : (int)row.Long(7),
        Features = JsonSerializer.Deserialize<string[]>(row.Bytes(8)) ?? [],
        Site = row.TextOrNull(9),
        Email = row.TextOrNull(10),
        Phone = row.TextOrNull(11),
    };

    private static string Stored<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
