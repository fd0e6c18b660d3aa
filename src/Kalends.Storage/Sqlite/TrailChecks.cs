using static Kalends.Storage.Sqlite.AppointmentChecks;

namespace Kalends.Storage.Sqlite;

/// <summary>The trail must tell the whole story of every appointment, and change log and outbox must follow it.</summary>
internal static class TrailChecks
{
    /// <summary>What the trail said of the same appointment just before, correlated with the outer <c>x</c>.</summary>
    private const string EntryBefore = """
        FROM trail b WHERE b.tenant = x.tenant AND b.appointment = x.appointment AND b.seq < x.seq ORDER BY b.seq DESC LIMIT 1
        """;

    private const string LastEntry = """
        FROM trail x WHERE x.tenant = p.tenant AND x.appointment = p.id ORDER BY x.seq DESC LIMIT 1
        """;

    /// <summary>
    /// An appointment p may have no entry left: its last change in its owner's calendar, which the change log has, is among those that were dropped.
    /// </summary>
    private const string StoryMayBeDropped = """
        EXISTS (SELECT 1 FROM trail_dropped d JOIN calendar k ON k.tenant = d.tenant JOIN calendar_change g ON g.tenant = k.tenant AND g.calendar = k.key
                WHERE d.tenant = p.tenant AND k.key = p.owner AND g.appointment = p.id AND g.version = p.version AND g.seq <= k.counted_from)
        """;

    /// <summary>The entry before x, of its appointment, may be among those that were dropped: it was of one of the calendars that x is of.</summary>
    private const string BeforeMayBeDropped = """
        EXISTS (SELECT 1 FROM trail_dropped d JOIN json_each(x.versions) v JOIN calendar k ON k.tenant = d.tenant AND k.key = CAST(v.key AS INTEGER)
                WHERE d.tenant = x.tenant AND k.counted_from > 0)
        """;

    private const string LastDropped = "(SELECT coalesce(max(seq), 0) FROM trail_dropped)";

