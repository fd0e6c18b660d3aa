using Kalends.Availability;
using Kalends.Storage;
using Kalends.Storage.Sqlite;

namespace Kalends.Tests.Storage;

/// <summary>The contract with the cache before an SQLite file. What has to do with the cache the contract asks both ways, of every store.</summary>
public sealed class CachedSqliteStoreTests : StoreContract
{
    private readonly TemporaryFile file = new();
    private SqliteStore stored = null!;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await stored.DisposeAsync();
        file.Dispose();
    }

    protected override ValueTask<IStore> Make() =>
        ValueTask.FromResult<IStore>(new CachedStore(stored = new(file.ConnectionString), new(mostBytes: 1_000_000)));
}
