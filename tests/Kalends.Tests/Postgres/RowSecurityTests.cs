using Kalends.Storage;
using Kalends.Storage.Postgres;
using Kalends.Tests.Storage;
using Npgsql;
using static Kalends.Tests.Storage.Examples;

namespace Kalends.Tests.Postgres;

/// <summary>What the role that serves can reach of another tenant, with whatever SQL: nothing, though the program had forgotten the tenant.</summary>
public sealed class RowSecurityTests : IAsyncLifetime
{
    private const string Denied = PostgresErrorCodes.InsufficientPrivilege;

    private string database = "";
    private string service = "";
    private PostgresStore store = null!;

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    /// <summary>Tenant 1 is acme, 2 is globex; each has Ana, an appointment with an attendance, a hold, an answer and what comes with them.</summary>
    public async ValueTask InitializeAsync()
    {
        database = await PrivateCluster.Database();
        service = PrivateCluster.AsService(database);
        store = new(service);
        foreach (var tenant in new[] { "acme", "globex" })
        {
            await using var session = await store.Write(tenant, Stopped);
            await session.Create(Booking(1, await session.Key(Ana), 0, Hour), Booking(2, await session.Key(Room), 0, Hour));
            await session.Commit(Stopped);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        await PrivateCluster.Drop(database);
    }

    [Fact]
    public async Task Every_table_with_a_tenant_is_behind_the_wall_and_its_partitions_are_closed()
    {
        const string Open = """
            SELECT string_agg(c.relname, ', ' ORDER BY c.relname) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant'
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT (c.relrowsecurity AND CASE WHEN c.relispartition
                THEN NOT EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid)
                    AND NOT has_any_column_privilege('kalends_service', c.oid, 'SELECT, INSERT, UPDATE, REFERENCES')
                ELSE (SELECT count(*) = 1 AND bool_and(p.polcmd = '*' AND p.polpermissive AND p.polroles = '{0}'
                        AND pg_get_expr(p.polqual, c.oid) ~ 'tenant = .*kalends_tenant' AND pg_get_expr(p.polwithcheck, c.oid) ~ 'tenant = .*kalends_tenant')
                      FROM pg_policy p WHERE p.polrelid = c.oid) END)
            """;
        Assert.IsType<DBNull>(await PrivateCluster.Execute(database, Open));
        await PrivateCluster.Execute(database, "CREATE TABLE forgotten (tenant integer); SELECT prepare_months(now() + interval '5 months')");
        Assert.Equal("forgotten", await PrivateCluster.Execute(database, Open));
    }

    [Theory]
    [InlineData("SELECT count(*) FROM {0}")]
    [InlineData("SELECT count(*) FROM {0} WHERE tenant = 2")]
    [InlineData("SELECT count(*) FROM {0} WHERE tenant = 2 OR true")]
    public async Task Rows_of_others_are_seen_by_nobody(string look)
    {
        foreach (var table in await Walled())
        {
            var sql = string.Format(null, look, table);
            Assert.Equal(0L, await AsService(sql));
            var own = (long)(await PrivateCluster.Execute(database, $"SELECT count(*) FROM {table} WHERE tenant = 1"))!;
            Assert.Equal(look.EndsWith("= 2", StringComparison.Ordinal) ? 0L : own, await AsService($"SET LOCAL kalends.tenant = 1; {sql}"));
        }
    }

    [Fact]
    public async Task Rows_are_written_for_nobody_else()
    {
        foreach (var table in await Walled())
        {
            var copied = $"CREATE TEMP TABLE copied AS SELECT * FROM {table}; UPDATE copied SET tenant = 2; INSERT INTO {table} SELECT * FROM copied";
            var rows = (long)(await PrivateCluster.Execute(database, $"SELECT count(*) FROM {table} WHERE tenant = 1"))!;
            if (rows > 0)
            {
                var refusal = await Assert.ThrowsAsync<PostgresException>(() => AsService($"SET LOCAL kalends.tenant = 1; {copied}"));
                Assert.Contains("violates row-level security policy", refusal.Message, StringComparison.Ordinal);
            }
        }

        await Refused("INSERT INTO appointment SELECT (jsonb_populate_record(NULL::appointment, '{\"tenant\":2}')).*");
        await Refused("SET LOCAL kalends.tenant = 1; UPDATE attendance SET tenant = 2");
        await Refused("SET LOCAL kalends.tenant = 1; UPDATE calendar SET tenant = 2");
        Assert.Equal(0L, await AsService("SET LOCAL kalends.tenant = 1; WITH gone AS (DELETE FROM attendance WHERE tenant = 2 RETURNING 1) SELECT count(*) FROM gone"));
        Assert.Equal(0L, await AsService("SET LOCAL kalends.tenant = 1; WITH changed AS (UPDATE appointment SET title = 'x' WHERE tenant = 2 RETURNING 1) SELECT count(*) FROM changed"));
        Assert.Equal(0L, await AsService("WITH gone AS (DELETE FROM attendance RETURNING 1) SELECT count(*) FROM gone"));
        Assert.Empty(await Broken());
    }

    [Theory]
    [InlineData("SET ROLE kalends")]
    [InlineData("SET SESSION AUTHORIZATION kalends")]
    [InlineData("ALTER TABLE calendar DISABLE ROW LEVEL SECURITY")]
    [InlineData("DROP POLICY own_tenant ON calendar")]
    [InlineData("CREATE POLICY mine ON calendar USING (true)")]
    [InlineData("SET row_security = off; SELECT * FROM calendar")]
    [InlineData("ALTER ROLE kalends_service BYPASSRLS")]
    [InlineData("GRANT kalends TO kalends_service")]
    [InlineData("CREATE OR REPLACE FUNCTION kalends_tenant() RETURNS integer LANGUAGE sql STABLE RETURN 2")]
    [InlineData("CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT clock_timestamp() $$")]
    [InlineData("CREATE TRIGGER own AFTER INSERT ON attendance EXECUTE FUNCTION book_exclusively()")]
    [InlineData("SET LOCAL kalends.tenant = 1; UPDATE trail SET version = 7")]
    [InlineData("SET LOCAL kalends.tenant = 1; DELETE FROM trail")]
    [InlineData("SET LOCAL kalends.tenant = 1; DELETE FROM command")]
    [InlineData("TRUNCATE attendance")]
    [InlineData("UPDATE tenant SET name = 'mine'")]
    [InlineData("INSERT INTO tenant (key, name) VALUES (99, 'mine')")]
    [InlineData("INSERT INTO meta (name, value) VALUES ('sealing-keys', '00')")]
    [InlineData("DELETE FROM meta")]
    [InlineData("INSERT INTO schema_migration (scriptname, applied) VALUES ('9999.sql', now())")]
    [InlineData("SELECT pg_read_file('PG_VERSION')")]
    public async Task The_wall_is_not_taken_down(string attempt) => await Refused(attempt);

    [Fact]
    public async Task The_sealing_key_cannot_be_changed_by_who_serves()
    {
        Assert.Equal(0L, await AsService("WITH changed AS (UPDATE meta SET value = '00' WHERE name = 'sealing-key' RETURNING 1) SELECT count(*) FROM changed"));
        await using var served = new PostgresStore(service);
        var marking = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await served.MarkRestored(Stopped));
        Assert.Contains("use the owner's connection", marking.Message, StringComparison.Ordinal);
        await store.SetZoneRelease("2019c", Stopped);
        Assert.Equal("2019c", await store.ZoneRelease(Stopped));
    }