    public static readonly Check[] All =
    [
        new("""
            SELECT 'Trail entry ' || x.seq || ' has no command'
            FROM trail x WHERE NOT EXISTS (SELECT 1 FROM command c WHERE c.tenant = x.tenant AND c.id = x.command)
            """),
        // Given without gaps, since what is rolled back gives its numbers back and there is one writer.
        new($"""
            SELECT 'Trail entries are missing between ' || earlier || ' and ' || seq
            FROM (SELECT seq, lag(seq, 1, {LastDropped}) OVER (ORDER BY seq) AS earlier FROM trail WHERE seq > {LastDropped}) WHERE seq <> earlier + 1
            """),
        new($"""
            SELECT 'Trail entries are missing after ' || max(coalesce(max(seq), 0), {LastDropped}) FROM trail
            HAVING max(coalesce(max(seq), 0), {LastDropped}) <> coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'trail'), 0)
            """),
        new($"""
            SELECT 'Of the trail entries up to ' || place || ' ' || there || ' are there and ' || dropped || ' were dropped'
            FROM (SELECT {LastDropped} AS place, (SELECT count(*) FROM trail WHERE seq <= {LastDropped}) AS there,
                      (SELECT coalesce(sum(entries), 0) FROM trail_dropped) AS dropped) WHERE there + dropped <> place
            """),
        new("""
            SELECT 'Tenant ' || t.name || ': its last sequence number is ' || t.last || ', its trail ends otherwise'
            FROM tenant t WHERE t.last <> max(coalesce((SELECT max(seq) FROM trail x WHERE x.tenant = t.key), 0),
                coalesce((SELECT d.seq FROM trail_dropped d WHERE d.tenant = t.key), 0))
            """),
        // An occurrence begins with its series, and changes with it, without entries of its own.
        new($"""
            SELECT 'Trail entry ' || x.seq || ' does not follow from the one before of its appointment: ' || kind || ' to version ' || version
            FROM (SELECT tenant, seq, kind, version, versions, lag(kind) OVER story AS kind_before, lag(version) OVER story AS version_before
                  FROM trail WHERE appointment IS NOT NULL AND series IS NULL WINDOW story AS (PARTITION BY tenant, appointment ORDER BY seq)) x
            WHERE (CASE kind
                WHEN 'created' THEN (kind_before IS NULL AND version = 1) OR (kind_before = 'deleted' AND version IN (1, version_before + 1))
                WHEN 'modified' THEN kind_before <> 'deleted' AND version = version_before + 1
                ELSE kind_before <> 'deleted' AND version = version_before END) IS NOT TRUE
                AND NOT (kind_before IS NULL AND {BeforeMayBeDropped})
            """),
        // What was erased is known by the hash of what it was.
        new($"""
            SELECT 'Trail entry ' || x.seq || ' did not begin with what the one before it left'
            FROM trail x WHERE x.appointment IS NOT NULL AND x.series IS NULL AND x.before IS NOT (SELECT b.after {EntryBefore})
              AND coalesce((SELECT e.said FROM trail_erasure e WHERE e.tenant = x.tenant AND e.seq = x.seq AND e.is_after = 0), sha256(x.before))
                IS NOT (SELECT coalesce((SELECT e.said FROM trail_erasure e WHERE e.tenant = b.tenant AND e.seq = b.seq AND e.is_after = 1),
                    sha256(b.after)) {EntryBefore})
              AND NOT (NOT EXISTS (SELECT 1 {EntryBefore}) AND {BeforeMayBeDropped})
            """),
        new($"""
            SELECT 'Tenant ' || t.name || ': the trail ends with something else than the appointment itself: ' || {Id("p.id")}
            FROM appointment p JOIN tenant t ON t.key = p.tenant
            WHERE (p.series IS NULL OR p.detached = 1)
              AND ((p.body IS NOT (SELECT x.after {LastEntry}) AND sha256(p.body) IS NOT (
                  SELECT coalesce((SELECT e.said FROM trail_erasure e WHERE e.tenant = x.tenant AND e.seq = x.seq AND e.is_after = 1), sha256(x.after))
                  {LastEntry})) OR p.version IS NOT (SELECT x.version {LastEntry}))
              AND NOT (NOT EXISTS (SELECT 1 {LastEntry}) AND {StoryMayBeDropped})
            """),
        new($"""
            SELECT 'Tenant ' || t.name || ': the trail ends with an appointment that is not there: ' || {Id("x.appointment")}
            FROM (SELECT tenant, appointment, max(seq) AS seq FROM trail WHERE appointment IS NOT NULL GROUP BY tenant, appointment) e
            JOIN trail x ON x.seq = e.seq JOIN tenant t ON t.key = x.tenant
            WHERE x.kind <> 'deleted' AND NOT EXISTS (SELECT 1 FROM appointment p WHERE p.tenant = x.tenant AND p.id = x.appointment)
            """),
        new("""
            SELECT 'Trail entry ' || x.seq || ' has ' || count(o.seq) || ' publications instead of one'
            FROM trail x LEFT JOIN outbox o ON o.trail = x.seq WHERE x.appointment IS NOT NULL GROUP BY x.seq HAVING count(o.seq) <> 1
            """),
        new("""
            SELECT 'Publication ' || o.seq || ' belongs to no trail entry of an appointment of its tenant'
            FROM outbox o LEFT JOIN trail x ON x.seq = o.trail
            WHERE o.trail IS NOT NULL AND (x.appointment IS NULL OR x.tenant <> o.tenant)
            """),
        // Given one by one under the writer's lock, from where counting began in this calendar.
        new("""
            SELECT 'Tenant ' || t.name || ': calendar ' || c.id || ' has version ' || c.version || ', but the trail counts '
                || coalesce(v.changes, 0) || ' changes up to ' || coalesce(v.last, 0) || ' from ' || c.counted_from
            FROM calendar c JOIN tenant t ON t.key = c.tenant
            LEFT JOIN (SELECT x.tenant, CAST(p.key AS INTEGER) AS calendar, count(DISTINCT p.value) AS changes, max(p.value) AS last
                       FROM trail x, json_each(x.versions) p
                       WHERE p.value > (SELECT counted_from FROM calendar o WHERE o.tenant = x.tenant AND o.key = CAST(p.key AS INTEGER))
                       GROUP BY 1, 2) v ON v.tenant = c.tenant AND v.calendar = c.key
            WHERE c.version <> coalesce(v.last, c.counted_from) OR c.version - c.counted_from <> coalesce(v.changes, 0)
            """),
        new($"""
            SELECT 'Tenant ' || t.name || ': calendar ' || g.calendar || ' logs a change that the trail does not have: ' || g.seq
            FROM calendar_change g JOIN tenant t ON t.key = g.tenant
            WHERE g.created_seq > g.seq OR (NOT EXISTS (SELECT 1 FROM trail x, json_each(x.versions) p
                WHERE x.tenant = g.tenant AND x.appointment = g.appointment AND x.version = g.version
                  AND p.key = CAST(g.calendar AS TEXT) AND p.value = g.seq)
                AND NOT EXISTS (SELECT 1 FROM trail_dropped d JOIN calendar k ON k.tenant = d.tenant AND k.key = g.calendar
                    WHERE d.tenant = g.tenant AND g.seq <= k.counted_from))
            """),
        new($"""
            SELECT 'Tenant ' || t.name || ': calendar ' || g.calendar || ' logs an appointment as there that does not lie on it: ' || {Id("g.appointment")}
            FROM calendar_change g JOIN tenant t ON t.key = g.tenant
            WHERE g.deleted = 0
              AND NOT EXISTS (SELECT 1 FROM attendance a WHERE a.tenant = g.tenant AND a.appointment = g.appointment AND a.calendar = g.calendar)
              AND NOT EXISTS (SELECT 1 FROM appointment p WHERE p.tenant = g.tenant AND p.id = g.appointment AND p.owner = g.calendar)
              AND NOT EXISTS (SELECT 1 FROM series s JOIN appointment p ON p.tenant = s.tenant AND p.id = s.id
                              JOIN json_each(p.body, '$.attendees') e JOIN calendar c ON c.tenant = s.tenant AND c.id = e.value ->> 'calendar'
                              WHERE s.tenant = g.tenant AND s.id = g.appointment AND c.key = g.calendar)
            """),
        new($"""
            SELECT 'Tenant ' || t.name || ': calendar ' || l.calendar || ' does not log an appointment that lies on it: ' || {Id("l.appointment")}
            FROM (SELECT a.tenant, a.calendar, CASE WHEN p.series IS NOT NULL AND p.detached = 0 THEN p.series ELSE p.id END AS appointment
                  FROM attendance a JOIN appointment p ON p.tenant = a.tenant AND p.id = a.appointment
                  UNION SELECT tenant, owner, id FROM appointment WHERE series IS NULL OR detached = 1) l
            JOIN tenant t ON t.key = l.tenant
            LEFT JOIN calendar_change g ON g.tenant = l.tenant AND g.calendar = l.calendar AND g.appointment = l.appointment
            WHERE g.deleted IS NOT 0
            """),
        Json("command", "data", Id("x.id")),
        Json("trail", "before", "'entry ' || x.seq"),
        Json("trail", "after", "'entry ' || x.seq"),
        Json("outbox", "data", "'publication ' || x.seq"),
    ];
}
