namespace Kalends.Storage.Postgres;

/// <summary>The trail must tell the whole story of every appointment, and change log and outbox must follow it.</summary>
internal static class TrailChecks
{
    public static readonly Check[] All =
    [
        new("""
            SELECT 'Tenant ' || t.name || ': trail entry ' || x.seq || ' has no command'
            FROM trail x JOIN tenant t ON t.key = x.tenant
            WHERE NOT EXISTS (SELECT 1 FROM command c WHERE c.tenant = x.tenant AND c.id = x.command)
            """),
        // Given without gaps, since what is rolled back gives its numbers back and one session of a tenant takes them at a time.
        new("""
            SELECT 'Tenant ' || t.name || ': trail entries are missing between ' || x.earlier || ' and ' || x.seq
            FROM (SELECT tenant, seq, lag(seq, 1, 0::bigint) OVER (PARTITION BY tenant ORDER BY seq) AS earlier FROM trail) x
            JOIN tenant t ON t.key = x.tenant WHERE x.seq <> x.earlier + 1
            """),
        new("""
            SELECT 'Tenant ' || t.name || ': its last sequence number is ' || coalesce(s.last::text, 'missing') || ', its trail ends otherwise'
            FROM tenant t LEFT JOIN tenant_sequence s ON s.tenant = t.key
            WHERE s.last IS DISTINCT FROM coalesce((SELECT max(seq) FROM trail x WHERE x.tenant = t.key), 0)
            """),
        // An occurrence begins with its series, and changes with it, without entries of its own.
        new("""
            SELECT 'Tenant ' || t.name || ': trail entry ' || x.seq || ' does not follow from the one before of its appointment: '
                || x.kind || ' to version ' || x.version
            FROM (SELECT tenant, seq, kind, version, lag(kind) OVER story AS kind_before, lag(version) OVER story AS version_before
                  FROM trail WHERE appointment IS NOT NULL AND series IS NULL WINDOW story AS (PARTITION BY tenant, appointment ORDER BY seq)) x
            JOIN tenant t ON t.key = x.tenant
            WHERE (CASE x.kind
                WHEN 'created' THEN (x.kind_before IS NULL AND x.version = 1) OR (x.kind_before = 'deleted' AND x.version IN (1, x.version_before + 1))
                WHEN 'modified' THEN x.kind_before <> 'deleted' AND x.version = x.version_before + 1
                ELSE x.kind_before <> 'deleted' AND x.version = x.version_before END) IS NOT TRUE
            """),
        new("""
            SELECT 'Tenant ' || t.name || ': trail entry ' || x.seq || ' did not begin with what the one before it left'
            FROM (SELECT tenant, seq, before::text, lag(after::text) OVER (PARTITION BY tenant, appointment ORDER BY seq) AS left_behind
                  FROM trail WHERE appointment IS NOT NULL AND series IS NULL) x
            JOIN tenant t ON t.key = x.tenant WHERE x.before IS DISTINCT FROM x.left_behind
            """),
        new("""
            SELECT 'Tenant ' || t.name || ': the trail ends with something else than the appointment itself: ' || p.id
            FROM appointment p JOIN tenant t ON t.key = p.tenant
            LEFT JOIN LATERAL (SELECT version, after FROM trail x WHERE x.tenant = p.tenant AND x.appointment = p.id ORDER BY x.seq DESC LIMIT 1) e ON true
            WHERE (p.series IS NULL OR p.detached)
              AND (p.body::text IS DISTINCT FROM e.after::text OR p.version IS DISTINCT FROM e.version)
            """),
        new("""
            SELECT 'Tenant ' || t.name || ': the trail ends with an appointment that is not there: ' || x.appointment
            FROM (SELECT tenant, appointment, max(seq) AS seq FROM trail WHERE appointment IS NOT NULL GROUP BY tenant, appointment) e
            JOIN trail x ON x.tenant = e.tenant AND x.seq = e.seq JOIN tenant t ON t.key = x.tenant
            WHERE x.kind <> 'deleted' AND NOT EXISTS (SELECT 1 FROM appointment p WHERE p.tenant = x.tenant AND p.id = x.appointment)
            """),
        new("""
            SELECT 'Tenant ' || x.tenant || ': trail entry ' || x.seq || ' has no publication'
            FROM trail x WHERE x.appointment IS NOT NULL AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.tenant = x.tenant AND o.trail = x.seq)
            """),
        new("""
            SELECT 'Tenant ' || o.tenant || ': publication ' || o.seq || ' belongs to no trail entry of an appointment of its tenant'
            FROM outbox o LEFT JOIN trail x ON x.tenant = o.tenant AND x.seq = o.trail WHERE o.trail IS NOT NULL AND x.appointment IS NULL
            """),
        new("""
            SELECT 'Tenant ' || t.name || ': calendar ' || c.id || ' has version ' || c.version || ', older than its last change ' || max(g.seq)
            FROM calendar c JOIN calendar_change g ON g.tenant = c.tenant AND g.calendar = c.key JOIN tenant t ON t.key = c.tenant
            GROUP BY t.name, c.tenant, c.key HAVING c.version < max(g.seq)
            """),
        new("""
            SELECT 'Tenant ' || t.name || ': calendar ' || g.calendar || ' logs a change that the trail does not have: ' || g.seq
            FROM calendar_change g JOIN tenant t ON t.key = g.tenant LEFT JOIN trail x ON x.tenant = g.tenant AND x.seq = g.seq
            WHERE (x.appointment = g.appointment AND x.version = g.version AND g.created_seq <= g.seq) IS NOT TRUE
            """),
        new("""
            SELECT 'Tenant ' || t.name || ': calendar ' || g.calendar || ' logs an appointment as there that does not lie on it: ' || g.appointment
            FROM calendar_change g JOIN tenant t ON t.key = g.tenant
            WHERE NOT g.deleted
              AND NOT EXISTS (SELECT 1 FROM attendance a WHERE a.tenant = g.tenant AND a.appointment = g.appointment AND a.calendar = g.calendar)
              AND NOT EXISTS (SELECT 1 FROM appointment p WHERE p.tenant = g.tenant AND p.id = g.appointment AND p.owner = g.calendar)
              AND NOT EXISTS (SELECT 1 FROM series s JOIN appointment p ON p.tenant = s.tenant AND p.id = s.id
                              CROSS JOIN LATERAL json_array_elements(p.body -> 'attendees') e
                              JOIN calendar c ON c.tenant = s.tenant AND c.id = e ->> 'calendar'
                              WHERE s.tenant = g.tenant AND s.id = g.appointment AND c.key = g.calendar)
            """),
        new("""
            SELECT 'Tenant ' || t.name || ': calendar ' || l.calendar || ' does not log an appointment that lies on it: ' || l.appointment
            FROM (SELECT a.tenant, a.calendar, CASE WHEN p.series IS NOT NULL AND NOT p.detached THEN p.series ELSE p.id END AS appointment
                  FROM attendance a JOIN appointment p ON p.tenant = a.tenant AND p.id = a.appointment
                  UNION SELECT tenant, owner, id FROM appointment WHERE series IS NULL OR detached) l
            JOIN tenant t ON t.key = l.tenant
            LEFT JOIN calendar_change g ON g.tenant = l.tenant AND g.calendar = l.calendar AND g.appointment = l.appointment
            WHERE g.deleted IS NOT FALSE
            """),
    ];
}