    [Fact]
    public async Task Partitions_are_reached_through_their_table_alone_even_where_everything_was_granted()
    {
        var partition = await PrivateCluster.Execute(database, "SELECT tableoid::regclass::text FROM trail LIMIT 1");
        await Refused($"SET LOCAL kalends.tenant = 1; SELECT count(*) FROM {partition}");
        await PrivateCluster.Execute(database, "GRANT ALL ON ALL TABLES IN SCHEMA public TO kalends_service");
        Assert.Equal(0L, await AsService($"SET LOCAL kalends.tenant = 1; SELECT count(*) FROM {partition}"));
        await using (var owner = new PostgresStore(database))
        {
            await owner.LetServe(PrivateCluster.ServiceRole, Stopped);
        }

        await Refused($"SET LOCAL kalends.tenant = 1; SELECT count(*) FROM {partition}");
    }

    [Fact]
    public async Task A_connection_takes_no_tenant_along_to_the_next_transaction()
    {
        await using var source = Source.Of($"{service};Maximum Pool Size=1");
        await using var wire = await Wire.Open(source, Stopped);
        for (var round = 0; round < 12; round++)
        {
            // Often enough that the statements are prepared and have a plan that is kept.
            Assert.Equal(1 + (round % 2), await Seen(round % 2 == 0 ? "acme" : "globex", round % 3 == 0 ? "ROLLBACK" : "COMMIT"));
            Assert.Equal(0, await Sum());
        }

        async Task<long> Seen(string tenant, string end)
        {
            await TenantRows.Begin(wire, [new("BEGIN")], tenant, Stopped);
            var sum = await Sum();
            await wire.Run(new Statement(end), Stopped);
            return sum;
        }

        async Task<long> Sum()
        {
            var sum = 0L;
            await wire.Run(new Statement("SELECT coalesce(sum(DISTINCT tenant), 0) FROM calendar WHERE tenant = ANY ($1)").WithKeys([1, 2])
                .Reading(row => sum = row.Long(0)), Stopped);
            return sum;
        }
    }

