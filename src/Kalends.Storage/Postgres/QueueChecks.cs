namespace Kalends.Storage.Postgres;

/// <summary>A message belongs to a tenant, is either to be read or shelved, and its counts fit together.</summary>
internal static class QueueChecks
{
    public static readonly Check[] All =
    [
        new("""
            SELECT 'Message ' || m.id || ' belongs to no tenant: ' || m.tenant
            FROM (SELECT tenant, id FROM queue_message UNION ALL SELECT tenant, id FROM queue_archive) m
            WHERE NOT EXISTS (SELECT 1 FROM tenant t WHERE t.key = m.tenant)
            """),
        new("""
            SELECT 'Message ' || m.id || ' is to be read and shelved at once'
            FROM queue_message m JOIN queue_archive a ON a.tenant = m.tenant AND a.id = m.id
            """),
        new("""
            SELECT 'Message ' || id || ' was read ' || reads || ' times of ' || lease
            FROM queue_message WHERE reads NOT BETWEEN 0 AND lease OR (held AND lease = 0)
            """),
        // Whoever waits for it would wait for ever.
        new("""
            SELECT 'Tenant ' || t.name || ': operation ' || o.id || ' is ' || o.status || ', and no message is there for it'
            FROM operation o JOIN tenant t ON t.key = o.tenant WHERE o.status IN ('waiting', 'running') AND NOT EXISTS (
                SELECT 1 FROM queue_message m WHERE m.tenant = o.tenant AND m.kind = 'operation' AND m.body::text = '"' || o.id || '"')
            """),
    ];
}
