namespace Kalends.Bench.Postgres;

/// <summary>
/// What each operation comes to in SQL with nothing around it, as scripts of pgbench: the same rows from the same indexes by the same search, keys
/// instead of names, nothing checked, nothing masked, nothing written as JSON.
/// </summary>
public static class BareSql
{
    /// <summary>Some people, and where their time begins; as <see cref="PostgresOperation"/> draws them.</summary>
    private static string Draw(int days, int questions)
    {
        var span = Math.Max(1, 363 - days);
        return questions == 0
            ? $"\\set first random(0, :people - 1)\n\\set day random(0, {span - 1})"
            : $"\\set which random(0, {questions - 1})\n\\set first :which * 97 % :people\n\\set day :which * 31 % {span}";
    }

    private static string Asked(int people) =>
        $"unnest(ARRAY(SELECT ((:first + 7 * n) % :people)::int + 1 FROM generate_series(0, {people - 1}) n)) WITH ORDINALITY asked (key, place)";

    private const string From = "('2026-01-05Z'::timestamptz + :day * interval '1 day')";

    private static string Overlapping(int days, string columns, string more) => $"""
        (SELECT {columns} FROM attendance WHERE tenant = 1 AND calendar = asked.key AND start_at < {From} - interval '1 day' AND end_at > {From}
           AND end_at - start_at > '24:00:00'::interval {more}
         UNION ALL
         SELECT {columns} FROM attendance WHERE tenant = 1 AND calendar = asked.key AND start_at >= {From} - interval '1 day'
           AND start_at < {From} + interval '{(days == 0 ? "1 hour" : $"{days} days")}' AND (end_at > {From} OR start_at = {From}) {more}) a
        """;

    private const string Blocking = "AND busy <> 'f' AND end_at > start_at";

    private const string All = "calendar, start_at, end_at, appointment, busy, privacy, owner, all_day";

    /// <summary>Attendances and what their appointments say.</summary>
    public static string Appointments(int people, int days, int questions) => $"""
        {Draw(days, questions)}
        SELECT a.*, p.version, p.series, p.title, p.body FROM {Asked(people)} CROSS JOIN LATERAL {Overlapping(days, All, "")}
        JOIN appointment p ON p.tenant = 1 AND p.id = a.appointment ORDER BY asked.place, a.start_at, a.end_at, a.appointment;
        """;

    /// <summary>The first blocks and the titles of their appointments.</summary>
    public static string Conflicts(int people, int days, int questions, int limit) => $"""
        {Draw(days, questions)}
        SELECT a.*, p.title FROM
            (SELECT a.*, asked.place FROM {Asked(people)} CROSS JOIN LATERAL {Overlapping(days, All, Blocking)}
             ORDER BY asked.place, a.start_at, a.end_at, a.appointment LIMIT {limit}) a
        JOIN appointment p ON p.tenant = 1 AND p.id = a.appointment;
        """;

    public static string Busy(int people, int days, int questions) => $"""
        {Draw(days, questions)}
        SELECT a.* FROM {Asked(people)} CROSS JOIN LATERAL {Overlapping(days, "calendar, start_at, end_at, busy, privacy, owner", Blocking)}
        ORDER BY asked.place, a.start_at;
        """;

    /// <summary>What a save writes in the trail and publishes, and where ids come from. (In a script a colon begins a variable, also inside JSON.)</summary>
    public static string Ground()
    {
        var attendees = string.Join(',', Enumerable.Range(1, 5).Select(n => $$"""{"calendar":"user:p0000{{n}}","role":"required","response":"needs-action"}"""));
        var says = $$"""
            '{"id":"019d0000-0000-7000-8000-000000000000","uid":"019d0000-0000-7000-8000-000000000000@kalends","version":1,"owner":"user:p00001",\
            "status":"confirmed","title":"Review of work 1234","location":"Second floor","start":"2027-01-04T09:00:00","timeZone":"Europe/Paris",\
            "duration":"PT30M","allDay":false,"span":{"from":"2027-01-04T08:00:00Z","to":"2027-01-04T08:30:00Z"},"attendees":[{{attendees}}],\
            "freeBusyStatus":"busy","privacy":"public","app":"web","managedByApp":false,"originator":"user:p00001",\
            "createdAt":"2026-11-24T08:00:00Z","updatedAt":"2026-11-24T08:00:00Z"}'
            """.Replace("\\\n", "", StringComparison.Ordinal);
        const string Told = """
            '{"id":"019d0000-0000-7000-8000-000000000000","owner":"user:p00001","attendees":["user:p00001","user:p00002","user:p00003"],"timespan":{}}'
            """;
        return $"""
            CREATE SEQUENCE bench_number;
            CREATE FUNCTION bench_says() RETURNS json LANGUAGE sql IMMUTABLE AS $$SELECT {says}::json$$;
            CREATE FUNCTION bench_told() RETURNS json LANGUAGE sql IMMUTABLE AS $$SELECT {Told}::json$$
            """;
    }

