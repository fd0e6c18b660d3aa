using Kalends.Storage.Postgres;
using Npgsql;

namespace Kalends.Storage.Copying;

/// <summary>
/// The PostgreSQL that is copied into: one connection, which alone may, and on which nothing is cut off for taking long. Every batch of rows is
/// there with the mark that counts it, or neither is.
/// </summary>
internal sealed class PostgresTarget : IAsyncDisposable
{
    /// <summary>Any number, the same in every Kalends; the database's own lock for whoever copies into it.</summary>
    private const long Lock = 0x4B_61_6C_43_6F_70_79;

    /// <summary>The connection of a copy that was killed lives until the database notices.</summary>
    private const int Attempts = 40;

    // What is lost with the power is lost with its mark; the last commit waits for the disk, and so for all before it.
    private static readonly string[] SettingsSql =
    [
        "SET statement_timeout = 0", "SET lock_timeout = 0", "SET idle_in_transaction_session_timeout = 0", "SET synchronous_commit = off",
        "SET TimeZone = 'UTC'",
    ];

    private const string LockSql = "SELECT 1 WHERE pg_try_advisory_lock($1)";

    // Who runs on the database already has looked at its schema, and would go on.
    private const string OthersSql = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'kalends' LIMIT 1";

    private const string HasTenantsSql = "SELECT 1 WHERE to_regclass('tenant') IS NOT NULL";

    private const string TenantsSql = "SELECT 1 FROM tenant LIMIT 1";

    private const string HasMetaSql = "SELECT 1 WHERE to_regclass('meta') IS NOT NULL";

    private const string SetMetaSql = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";

    private const string ForgetMetaSql = "DELETE FROM meta WHERE name = $1";

    private const string MonthSql = "SELECT prepare_months($1::timestamptz, 100, $1::timestamptz)";

    private static readonly string EmptySql =
        $"TRUNCATE exclusive_booking, {string.Join(", ", CopiedTables.All.Select(table => table.Name))} RESTART IDENTITY";

    /// <summary>What is given from here on comes after what was given there.</summary>
    private static readonly string[] NumberSql =
    [
        "SELECT setval(pg_get_serial_sequence('tenant', 'key'), max(key)) FROM tenant HAVING max(key) > 0",
        "SELECT setval(pg_get_serial_sequence('calendar', 'key'), max(key)) FROM calendar HAVING max(key) > 0",
        "SELECT setval('trail_seq', max(seq)) FROM (SELECT seq FROM trail UNION ALL SELECT seq FROM trail_dropped) x HAVING max(seq) > 0",
        "SELECT setval('outbox_seq', max(seq)) FROM (SELECT seq FROM outbox UNION ALL SELECT seq FROM trail_dropped) x HAVING max(seq) > 0",
        "SELECT setval(pg_get_serial_sequence('queue_message', 'id'), max(id)) FROM (SELECT id FROM queue_message UNION ALL SELECT id FROM queue_archive) m "
            + "HAVING max(id) > 0",
    ];

    private readonly NpgsqlDataSource source;
    private readonly NpgsqlConnection connection;
    private readonly string connectionString;
    private readonly Wire wire;

    private PostgresTarget(NpgsqlDataSource source, NpgsqlConnection connection, string connectionString) =>
        (this.source, this.connection, this.connectionString, wire) = (source, connection, connectionString, new(source, connection));

