using Kalends.Storage;
using Kalends.Storage.Postgres;
using Kalends.Tests.Postgres;

namespace Kalends.Tests.Storage;

/// <summary>The contract on PostgreSQL as the role that only serves; what looks through all tenants is its owner's.</summary>
public sealed class PostgresServiceTests : StoreContract
{
    private string database = "";

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await PrivateCluster.Drop(database);
    }

    protected override async ValueTask<IStore> Make()
    {
        database = await PrivateCluster.Database();
        return new ServedStore(new(PrivateCluster.AsService(database)), new(database));
    }
}

/// <summary>One database, with a role that serves and the owner of its tables.</summary>
internal sealed class ServedStore(PostgresStore served, PostgresStore owned) : IStore
{
    public Kalends.Queue.IWorkQueue Queue => served.Queue;

    public ValueTask<IReadSession> Read(string tenant, CancellationToken stopped) => served.Read(tenant, stopped);

    public ValueTask<IReadSession> ReadAnywhere(string tenant, Position? atLeast, CancellationToken stopped) => served.ReadAnywhere(tenant, atLeast, stopped);

    public void Listen(Action<StoreNews> told) => served.Listen(told);

    public ValueTask<IWriteSession> Write(string tenant, CancellationToken stopped) => served.Write(tenant, stopped);

    public ValueTask<IReadOnlyList<string>> TenantsToRemind(NodaTime.Instant until, CancellationToken stopped) => served.TenantsToRemind(until, stopped);

    public ValueTask<IReadOnlyList<string>> Tenants(CancellationToken stopped) => served.Tenants(stopped);

    public ValueTask<IReadOnlyList<string>> TenantsWithWebhooks(CancellationToken stopped) => served.TenantsWithWebhooks(stopped);

    public IAsyncEnumerable<string> FindBroken(CancellationToken stopped) => owned.FindBroken(stopped);

    public ValueTask<IReadOnlyList<string>> Migrate(CancellationToken stopped) => served.Migrate(stopped);

    public ValueTask LetServe(string role, CancellationToken stopped) => owned.LetServe(role, stopped);

    public ValueTask PrepareAhead(CancellationToken stopped) => served.PrepareAhead(stopped);

    public ValueTask<string?> Caution(CancellationToken stopped) => served.Caution(stopped);

    public ValueTask<string> ZoneRelease(CancellationToken stopped) => served.ZoneRelease(stopped);

    public ValueTask SetZoneRelease(string release, CancellationToken stopped) => served.SetZoneRelease(release, stopped);

    public IAsyncEnumerable<string> Reindex(CancellationToken stopped) => owned.Reindex(stopped);

    public ValueTask MarkRestored(CancellationToken stopped) => owned.MarkRestored(stopped);

    public ValueTask<bool> IsReady(CancellationToken stopped) => served.IsReady(stopped);

    public async ValueTask DisposeAsync()
    {
        await served.DisposeAsync();
        await owned.DisposeAsync();
    }
}
