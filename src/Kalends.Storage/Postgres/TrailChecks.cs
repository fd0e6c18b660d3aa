namespace Kalends.Storage.Postgres;

/// <summary>The trail must tell the whole story of every appointment, and change log and outbox must follow it.</summary>
internal static class TrailChecks
{
    /// <summary>
    /// An appointment p may have no entry left: its last change in its owner's calendar, which the change log has, is among those that were dropped.
    /// </summary>
    public const string StoryMayBeDropped = """
        EXISTS (SELECT 1 FROM trail_dropped d JOIN calendar k ON k.tenant = d.tenant JOIN calendar_change g ON g.tenant = k.tenant AND g.calendar = k.key
                WHERE d.tenant = p.tenant AND k.key = p.owner AND g.appointment = p.id AND g.version = p.version AND g.calendar_version <= k.counted_from)
        """;

    /// <summary>The entry before x, of its appointment, may be among those that were dropped: it was of one of the calendars that x is of.</summary>
    private const string BeforeMayBeDropped = """
        EXISTS (SELECT 1 FROM trail_dropped d JOIN calendar k ON k.tenant = d.tenant
                WHERE d.tenant = x.tenant AND k.key = ANY (x.calendars) AND k.counted_from > 0)
        """;

    public static readonly Check[] All =
    [
        new("""
            SELECT 'Tenant ' || t.name || ': trail entry ' || x.seq || ' has no command'
            FROM trail x JOIN tenant t ON t.key = x.tenant
            WHERE NOT EXISTS (SELECT 1 FROM command c WHERE c.tenant = x.tenant AND c.id = x.command)
            """),
        // Given one by one under the lock of each calendar, from where counting began in it.
        new("""
            SELECT 'Tenant ' || t.name || ': calendar ' || c.id || ' has version ' || c.version || ', but the trail counts '
                || coalesce(v.changes, 0) || ' changes up to ' || coalesce(v.last, 0) || ' from ' || c.counted_from
            FROM calendar c JOIN tenant t ON t.key = c.tenant
            LEFT JOIN (SELECT x.tenant, p.calendar, count(DISTINCT p.version) AS changes, max(p.version) AS last
                       FROM trail x CROSS JOIN LATERAL unnest(x.calendars, x.versions) p (calendar, version)
                       JOIN calendar o ON o.tenant = x.tenant AND o.key = p.calendar
                       WHERE p.version > o.counted_from GROUP BY 1, 2) v ON v.tenant = c.tenant AND v.calendar = c.key
            WHERE c.version <> coalesce(v.last, c.counted_from) OR c.version - c.counted_from <> coalesce(v.changes, 0)
            """),
        // An occurrence begins with its series, and changes with it, without entries of its own.
        new($"""
            SELECT 'Tenant ' || t.name || ': trail entry ' || x.seq || ' does not follow from the one before of its appointment: '
                || x.kind || ' to version ' || x.version
            FROM (SELECT tenant, seq, kind, version, calendars, lag(kind) OVER story AS kind_before, lag(version) OVER story AS version_before
                  FROM trail WHERE appointment IS NOT NULL AND series IS NULL WINDOW story AS (PARTITION BY tenant, appointment ORDER BY seq)) x
            JOIN tenant t ON t.key = x.tenant
            WHERE (CASE x.kind
                WHEN 'created' THEN (x.kind_before IS NULL AND x.version = 1) OR (x.kind_before = 'deleted' AND x.version IN (1, x.version_before + 1))
                WHEN 'modified' THEN x.kind_before <> 'deleted' AND x.version = x.version_before + 1
                ELSE x.kind_before <> 'deleted' AND x.version = x.version_before END) IS NOT TRUE
                AND NOT (x.kind_before IS NULL AND {BeforeMayBeDropped})
            """),
        // What was erased is known by the hash of what it was.
        new($"""
            SELECT 'Tenant ' || t.name || ': trail entry ' || x.seq || ' did not begin with what the one before it left'
            FROM (SELECT x.tenant, x.seq, x.calendars, x.before::text, b.said, lag(x.seq) OVER story AS seq_before,
                      lag(x.after::text) OVER story AS left_behind, lag(a.said) OVER story AS left_said
                  FROM trail x LEFT JOIN trail_erasure b ON b.tenant = x.tenant AND b.seq = x.seq AND NOT b.is_after
                  LEFT JOIN trail_erasure a ON a.tenant = x.tenant AND a.seq = x.seq AND a.is_after
                  WHERE x.appointment IS NOT NULL AND x.series IS NULL WINDOW story AS (PARTITION BY x.tenant, x.appointment ORDER BY x.seq)) x
            JOIN tenant t ON t.key = x.tenant
            WHERE x.before IS DISTINCT FROM x.left_behind AND (x.said IS NULL AND x.left_said IS NULL
                OR coalesce(x.said, sha256(convert_to(x.before, 'UTF8')))
                    IS DISTINCT FROM coalesce(x.left_said, sha256(convert_to(x.left_behind, 'UTF8'))))
                AND NOT (x.seq_before IS NULL AND {BeforeMayBeDropped})
            """),
        new($"""
            SELECT 'Tenant ' || t.name || ': the trail ends with something else than the appointment itself: ' || p.id
            FROM appointment p JOIN tenant t ON t.key = p.tenant
            LEFT JOIN LATERAL (SELECT version FROM trail x WHERE x.tenant = p.tenant AND x.appointment = p.id ORDER BY x.seq DESC LIMIT 1) e ON true
            WHERE (p.series IS NULL OR p.detached) AND p.version IS DISTINCT FROM e.version AND NOT (e.version IS NULL AND {StoryMayBeDropped})
            """),
        new("""
            SELECT 'Tenant ' || t.name || ': the trail ends with an appointment that is not there: ' || x.appointment
            FROM (SELECT tenant, appointment, max(seq) AS seq FROM trail WHERE appointment IS NOT NULL GROUP BY tenant, appointment) e
            JOIN trail x ON x.tenant = e.tenant AND x.seq = e.seq JOIN tenant t ON t.key = x.tenant
            WHERE x.kind <> 'deleted' AND NOT EXISTS (SELECT 1 FROM appointment p WHERE p.tenant = x.tenant AND p.id = x.appointment)
            """),
        new("""
            SELECT 'Tenant ' || x.tenant || ': trail entry ' || x.seq || ' has no publication'
            FROM trail x WHERE x.appointment IS NOT NULL AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.tenant = x.tenant AND o.id = x.event)
            """),
        new("""
            SELECT 'Tenant ' || o.tenant || ': publication ' || o.seq || ' belongs to no trail entry of an appointment of its tenant'
            FROM outbox o LEFT JOIN trail x ON x.tenant = o.tenant AND x.event = o.id
            WHERE o.type LIKE 'kalends.appointment.%' AND (x.appointment IS NULL OR o.subject <> x.appointment::text)
            """),
        new("""
            SELECT 'Tenant ' || t.name || ': calendar ' || g.calendar || ' logs a change that the trail does not have: ' || g.calendar_version
            FROM calendar_change g JOIN tenant t ON t.key = g.tenant
            LEFT JOIN (SELECT x.tenant, x.appointment, x.version, p.calendar, p.given
                       FROM trail x CROSS JOIN LATERAL unnest(x.calendars, x.versions) p (calendar, given)) x
                ON x.tenant = g.tenant AND x.calendar = g.calendar AND x.given = g.calendar_version AND x.appointment = g.appointment
            WHERE (x.version = g.version AND g.created_with <= g.calendar_version) IS NOT TRUE
              AND NOT (x.version IS NULL AND g.created_with <= g.calendar_version AND EXISTS (SELECT 1 FROM trail_dropped d
                  JOIN calendar k ON k.tenant = d.tenant AND k.key = g.calendar WHERE d.tenant = g.tenant AND g.calendar_version <= k.counted_from))
            """),
        new("""
            SELECT 'Tenant ' || t.name || ': calendar ' || g.calendar || ' logs an appointment as there that does not lie on it: ' || g.appointment
            FROM calendar_change g JOIN tenant t ON t.key = g.tenant
            WHERE NOT g.deleted
              AND NOT EXISTS (SELECT 1 FROM appointment p WHERE p.tenant = g.tenant AND p.id = g.appointment
                              AND (p.owner = g.calendar OR g.calendar = ANY (p.calendars)))
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