    public static async ValueTask<PostgresTarget> Open(string connectionString, CancellationToken stopped)
    {
        var named = new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = "kalends copy", CommandTimeout = 0 };
        var source = Source.Of(named.ConnectionString);
        try
        {
            var opened = new PostgresTarget(source, await source.OpenConnectionAsync(stopped), connectionString);
            await opened.Run([.. SettingsSql.Select(sql => new Statement(sql))], stopped);
            return opened;
        }
        catch (Exception fault)
        {
            await source.DisposeAsync();
            throw Faults.From(fault, []);
        }
    }

    /// <summary>The connection, for what speaks the database's own protocol.</summary>
    public NpgsqlConnection Connection => connection;

    /// <summary>False when another copy into this database goes on.</summary>
    public async ValueTask<bool> LockAlone(CancellationToken stopped)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            if (await Says(new Statement(LockSql).With(Lock), stopped))
            {
                return true;
            }

            await Task.Delay(250, stopped);
        }

        return false;
    }

    public ValueTask<bool> IsInUse(CancellationToken stopped) => Says(new Statement(OthersSql), stopped);

    public async ValueTask<bool> HoldsData(CancellationToken stopped) =>
        await Says(new Statement(HasTenantsSql), stopped) && await Says(new Statement(TenantsSql), stopped);

    public async ValueTask<CopyMark?> Mark(string name, CancellationToken stopped) =>
        await Says(new Statement(HasMetaSql), stopped) && await Schema.Meta(wire, name, stopped) is { } json ? CopyMark.Read(json) : null;

    public async ValueTask<bool> IsMigrated(CancellationToken stopped) => (await Schema.Missing(wire, Schema.Scripts, stopped)).Count == 0;

    public async ValueTask Migrate(CancellationToken stopped) => await Schema.Migrate(connectionString, wire, Schema.Scripts, stopped);

    /// <summary>Empties it and takes over what the original knows of itself; from here on nobody can work on it until <see cref="Complete"/>.</summary>
    public async ValueTask Begin(CopyMark mark, IReadOnlyDictionary<string, string> meta, CancellationToken stopped) => await Run(
        [
            new("BEGIN"), new(EmptySql), new Statement(ForgetMetaSql).With(CopyMark.Copied), .. meta.Select(pair => Setting(pair.Key, pair.Value)),
            Marking(mark), new("COMMIT"),
        ],
        stopped);

    public async ValueTask PrepareMonths(IReadOnlyList<string> firstDays, CancellationToken stopped)
    {
        foreach (var day in firstDays)
        {
            await Run(new Statement(MonthSql).With(day).Reading(_ => { }), stopped);
        }
    }

    /// <summary>Writes a batch of rows, and the mark that counts it, in one transaction.</summary>
    public async ValueTask Write(CopyMark mark, CopiedTable table, IEnumerator<object?[]> rows, int count, CancellationToken stopped)
    {
        try
        {
            await Run(new Statement("BEGIN"), stopped);
            var written = await PostgresContent.Write(connection, table, rows, count, stopped);
            if (written != count)
            {
                throw new InvalidOperationException($"{table.Name} ended {count - written} rows before its count");
            }

            await Run([Marking(mark), new("COMMIT")], stopped);
        }
        catch (PostgresException fault) when (fault.SqlState[..2] is "22" or "23")
        {
            throw Contradiction(table, fault);
        }
        catch (StoreChangedException fault) when (fault.InnerException is PostgresException cause)
        {
            throw Contradiction(table, cause);
        }
        catch (NpgsqlException fault)
        {
            throw Faults.From(fault, []);
        }
    }

    /// <summary>Opens it for everybody.</summary>
    public async ValueTask Complete(CopyMark mark, CancellationToken stopped) => await Run(
        [
            new("BEGIN"), new("SET LOCAL synchronous_commit = on"), .. NumberSql.Select(sql => new Statement(sql).Reading(_ => { })),
            new Statement(ForgetMetaSql).With(Schema.Copying), Setting(CopyMark.Copied, mark.Write()), new("COMMIT"),
        ],
        stopped);

    /// <summary>What the database would find out by and by: how large things are, and which pages an index may answer for alone.</summary>
    public async ValueTask Vacuum(CancellationToken stopped)
    {
        foreach (var table in CopiedTables.All)
        {
            await Run(new Statement($"VACUUM (ANALYZE) {table.Name}"), stopped);
        }
    }

    public ValueTask Run(Statement statement, CancellationToken stopped) => wire.Run(statement, stopped);

    public ValueTask Run(IReadOnlyCollection<Statement> statements, CancellationToken stopped) => wire.Run(statements, stopped);

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        await source.DisposeAsync();
    }

    /// <summary>What the database refuses to hold beside the rest: rooms booked twice, what is there twice, what is no JSON.</summary>
    private static StoreUnavailableException Contradiction(CopiedTable table, PostgresException fault) => new(
        $"The source contradicts itself in table {table.Name} ({fault.MessageText}): see what `kalends verify` finds in it.", fault);

    private async ValueTask<bool> Says(Statement question, CancellationToken stopped)
    {
        var says = false;
        await Run(question.Reading(_ => says = true), stopped);
        return says;
    }

    private static Statement Marking(CopyMark mark) => Setting(Schema.Copying, mark.Write());

    private static Statement Setting(string name, string value) => new Statement(SetMetaSql).With(name).With(value);
}
