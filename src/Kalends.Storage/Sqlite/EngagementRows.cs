using System.Text.Json;
using Kalends.Audit;

namespace Kalends.Storage.Sqlite;

/// <summary>
/// Who views what, and what comes and goes. Parameters of all that is asked: ?2 the calendars, ?3 and ?4 the days, ?5 how many; of views ?6, ?7 and ?8 the
/// place where the last page ended.
/// </summary>
internal sealed class EngagementRows(SqliteSession session) : IEngagementWrites
{
    private const string Columns = "v.day, v.calendar, v.viewer, v.views, k.id";

    private const string Named = "CROSS JOIN calendar k ON k.tenant = ?1 AND k.key = v.calendar";

    private const string Beyond = """
        v.day >= max(?3, ?6) AND v.day < ?4 AND (v.day, v.calendar, v.viewer) > (?6, ?7, ?8) ORDER BY v.day, v.calendar, v.viewer LIMIT ?5
        """;

    private const string AllSql = $"SELECT {Columns} FROM calendar_view v {Named} WHERE v.tenant = ?1 AND ?2 IS NULL AND {Beyond}";

    private const string OfCalendarsSql = $"""
        SELECT {Columns} FROM json_each(?2) m CROSS JOIN calendar_view v ON v.tenant = ?1 AND v.calendar = m.value {Named} WHERE {Beyond}
        """;

    // A name in the text of an object has its quotes escaped, so that a series is known without reading its JSON; metadata are texts.
    private const string Counted = """
        SELECT c.at / 86400 AS day, substr(c.person, 1, 5) <> 'user:' AS by_service, c.app,
            x.series IS NOT NULL OR instr(coalesce(x.after, x.before), '"recurrence":{') > 0 AS recurring,
            sum(x.kind = 'created'), sum(x.kind = 'deleted')
        FROM command c CROSS JOIN trail x ON x.tenant = ?1 AND x.command = c.id
        WHERE c.tenant = ?1 AND c.at >= ?3 * 86400 AND c.at < ?4 * 86400 AND x.kind IN ('created', 'deleted')
        """;

    private const string InOrder = "GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4 LIMIT ?5";

    private const string ChangesSql = $"{Counted} AND ?2 IS NULL {InOrder}";

    private const string ChangesOfCalendarsSql = $"""
        {Counted} AND EXISTS (SELECT 1 FROM json_each(x.versions) v WHERE CAST(v.key AS INTEGER) IN (SELECT value FROM json_each(?2))) {InOrder}
        """;

    private const string AddSql = """
        INSERT INTO calendar_view (tenant, calendar, day, viewer, views) SELECT ?1, key, ?3, ?4, ?5 FROM calendar WHERE tenant = ?1 AND id = ?2
        ON CONFLICT (tenant, calendar, day, viewer) DO UPDATE SET views = views + excluded.views
        """;

    public ValueTask<IReadOnlyList<(ViewPlace Place, CalendarViews Row)>> Views(EngagementQuestion asked, ViewPlace? after, int limit)
    {
        var found = new List<(ViewPlace, CalendarViews)>();
        var place = after ?? new(long.MinValue, 0, "");
        var rows = Ask(asked.Calendars is null ? AllSql : OfCalendarsSql, asked, limit).With(place.Day).With(place.Calendar).With(place.Viewer);
        while (rows.Step())
        {
            found.Add((
                new(rows.Long(0), rows.Long(1), rows.Text(2)),
                new(EngagementQuestion.DateOf(rows.Long(0)), new(rows.Text(4)), new(rows.Text(2)), rows.Long(3))));
        }

        return ValueTask.FromResult<IReadOnlyList<(ViewPlace, CalendarViews)>>(found);
    }

    public ValueTask<IReadOnlyList<AppointmentCounts>> Changes(EngagementQuestion asked, int limit)
    {
        var found = new List<AppointmentCounts>();
        var rows = Ask(asked.Calendars is null ? ChangesSql : ChangesOfCalendarsSql, asked, limit);
        while (rows.Step())
        {
            found.Add(new(
                EngagementQuestion.DateOf(rows.Long(0)), rows.Bool(1) ? ChangedBy.Services : ChangedBy.People, rows.Text(2), rows.Bool(3), rows.Long(4),
                rows.Long(5)));
        }

        return ValueTask.FromResult<IReadOnlyList<AppointmentCounts>>(found);
    }

    public ValueTask<long> Add(IReadOnlyCollection<CalendarViews> views)
    {
        var added = 0L;
        foreach (var one in views)
        {
            added += session.Prepare(AddSql).With(one.Calendar.Value).With(EngagementQuestion.DayOf(one.Day)).With(one.Viewer.Value).With(one.Views).Run();
        }

        return ValueTask.FromResult(added);
    }

    private Statement Ask(string constantSql, EngagementQuestion asked, int limit) => session.Prepare(constantSql)
        .WithJson(asked.Calendars is { } keys ? JsonSerializer.SerializeToUtf8Bytes(keys.Distinct()) : null)
        .With(asked.FromDay).With(asked.ToDay).With(limit);
}
