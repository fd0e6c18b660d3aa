using Kalends.Storage;
using Kalends.Storage.Sqlite;

namespace Kalends.Tests.Storage;

/// <summary>The contract on the embedded store.</summary>
public sealed class SqliteStoreTests : StoreContract
{
    private readonly TemporaryFile file = new();

    protected override ValueTask<IStore> Make() => ValueTask.FromResult<IStore>(new SqliteStore(file.ConnectionString));

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        file.Dispose();
    }
}
