using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Kalends.Queue;
using NodaTime;
using Npgsql;

namespace Kalends.Storage.Postgres;

/// <summary>
/// The production store: any number of processes on one database. Writers of different calendars do not wait for each other but for the
/// moment in which each takes its numbers and commits; readers wait for nobody.
/// </summary>
public sealed partial class PostgresStore : IStore
{
    /// <summary>Each statement sees what is committed when it begins: what is read under a lock is as the one before left it.</summary>
    private const string BeginWritingSql = $"{Wire.BeginSql} ISOLATION LEVEL READ COMMITTED READ WRITE";

    private const string NoTimeoutSql = "SET LOCAL statement_timeout = 0";

    private const string AskSql = "SELECT 1";

    private readonly NpgsqlDataSource source;

    /// <summary>Of tenants that were found committed; they stay.</summary>
    private readonly ConcurrentDictionary<string, KnownTenant> known = new(StringComparer.Ordinal);

    /// <summary>The same as the replicas say it, which may be read as another user, who must name the tenant or need not.</summary>
    private readonly ConcurrentDictionary<string, KnownTenant> knownToReplicas = new(StringComparer.Ordinal);

    /// <summary>
    /// The store's secret, and a sign that the schema was found to be this program's. It is looked at once: a newer program may migrate under a
    /// running one, by scripts that let it go on (CONTRIBUTING.md).
    /// </summary>
    private SealingKeys? sealingKeys;

    private readonly string connectionString;

    private readonly Replicas? replicas;

    private readonly QueueNotices notices;

    /// <param name="connectionString"><c>Host=…;Database=…;Username=…</c></param>
    /// <param name="replicasString">The same of its replicas, <c>Host=ONE,OTHER</c>; what it does not say is as in the other.</param>
    /// <param name="patience">With replicas.</param>
    public PostgresStore(string connectionString, string? replicasString = null, ReplicaPatience? patience = null)
    {
        (source, this.connectionString) = (Source.Of(connectionString), connectionString);
        notices = new(connectionString, OpenWire, new());
        Queue = new PostgresQueue(OpenWire, notices);
        if (replicasString is not null)
        {
            replicas = new(Source.OfReplicas(connectionString, replicasString), patience ?? new(), Come, () => sealingKeys);
        }
    }

    public IWorkQueue Queue { get; }

    public async ValueTask<IWriteSession> Write(string tenant, CancellationToken stopped)
    {
        var (wire, keys) = await Open(stopped);
        try
        {
            if (known.TryGetValue(tenant, out var before))
            {
                var session = new PostgresWriteSession(wire, before.Key, keys, stopped) { Notices = notices };
                session.First(new(BeginWritingSql));
                if (before.MustBeNamed)
                {
                    session.First(RowSecurity.Name(before.Key));
                }

                session.LookFirst();
                return session;
            }

            var place = await TenantRows.Begin(wire, [new(BeginWritingSql)], tenant, stopped);
            if (place is { } found)
            {
                known[tenant] = found;
            }

            var first = new PostgresWriteSession(wire, place?.Key ?? await TenantRows.Add(wire, tenant, stopped), keys, stopped)
            {
                Notices = notices,
            };
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

    public async ValueTask<IReadOnlyList<string>> TenantsToRemind(Instant until, CancellationToken stopped)
    {
        var (wire, _) = await Open(stopped);
        await using (wire)
        {
            return await TenantRows.ToRemind(wire, until, stopped);
        }
    }

    public async ValueTask<IReadOnlyList<string>> TenantsWithWebhooks(CancellationToken stopped)
    {
        var (wire, _) = await Open(stopped);
        await using (wire)
        {
            return await TenantRows.NamesWithWebhooks(wire, stopped);
        }
    }

    public async IAsyncEnumerable<string> FindBroken([EnumeratorCancellation] CancellationToken stopped)
    {
        var (wire, _) = await Open(stopped);
        await using (wire)
        {
            await RowSecurity.RequireSightOfAll(wire, stopped);
            wire.Patience = Timeout.InfiniteTimeSpan;
            await wire.Run([new(Snapshot.BeginSql), new(NoTimeoutSql)], stopped);
            await foreach (var finding in Soundness.Findings(wire, stopped))
            {
                yield return finding;
            }
        }
    }

    public async ValueTask<IReadOnlyList<string>> Migrate(CancellationToken stopped)
    {
        await using var wire = await Wire.Open(source, stopped);
        var ran = await Schema.Migrate(connectionString, wire, Schema.Scripts, stopped);
        if (ran.Count > 0)
        {
            await ServiceRole.LetInAgain(wire, stopped);
        }

        // Where it cannot be now, whoever serves does it later.
        _ = await Months.PrepareAhead(wire, stopped);
        return ran;
    }

    public async ValueTask LetServe(string role, CancellationToken stopped)
    {
        var (wire, _) = await Open(stopped);
        await using (wire)
        {
            await ServiceRole.LetServe(wire, role, stopped);
        }
    }

    public async ValueTask PrepareAhead(CancellationToken stopped)
    {
        var (wire, _) = await Open(stopped);
        await using (wire)
        {
            _ = await Months.PrepareAhead(wire, stopped) ?? throw new StoreUnavailableException(
                "A coming month could not be prepared without making others wait; nothing is lost by that, and it is tried again.");
        }
    }

    public async ValueTask<string?> Caution(CancellationToken stopped)
    {
        var (wire, _) = await Open(stopped);
        await using (wire)
        {
            return await RowSecurity.IsActive(wire, stopped) ? null : RowSecurity.IsOff;
        }
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

    public async IAsyncEnumerable<string> Reindex([EnumeratorCancellation] CancellationToken stopped)
    {
        var (wire, _) = await Open(stopped);
        await wire.DisposeAsync();
        await foreach (var sentence in Indexes.Rewrite(connectionString, Indexes.FewestPages, stopped))
        {
            yield return sentence;
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
            var (wire, _) = await Open(stopped);
            await using (wire)
            {
                await wire.Run(new Statement(AskSql).Reading(_ => { }), stopped);
                return true;
            }
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

        await notices.DisposeAsync();
        await source.DisposeAsync();
    }

    private async ValueTask<Wire> OpenWire(CancellationToken stopped) => (await Open(stopped)).Wire;

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
