using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Npgsql;

namespace Kalends.Storage.Postgres;

/// <summary>
/// The production store: any number of processes on one database. Writers of different calendars do not wait for each other but for the
/// moment in which each takes its numbers and commits; readers wait for nobody.
/// </summary>
public sealed class PostgresStore : IStore
{
    public const string BeginReadingSql = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

    /// <summary>Each statement sees what is committed when it begins: what is read under a lock is as the one before left it.</summary>
    private const string BeginWritingSql = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

    private const string NoTimeoutSql = "SET LOCAL statement_timeout = 0";

    private readonly NpgsqlDataSource source;
    private readonly Replicas? replicas;

    /// <summary>Of tenants that were found committed; they stay.</summary>
    private readonly ConcurrentDictionary<string, long> keys = new(StringComparer.Ordinal);

    /// <summary>The store's secret, and a sign that the schema was found to be this program's.</summary>
    private SealingKeys? sealingKeys;

    /// <param name="connectionString"><c>Host=…;Database=…;Username=…</c></param>
    /// <param name="replicasString">The same of its replicas, <c>Host=ONE,OTHER</c>; what it does not say is as in the other.</param>
    /// <param name="patience">With replicas.</param>
    public PostgresStore(string connectionString, string? replicasString = null, ReplicaPatience? patience = null)
    {
        source = Source.Of(connectionString);
        if (replicasString is not null)
        {
            replicas = new(Source.OfReplicas(connectionString, replicasString), patience ?? new(), Come, () => sealingKeys);
        }
    }

    public async ValueTask<IReadSession> Read(string tenant, CancellationToken stopped)
    {
        var (wire, key) = await Open(stopped);
        try
        {
            SeenUpTo seen = default;
            var place = await TenantRows.Begin(wire, [new(BeginReadingSql), LogPlaces.Seen(places => seen = places)], tenant, stopped)
                ?? TenantRows.Unknown;
            return new PostgresReadSession(wire, place, key, seen, isOfReplica: false, stopped);
        }
        catch
        {
            await wire.DisposeAsync();
            throw;
        }
    }

    public ValueTask<IReadSession> ReadAnywhere(string tenant, Position? atLeast, CancellationToken stopped) =>
        (atLeast is { } wanted && !LogPlaces.IsOne(wanted) ? null : replicas?.Next(atLeast)) is { } replica && sealingKeys is { } key
            ? replica.Read(tenant, atLeast, key, stopped)
            : Read(tenant, stopped);

    public void Listen(Action<StoreNews> told) => replicas?.Listen(told);

    public async ValueTask<IWriteSession> Write(string tenant, CancellationToken stopped)
    {
        var (wire, key) = await Open(stopped);
        try
        {
            if (keys.TryGetValue(tenant, out var known))
            {
                var session = new PostgresWriteSession(wire, known, key, stopped);
                session.Later(new(BeginWritingSql));
                session.LookFirst();
                return session;
            }

            var place = await TenantRows.Begin(wire, [new(BeginWritingSql)], tenant, stopped);
            if (place is { } found)
            {
                keys[tenant] = found;
            }

            var first = new PostgresWriteSession(wire, place ?? await TenantRows.Add(wire, tenant, stopped), key, stopped);
            first.LookFirst();
            return first;
        }
        catch
        {
            await wire.DisposeAsync();
            throw;
        }
    }

    public async ValueTask<IReadOnlyList<string>> Tenants(CancellationToken stopped)
    {
        var (wire, _) = await Open(stopped);
        await using (wire)
        {
            return await TenantRows.Names(wire, stopped);
        }
    }

    public async IAsyncEnumerable<string> FindBroken([EnumeratorCancellation] CancellationToken stopped)
    {
        var (wire, _) = await Open(stopped);
        await using (wire)
        {
            await wire.Run([new(BeginReadingSql), new(NoTimeoutSql)], stopped);
            await foreach (var finding in Soundness.Findings(wire, stopped))
            {
                yield return finding;
            }
        }
    }

    public async ValueTask<IReadOnlyList<string>> Migrate(CancellationToken stopped)
    {
        await using var wire = await Wire.Open(source, stopped);
        return await Schema.Migrate(source, wire, stopped);
    }

    public async ValueTask<string> ZoneRelease(CancellationToken stopped)
    {
        var (wire, _) = await Open(stopped);
        await using (wire)
        {
            return await Schema.ZoneRelease(wire, stopped);
        }
    }

    public async ValueTask SetZoneRelease(string release, CancellationToken stopped)
    {
        var (wire, _) = await Open(stopped);
        await using (wire)
        {
            await Schema.SetZoneRelease(wire, release, stopped);
        }
    }

    public async ValueTask MarkRestored(CancellationToken stopped)
    {
        var (wire, _) = await Open(stopped);
        await using (wire)
        {
            await Schema.RenewSealingKey(wire, stopped);
        }
    }

    public async ValueTask<bool> IsReady(CancellationToken stopped)
    {
        try
        {
            await using var wire = await Wire.Open(source, stopped);
            await Schema.Require(wire, stopped);
            return true;
        }
        catch (StoreUnavailableException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (replicas is not null)
        {
            await replicas.DisposeAsync();
        }

        await source.DisposeAsync();
    }

    /// <summary>How far this database is.</summary>
    private async ValueTask<Position> Come(CancellationToken stopped)
    {
        Position? come = null;
        var (wire, _) = await Open(stopped);
        await using (wire)
        {
            await wire.Run(LogPlaces.Answered(place => come = place), stopped);
        }

        return come!.Value;
    }

    /// <summary>A connection to a database with this program's schema.</summary>
    private async ValueTask<(Wire Wire, SealingKeys SealingKeys)> Open(CancellationToken stopped)
    {
        var wire = await Wire.Open(source, stopped);
        try
        {
            if (sealingKeys is null)
            {
                await Schema.Require(wire, stopped);
                sealingKeys = await Schema.ReadSealingKeys(wire, stopped);
            }

            return (wire, sealingKeys);
        }
        catch
        {
            await wire.DisposeAsync();
            throw;
        }
    }
}
