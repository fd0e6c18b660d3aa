using Kalends.Storage;
using Kalends.Storage.Postgres;
using Kalends.Tests.Postgres;

namespace Kalends.Tests.Storage;

/// <summary>The contract on PostgreSQL.</summary>
public sealed class PostgresStoreTests : StoreContract
{
    private string database = "";

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await PrivateCluster.Drop(database);
    }

    protected override async ValueTask<IStore> Make() => new PostgresStore(database = await PrivateCluster.Database());
}
