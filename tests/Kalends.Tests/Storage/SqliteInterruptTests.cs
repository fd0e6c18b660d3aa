using System.Diagnostics;
using Kalends.Storage;
using Kalends.Storage.Sqlite;

namespace Kalends.Tests.Storage;

/// <summary>Whoever leaves stops the statement that runs for them.</summary>
public sealed class SqliteInterruptTests
{
    private const string EndlessSql = "WITH RECURSIVE n(i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

    [Fact]
    public async Task A_long_statement_ends_with_its_token_and_nobody_else_notices()
    {
        using var file = new TemporaryFile();
        await using var store = new SqliteStore(file.ConnectionString);
        await store.Migrate(TestContext.Current.CancellationToken);
        using var leaving = new CancellationTokenSource(TimeSpan.FromMilliseconds(150));
        var watch = Stopwatch.StartNew();
        await using (var session = (SqliteReadSession)await store.Read("acme", leaving.Token))
        {
            Assert.Throws<StoreUnavailableException>(() => session.Prepare(EndlessSql).Step());
        }

        Assert.InRange(watch.Elapsed, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5));
        await using var other = await store.Read("acme", TestContext.Current.CancellationToken);
        await other.Reached();
    }
}