    /// <summary>
    /// A save with five attendees: the statements of the store, one by one or, as the store sends them, in two round trips. Ids rise, as those
    /// of the store do.
    /// </summary>
    public static string Save(bool inPipeline)
    {
        const string Keys = "ARRAY(SELECT ((:first + n) % :people)::int + 1 FROM generate_series(0, 4) n)";
        const string Id = "('019d0000-0000-7000-8000-' || lpad(to_hex(:n::bigint), 12, '0'))::uuid";
        const string Day = "('2027-01-04Z'::timestamptz + interval '8 hours' + :day * interval '1 day')";
        var (open, close) = inPipeline ? ("\\startpipeline", "\\endpipeline") : ("", "");
        return $$"""
            \set first random(0, :people - 1)
            \set day random(0, 250)
            SELECT nextval('bench_number') AS n \gset
            {{open}}
            BEGIN;
            SELECT pg_current_snapshot()::text;
            SELECT key, id, version, kind, name, time_zone, double_booking, capacity, features, site, NOT pg_visible_in_snapshot(changed_in, pg_current_snapshot())
                FROM calendar WHERE tenant = 1 AND key = ANY ({{Keys}}) ORDER BY key FOR NO KEY UPDATE;
            SELECT pg_current_snapshot()::text;
            {{close}}
            {{open}}
            INSERT INTO appointment (tenant, id, version, owner, privacy, start_at, end_at, all_day, title, body, calendars)
                SELECT 1, {{Id}}, 1, :first::int + 1, 'p', {{Day}}, {{Day}} + interval '30 minutes', false, 'Review of work 1234',
                    decode(repeat('a7', 130), 'hex'), {{Keys}};
            INSERT INTO attendance (tenant, calendar, start_at, end_at, appointment, busy, privacy, owner, all_day)
                SELECT 1, k, {{Day}}, {{Day}} + interval '30 minutes', {{Id}}, 'b', 'p', :first::int + 1, false FROM unnest({{Keys}}) k;
            INSERT INTO command (tenant, id, at, person, app, name, request_id, data)
                SELECT 1, {{Id}}, now(), 'service', 'web', 'save-appointments', 'bd7b624221d4cabc', bench_says();
            WITH entry AS (INSERT INTO trail (tenant, at, command, event, appointment, kind, version, after, calendars, versions)
                SELECT 1, now(), {{Id}}, {{Id}}, {{Id}}, 'created', 1, bench_says(), {{Keys}}, '{1,2,3,4,5}'::bigint[] RETURNING seq) SELECT max(seq) FROM entry;
            INSERT INTO outbox (tenant, time, id, type, subject, data)
                SELECT 1, now(), {{Id}}, 'kalends.appointment.created.v1', {{Id}}::text, bench_told();
            INSERT INTO calendar_change AS g (tenant, calendar, appointment, calendar_version, version, created_with, deleted)
                SELECT 1, c.key, {{Id}}, c.version + 1, 1, c.version + 1, false FROM calendar c WHERE c.tenant = 1 AND c.key = ANY ({{Keys}});
            UPDATE calendar c SET version = version + 1, changed_in = pg_current_xact_id() WHERE c.tenant = 1 AND c.key = ANY ({{Keys}});
            COMMIT;
            {{close}}
            """;
    }
}