    [Fact]
    public async Task Whoever_reads_queues_for_all_tenants_is_told_which_messages_there_are_and_not_what_is_in_them()
    {
        await PrivateCluster.Execute(database, """
            INSERT INTO queue_message (tenant, queue, kind, body, enqueued_at, visible_at, deadline)
            SELECT n, 'letters', 'note', '"secret"', now(), now(), now() FROM generate_series(1, 2) n
            """);
        const string Take = "SELECT string_agg(tenant || ' ' || kind, ', ' ORDER BY tenant) FROM take_messages("
            + "'letters', false, 9, 0, now(), now() + interval '1 minute', 9, now(), '{}', '{}', '{}') WHERE id IS NOT NULL";
        Assert.Equal(0L, await AsService("SELECT count(*) FROM queue_message"));
        Assert.Equal("acme note, globex note", await AsService(Take));
        Assert.Equal(1L, await AsService("SET LOCAL kalends.tenant = 1; SELECT count(*) FROM queue_message WHERE held"));
        Assert.Equal(0L, await AsService("SET LOCAL kalends.tenant = 1; WITH gone AS (DELETE FROM queue_message WHERE tenant = 2 RETURNING 1) SELECT count(*) FROM gone"));
        Assert.Equal(0L, await PrivateCluster.Execute(database, """
            SELECT count(*) FROM pg_proc p CROSS JOIN unnest(p.proargnames) n (name)
            WHERE p.proname IN ('take_messages', 'queue_depths') AND n.name IN ('body', 'last_error')
            """));
    }

    [Fact]
    public async Task A_session_with_another_tenants_key_reads_and_writes_nothing_of_it()
    {
        await using var source = Source.Of(service);
        await using (var reading = new PostgresReadSession(
            await Wire.Open(source, Stopped), new(2, MustBeNamed: false), default!, new(null), hasBegun: true, Stopped))
        {
            reading.Later(new("BEGIN"));
            reading.Later(RowSecurity.Name(1));
            Assert.Empty(await reading.Rows<ICalendarRows>().Page(null, null, 10));
        }

        await using var writing = new PostgresWriteSession(await Wire.Open(source, Stopped), 2, default!, Stopped);
        writing.Later(new("BEGIN"));
        writing.Later(RowSecurity.Name(1));
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await writing.Key(Ben));
    }

    [Fact]
    public async Task What_looks_through_all_tenants_is_refused_and_never_called_sound()
    {
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.FindBroken(Stopped).ToListAsync(Stopped));
        Assert.Contains("use the connection of the owner", refusal.Message, StringComparison.Ordinal);
        Assert.Null(await store.Caution(Stopped));
        await using var owner = new PostgresStore(database);
        Assert.Contains("the rows of all tenants", await owner.Caution(Stopped), StringComparison.Ordinal);
    }

    private async Task<IReadOnlyList<string>> Broken()
    {
        await using var owner = new PostgresStore(database);
        return await owner.FindBroken(Stopped).ToListAsync(Stopped);
    }

    private async Task<string[]> Walled() => (string[])(await PrivateCluster.Execute(database, """
        SELECT array_agg(c.relname::text) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant'
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        """))!;

    private Task<object?> AsService(string sql) => PrivateCluster.Execute(service, sql);

    private async Task Refused(string sql) =>
        Assert.Equal(Denied, (await Assert.ThrowsAsync<PostgresException>(() => AsService(sql))).SqlState);
}
