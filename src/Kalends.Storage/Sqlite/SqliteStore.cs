using System.Runtime.CompilerServices;
using Kalends.Queue;
using Microsoft.Data.Sqlite;
using NodaTime;

namespace Kalends.Storage.Sqlite;

/// <summary>
/// The embedded store: one file, any number of readers on snapshots of their own (write-ahead log), one writer at a time over
/// all processes that share the file. SQLite works on the caller's thread; only waiting to write is asynchronous.
/// </summary>
public sealed class SqliteStore : IStore
{
    private readonly string file;
    private readonly Readers readers;
    private readonly WriterTurns writers;
    private readonly QueueBell bell = new();

    /// <param name="connectionString"><c>Data Source=FILE</c></param>
    public SqliteStore(string connectionString)
    {
        var source = new SqliteConnectionStringBuilder(connectionString).DataSource;
        if (source.Length == 0 || source.StartsWith(":memory:", StringComparison.Ordinal))
        {
            throw new ArgumentException("The connection string must name a file: Data Source=FILE", nameof(connectionString));
        }

        file = Path.GetFullPath(source);
        readers = new(file);
        writers = new(() => Schema.Required(Connection.OpenForWriting(file, create: false)));
        Queue = new SqliteQueue(readers, writers, bell);
    }

    public IWorkQueue Queue { get; }

    public ValueTask<IReadSession> Read(string tenant, CancellationToken stopped)
    {
        stopped.ThrowIfCancellationRequested();
        return ValueTask.FromResult<IReadSession>(BeginReading(tenant, stopped));
    }

    /// <summary>A file has no replicas.</summary>
    public ValueTask<IReadSession> ReadAnywhere(string tenant, Position? atLeast, CancellationToken stopped) => Read(tenant, stopped);

    public void Listen(Action<StoreNews> told)
    {
        // Nothing happens to a file beside requests.
    }

    public async ValueTask<IWriteSession> Write(string tenant, CancellationToken stopped)
    {
        var connection = await writers.Begin(stopped);
        try
        {
            var key = TenantRows.Key(connection, tenant) ?? TenantRows.Add(connection, tenant);
            return new SqliteWriteSession(connection, key, writers, bell);
        }
        catch
        {
            writers.End();
            throw;
        }
    }

    public async ValueTask<IReadOnlyList<string>> Tenants(CancellationToken stopped)
    {
        stopped.ThrowIfCancellationRequested();
        await using var session = BeginReading(tenant: null, CancellationToken.None);
        return TenantRows.Names(session.Connection);
    }

    public async ValueTask<IReadOnlyList<string>> TenantsToRemind(Instant until, CancellationToken stopped)
    {
        stopped.ThrowIfCancellationRequested();
        await using var session = BeginReading(tenant: null, stopped);
        return TenantRows.ToRemind(session.Connection, until.ToUnixTimeSeconds());
    }

    public async ValueTask<IReadOnlyList<string>> TenantsWithWebhooks(CancellationToken stopped)
    {
        stopped.ThrowIfCancellationRequested();
        await using var session = BeginReading(tenant: null, stopped);
        return TenantRows.NamesWithWebhooks(session.Connection);
    }

    public async IAsyncEnumerable<string> FindBroken([EnumeratorCancellation] CancellationToken stopped)
    {
        await using var session = BeginReading(tenant: null, CancellationToken.None);
        foreach (var finding in Soundness.Findings(session.Connection, stopped))
        {
            yield return finding;
        }
    }

    public ValueTask<IReadOnlyList<string>> Migrate(CancellationToken stopped) => Migration.Run(file, stopped);

    public ValueTask LetServe(string role, CancellationToken stopped) =>
        throw new StoreUnavailableException("A file has no users of its own: who may use it is for the operating system to say.");

    public ValueTask PrepareAhead(CancellationToken stopped) => ValueTask.CompletedTask;

    public ValueTask<string?> Caution(CancellationToken stopped) => ValueTask.FromResult<string?>(null);

    public async ValueTask<string> ZoneRelease(CancellationToken stopped)
    {
        stopped.ThrowIfCancellationRequested();
        await using var session = BeginReading(tenant: null, CancellationToken.None);
        return Schema.ZoneRelease(session.Connection);
    }

    public async ValueTask SetZoneRelease(string release, CancellationToken stopped)
    {
        await using var session = new SqliteWriteSession(await writers.Begin(stopped), TenantRows.Unknown, writers);
        Schema.SetZoneRelease(session.Connection, release);
        await session.Commit(stopped);
    }

    /// <summary>A file has one writer, who would wait all the while; and what is half empty in it is soon filled.</summary>
    public IAsyncEnumerable<string> Reindex(CancellationToken stopped) => AsyncEnumerable.Empty<string>();

    public async ValueTask MarkRestored(CancellationToken stopped)
    {
        await using var session = new SqliteWriteSession(await writers.Begin(stopped), TenantRows.Unknown, writers);
        Schema.RenewSealingKey(session.Connection);
        await session.Commit(stopped);
    }

    public async ValueTask<bool> IsReady(CancellationToken stopped)
    {
        try
        {
            await using var session = BeginReading(tenant: null, CancellationToken.None);
            Schema.Require(session.Connection);
            return true;
        }
        catch (StoreUnavailableException)
        {
            return false;
        }
    }

    /// <summary>Waits for the writer to end, then closes; the last to close a file folds its log into it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (readers.Close())
        {
            await writers.DisposeAsync();
        }
    }

    /// <param name="tenant">Null: of no tenant.</param>
    /// <param name="stopped">Ends the statement that runs.</param>
    private SqliteReadSession BeginReading(string? tenant, CancellationToken stopped)
    {
        var connection = readers.Begin();
        try
        {
            return new(connection, (tenant is null ? null : TenantRows.Key(connection, tenant)) ?? TenantRows.Unknown, readers, stopped);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
