using Kalends.Audit;

namespace Kalends.Storage.Postgres;

/// <summary>
/// Who views what, and what comes and goes. Parameters of views: $2 the calendars, $3 and $4 the days, $5 how many, $6, $7 and $8 the place where the last
/// page ended; of changes $2 the calendars, $3 and $4 the time, $5 how many.
/// </summary>
internal sealed class EngagementRows(PostgresSession session) : IEngagementWrites
{
    private const string ViewsSql = """
        SELECT v.day, v.calendar, v.viewer, v.views, k.id FROM calendar_view v JOIN calendar k ON k.tenant = $1 AND k.key = v.calendar
        WHERE v.tenant = $1 AND ($2 IS NULL OR v.calendar = ANY ($2)) AND v.day >= greatest($3, $6) AND v.day < $4
            AND (v.day, v.calendar, v.viewer) > ($6, $7, $8)
        ORDER BY v.day, v.calendar, v.viewer LIMIT $5
        """;

    // A name in the text of an object has its quotes escaped, so that a series is known without reading its JSON (in which U+0000 may stand); metadata are
    // texts.
    private const string ChangesSql = """
        SELECT floor(extract(epoch FROM x.at) / 86400)::integer, left(c.person, 5) <> 'user:', c.app COLLATE "C",
            x.series IS NOT NULL OR strpos(coalesce(x.after, x.before)::text, '"recurrence":{') > 0,
            count(*) FILTER (WHERE x.kind = 'created'), count(*) FILTER (WHERE x.kind = 'deleted')
        FROM trail x JOIN command c ON c.tenant = $1 AND c.id = x.command AND c.at = x.at AND c.at >= $3 AND c.at < $4
        WHERE x.tenant = $1 AND x.at >= $3 AND x.at < $4 AND x.kind IN ('created', 'deleted') AND ($2 IS NULL OR x.calendars && $2)
        GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4 LIMIT $5
        """;

    // In one order, so that processes which add at once wait for each other and never in a ring.
    private const string AddSql = """
        INSERT INTO calendar_view (tenant, calendar, day, viewer, views)
        SELECT $1, k.key, n.day, n.viewer, n.views FROM unnest($2, $3, $4, $5) n (calendar, day, viewer, views)
        JOIN calendar k ON k.tenant = $1 AND k.id = n.calendar ORDER BY k.key, n.day, n.viewer COLLATE "C"
        ON CONFLICT (tenant, calendar, day, viewer) DO UPDATE SET views = calendar_view.views + excluded.views
        """;

    public async ValueTask<IReadOnlyList<(ViewPlace Place, CalendarViews Row)>> Views(EngagementQuestion asked, ViewPlace? after, int limit)
    {
        var place = after ?? new(int.MinValue, 0, "");
        var asking = Of(session.Prepare(ViewsSql), asked.Calendars).WithInteger(asked.FromDay).WithInteger(asked.ToDay).With((long)limit)
            .WithInteger(place.Day).WithInteger(place.Calendar).With(place.Viewer);
        return await session.All(asking, row => (
            new ViewPlace(row.Integer(0), row.Integer(1), row.Text(2)),
            new CalendarViews(EngagementQuestion.DateOf(row.Integer(0)), new(row.Text(4)), new(row.Text(2)), row.Long(3))));
    }

    public async ValueTask<IReadOnlyList<AppointmentCounts>> Changes(EngagementQuestion asked, int limit)
    {
        var asking = Of(session.Prepare(ChangesSql), asked.Calendars).WithTime(asked.FromDay * EngagementQuestion.SecondsPerDay)
            .WithTime(asked.ToDay * EngagementQuestion.SecondsPerDay).With((long)limit);
        return await session.All(asking, row => new AppointmentCounts(
            EngagementQuestion.DateOf(row.Integer(0)), row.Bool(1) ? ChangedBy.Services : ChangedBy.People, row.Text(2), row.Bool(3), row.Long(4),
            row.Long(5)));
    }

    public async ValueTask<long> Add(IReadOnlyCollection<CalendarViews> views)
    {
        var adding = session.Prepare(AddSql)
            .WithAll(views.Select(one => one.Calendar.Value)).WithKeys(views.Select(one => EngagementQuestion.DayOf(one.Day)))
            .WithAll(views.Select(one => one.Viewer.Value)).WithAll(views.Select(one => one.Views));
        await session.Run(adding);
        return adding.Changed;
    }

    private static Statement Of(Statement statement, IReadOnlyCollection<long>? calendars) =>
        calendars is null ? statement.WithNoKeys() : statement.WithKeys(calendars);
}
