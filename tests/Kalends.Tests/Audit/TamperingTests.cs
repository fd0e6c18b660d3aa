using Kalends.Availability;
using Kalends.Storage;
using Kalends.Storage.Postgres;
using Kalends.Storage.Sqlite;
using Kalends.Tests.Postgres;
using Kalends.Tests.Storage;
using Microsoft.Data.Sqlite;
using static Kalends.Tests.Storage.Examples;

namespace Kalends.Tests.Audit;

/// <summary>What somebody does to a sealed trail behind the store's back is found, whether or not it contradicts anything else.</summary>
public abstract partial class TamperingTests : IAsyncLifetime
{
    private const string Tenant = "acme";

    private const string Copied =
        "UPDATE trail_seal SET digests = (SELECT digests FROM trail_seal WHERE number = 1), sum = (SELECT sum FROM trail_seal WHERE number = 1) WHERE number = 2";

    private const string Swapped =
        "UPDATE trail_seal SET number = 9 WHERE number = 1; UPDATE trail_seal SET number = 1 WHERE number = 2; UPDATE trail_seal SET number = 2 WHERE number = 9";

    private IStore store = null!;

    protected abstract ValueTask<IStore> Make();

    protected abstract Task Damage(string sql);

    /// <summary>Entries 1 to 6 under seals of two, as in the tests of soundness, and a seventh that is not sealed.</summary>
    public async ValueTask InitializeAsync()
    {
        var stopped = TestContext.Current.CancellationToken;
        store = await Make();
        await store.Migrate(stopped);
        await using (var session = await store.Write(Tenant, stopped))
        {
            var (ana, ben) = (await session.Key(Ana), await session.Key(Ben));
            var (one, two, three) = (Booking(1, ana, 0, Hour, ana, ben), Booking(2, ana, 0, Hour), Booking(3, ana, 0, Hour));
            await session.Create(one, two, three);
            await session.Replace(three, Booking(3, ana, Hour / 2, Hour, Busyness.Busy, 2));
            await session.Rows<ITrailWrites>().Append(Command(), [], []);
            await session.Delete(two);
            await session.Commit(stopped);
        }

        Assert.Equal(6, await Chain.Seal(store, Tenant, perSeal: 2));
        await using var later = await store.Write(Tenant, stopped);
        await later.Rows<ITrailWrites>().Append(Command(), [], []);
        await later.Commit(stopped);
    }

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await store.DisposeAsync();
    }

    [Theory]
    [InlineData("UPDATE trail SET after = '{\"title\":\"Nothing to see\"}' WHERE seq = 1", "trail entry 1 is not what seal 1 was made of")]
    [InlineData("UPDATE trail SET before = '{}' WHERE seq = 6", "trail entry 6 is not what seal 3 was made of")]
    [InlineData("UPDATE trail SET before = NULL WHERE seq = 6", "trail entry 6 is not what seal 3 was made of")]
    [InlineData("UPDATE trail SET kind = 'modified' WHERE seq = 3", "trail entry 3 is not what seal 2 was made of")]
    [InlineData("UPDATE trail SET version = 7 WHERE seq = 3", "trail entry 3 is not what seal 2 was made of")]
    [InlineData("UPDATE trail SET command = (SELECT command FROM trail WHERE seq = 7) WHERE seq = 5", "trail entry 5 is not what seal 3 was made of")]
    [InlineData("UPDATE command SET person = 'user:eve' WHERE id = (SELECT command FROM trail WHERE seq = 4)", "trail entry 4 is not what seal 2 was made of")]
    [InlineData("UPDATE command SET app = 'other' WHERE id = (SELECT command FROM trail WHERE seq = 5)", "trail entry 5 is not what seal 3 was made of")]
    [InlineData("UPDATE command SET name = 'other' WHERE id = (SELECT command FROM trail WHERE seq = 5)", "trail entry 5 is not what seal 3 was made of")]
    [InlineData("UPDATE command SET request_id = NULL WHERE id = (SELECT command FROM trail WHERE seq = 5)", "trail entry 5 is not what seal 3 was made of")]
    [InlineData("UPDATE command SET data = '{ }' WHERE id = (SELECT command FROM trail WHERE seq = 5)", "trail entry 5 is not what seal 3 was made of")]
    [InlineData("DELETE FROM command WHERE id = (SELECT command FROM trail WHERE seq = 5)", "trail entry 5 is not what seal 3 was made of")]
    [InlineData("DELETE FROM trail WHERE seq = 5", "trail entry 5, which seal 3 covers, is gone")]
    [InlineData("UPDATE trail SET seq = 99 WHERE seq = 1", "trail entry 1, which seal 1 covers, is gone")]
    [InlineData("UPDATE trail SET seq = 99 WHERE seq = 1; UPDATE trail SET seq = 1 WHERE seq = 2; UPDATE trail SET seq = 2 WHERE seq = 99", "trail entry 2 is not what seal 1 was made of")]
    [InlineData("UPDATE trail SET tenant = 9 WHERE seq = 5", "trail entry 5, which seal 3 covers, is gone")]
    [InlineData("DELETE FROM trail_seal WHERE number = 2", "seal 2 is missing")]
    [InlineData("DELETE FROM trail_seal WHERE number = 1", "seal 1 is missing")]
    [InlineData("UPDATE trail_seal SET whole = 1 WHERE number = 2", "seal 2 does not follow from the one before it")]
    [InlineData("UPDATE trail_seal SET entries = 1 WHERE number = 2", "seal 2 does not follow from the one before it")]
    [InlineData("UPDATE trail_seal SET hash = sum WHERE number = 2", "seal 3 does not follow from the one before it")]
    [InlineData("UPDATE trail_seal SET sum = hash WHERE number = 2", "seal 2 has other digests than it was made of")]
    [InlineData("UPDATE trail_seal SET digests = (SELECT digests FROM trail_seal WHERE number = 1) WHERE number = 2", "seal 2 has other digests than it was made of")]
    [InlineData(Copied, "seal 2 does not follow from the one before it")]
    [InlineData(Swapped, "seal 1 does not follow from the one before it")]
    public async Task What_is_changed_by_hand_is_found(string damage, string sentence)
    {
        var before = await Chain.Of(store, Tenant);
        Assert.Empty(before.Findings);
        Assert.Equal((3, 1), (before.Last!.Number, before.Unsealed));
        await Damage(damage);
        Assert.Contains((await Chain.Of(store, Tenant)).Findings, finding => finding.Contains(sentence, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_put_among_the_sealed_is_found()
    {
        await Chain.Settled(store, Tenant, 6);
        Assert.Equal(1, await Chain.Seal(store, Tenant));
        await using (var session = await store.Write(Tenant, TestContext.Current.CancellationToken))
        {
            await session.Rows<ITrailWrites>().Append(Command(), [], []);
            await session.Commit(TestContext.Current.CancellationToken);
        }

        Assert.Empty((await Chain.Of(store, Tenant)).Findings);
        await Damage("UPDATE trail SET seq = 0 WHERE seq = 8");
        Assert.Equal(["trail entry 0 lies among those that are sealed, and no seal covers it"], (await Chain.Of(store, Tenant)).Findings);
    }

    [Fact]
    public async Task A_seal_that_somebody_kept_shows_that_the_end_of_the_chain_was_cut_off_or_made_anew()
    {
        var kept = (await Chain.Of(store, Tenant)).Last!.ToString();
        Assert.StartsWith("3:", kept, StringComparison.Ordinal);
        Assert.Empty((await Chain.Of(store, Tenant, kept)).Findings);

        await Damage("DELETE FROM trail_seal WHERE number = 3");
        var cut = await Chain.Of(store, Tenant);
        Assert.Empty(cut.Findings);
        Assert.Equal((2, 3), (cut.Last!.Number, cut.Unsealed));
        Assert.Equal([$"the chain does not have the seal that was kept: {kept}"], (await Chain.Of(store, Tenant, kept)).Findings);

        await Damage("UPDATE command SET person = 'user:eve' WHERE id = (SELECT command FROM trail WHERE seq = 5)");
        Assert.Equal(3, await Chain.Seal(store, Tenant));
        Assert.Empty((await Chain.Of(store, Tenant)).Findings);
        Assert.NotEmpty((await Chain.Of(store, Tenant, kept)).Findings);
    }

    [Fact]
    public async Task A_thousand_findings_are_not_told_one_by_one()
    {
        await using (var session = await store.Write(Tenant, TestContext.Current.CancellationToken))
        {
            var ana = await session.Key(Ana);
            await session.Create([.. Enumerable.Range(100, 1_000).Select(number => Booking(number, ana, 0, Hour))]);
            await session.Commit(TestContext.Current.CancellationToken);
        }

        await Chain.Seal(store, Tenant);
        await Damage("UPDATE trail SET version = 9 WHERE seq > 10");
        var findings = (await Chain.Of(store, Tenant)).Findings;
        Assert.Equal(101, findings.Count);
        Assert.Contains("more findings about seals", findings[^1], StringComparison.Ordinal);
    }
}

public sealed class TamperingOnSqliteTests : TamperingTests
{
    private readonly TemporaryFile file = new();

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        file.Dispose();
    }

    protected override ValueTask<IStore> Make() => ValueTask.FromResult<IStore>(new SqliteStore(file.ConnectionString));

    protected override async Task Damage(string sql)
    {
        await using var connection = new SqliteConnection($"{file.ConnectionString};Pooling=False;Foreign Keys=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }
}

public sealed class TamperingOnPostgresTests : TamperingTests
{
    private string database = "";

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await PrivateCluster.Drop(database);
    }

    protected override async ValueTask<IStore> Make() => new PostgresStore(database = await PrivateCluster.Database());

    protected override Task Damage(string sql) => PrivateCluster.Execute(database, sql);
}
