using Npgsql;

namespace Kalends.Storage.Postgres;

/// <summary>
/// Lets a role of the server serve: what the statements of a session need, table by table, and nothing that reaches past row security. What
/// later scripts add is granted when they run, to whoever was let in before.
/// </summary>
internal static class ServiceRole
{
    private const string All = "SELECT, INSERT, UPDATE, DELETE";

    /// <summary>The trail is added to, and changed by what erases texts and drops what is old alone. A tenant's key is given by the database.</summary>
    private static readonly (string Table, string Rights)[] Needed =
    [
        (Schema.Journal, "SELECT"), ("meta", "SELECT, INSERT, UPDATE"), ("tenant", "SELECT, INSERT (name)"), ("calendar", "SELECT, INSERT, UPDATE"),
        ("appointment", All), ("attendance", All), ("exclusive_booking", All), ("hold", All), ("hold_calendar", All), ("idempotency", All),
        ("command", "SELECT, INSERT"), ("trail", "SELECT, INSERT"), ("outbox", "SELECT, INSERT"), ("calendar_change", "SELECT, INSERT, UPDATE"),
        ("trail_seal", "SELECT, INSERT"), ("trail_erasure", "SELECT"), ("trail_dropped", "SELECT"), ("calendar_view", "SELECT, INSERT, UPDATE"),
        ("series", All), ("open_series", All), ("open_hours", "SELECT, INSERT, UPDATE"),
        ("relation", "SELECT, INSERT, DELETE"), ("relation_state", "SELECT, INSERT, UPDATE"),
        ("queue_message", All), ("queue_archive", All), ("operation", All), ("schedule", "SELECT, INSERT, UPDATE"),
        ("reminder_watch", All), ("reminder_acknowledgement", All), ("reminder_delivery", All), ("push_subscription", All),
        ("FUNCTION tenants_to_remind", "EXECUTE"), ("FUNCTION forget_reminders", "EXECUTE"),
        ("webhook", All), ("webhook_place", "SELECT, INSERT, UPDATE"), ("webhook_delivery", All), ("FUNCTION tenants_with_webhooks", "EXECUTE"),
        ("FUNCTION take_messages", "EXECUTE"), ("FUNCTION queue_depths", "EXECUTE"),
        ("SEQUENCE trail_seq", "USAGE"), ("SEQUENCE outbox_seq", "USAGE"), ("SCHEMA public", "USAGE"),
        ("FUNCTION prepare_months", "EXECUTE"), ("FUNCTION erase_trail_text", "EXECUTE"), ("FUNCTION drop_trail", "EXECUTE"),
        ("FUNCTION kalends_tenant", "EXECUTE"),
    ];

    // Roles that it may become count as it does. Who may create roles may make itself a member of any but a superuser; who may replicate or
    // reach the server's files reads past every policy.
    private const string UnfitSql = """
        WITH reachable AS (SELECT r.* FROM pg_roles r WHERE pg_has_role($1::name, r.oid, 'MEMBER'))
        SELECT CASE
            WHEN bool_or(rolsuper) THEN 'is a superuser, or may become one'
            WHEN bool_or(rolbypassrls) THEN 'has BYPASSRLS, or may become a role that has it'
            WHEN bool_or(oid IN (SELECT relowner FROM pg_class WHERE oid = 'calendar'::regclass
                                 UNION SELECT datdba FROM pg_database WHERE datname = current_database()))
                THEN 'owns the tables or the database, or may become who does'
            WHEN bool_or(rolcreaterole) THEN 'has CREATEROLE, and so may become the owner of the tables'
            WHEN bool_or(rolreplication) THEN 'has REPLICATION, and so may copy everything'
            WHEN bool_or(rolname IN ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program'))
                THEN 'may reach the files of the server'
            END FROM reachable
        """;

    private const string ExistsSql = "SELECT 1 FROM pg_roles WHERE rolname = $1";

    /// <summary>Whatever was granted on the tables and partitions before; what is needed comes anew in the same transaction.</summary>
    private const string OursSql = """
        SELECT oid::regclass::text FROM pg_class
        WHERE relkind IN ('r', 'p') AND (relname = ANY ($1) OR oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent::regclass::text = ANY ($1)))
        AND relnamespace = 'public'::regnamespace
        """;

    private const string LetInSql = """
        SELECT DISTINCT a.grantee::regrole::text FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
        WHERE c.oid = 'appointment'::regclass AND a.privilege_type = 'INSERT' AND a.grantee <> c.relowner AND a.grantee <> 0
        """;

    /// <summary>Throws <see cref="StoreUnavailableException"/>, with what to do, for a role that row security would not hold.</summary>
    public static async ValueTask LetServe(Wire wire, string role, CancellationToken stopped)
    {
        var (exists, unfit) = (false, (string?)null);
        await wire.Run(new Statement(ExistsSql).With(role).Reading(_ => exists = true), stopped);
        if (!exists)
        {
            throw new StoreUnavailableException($"There is no role {role}: create it first, CREATE ROLE {Quoted(role)} LOGIN PASSWORD '…'.");
        }

        await wire.Run(new Statement(UnfitSql).With(role).Reading(row => unfit = row.TextOrNull(0)), stopped);
        if (unfit is not null)
        {
            throw new StoreUnavailableException(
                $"The role {role} {unfit}: row security would not hold it. Name one that is made for serving alone.");
        }

        await Grant(wire, Quoted(role), stopped);
    }

    /// <summary>To whoever was let in before, after scripts have run.</summary>
    public static async ValueTask LetInAgain(Wire wire, CancellationToken stopped)
    {
        foreach (var quoted in await Texts(wire, new Statement(LetInSql), stopped))
        {
            await Grant(wire, quoted, stopped);
        }
    }

    private static async ValueTask Grant(Wire wire, string quotedRole, CancellationToken stopped)
    {
        var ours = await Texts(wire, new Statement(OursSql).WithAll(Needed.Select(one => one.Table)), stopped);
        await wire.Run(
            [
                new("BEGIN"), new($"REVOKE ALL ON {string.Join(", ", ours)} FROM {quotedRole}"),
                .. Needed.Select(one => new Statement($"GRANT {one.Rights} ON {one.Table} TO {quotedRole}")), new("COMMIT"),
            ],
            stopped);
    }

    private static async ValueTask<List<string>> Texts(Wire wire, Statement statement, CancellationToken stopped)
    {
        var found = new List<string>();
        await wire.Run(statement.Reading(row => found.Add(row.Plain(0))), stopped);
        return found;
    }

    private static string Quoted(string role)
    {
        using var quoting = new NpgsqlCommandBuilder();
        return quoting.QuoteIdentifier(role);
    }
}
