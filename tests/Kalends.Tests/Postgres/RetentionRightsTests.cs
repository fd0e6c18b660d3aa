using Kalends.Audit;
using Kalends.Storage;
using Kalends.Storage.Postgres;
using Kalends.Tests.Audit;
using Kalends.Tests.Storage;
using NodaTime;
using Npgsql;
using static Kalends.Tests.Storage.Examples;

namespace Kalends.Tests.Postgres;

/// <summary>The narrow way: whoever serves may have dropped what is old and sealed of the tenant named, with whatever SQL, and nothing else.</summary>
public sealed class RetentionRightsTests : IAsyncLifetime
{
    private const string DropAll = "SELECT entries_dropped FROM drop_trail('infinity', 1000)";

    private string database = "";
    private string service = "";
    private PostgresStore store = null!;

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await PrivateCluster.Database();
        service = PrivateCluster.AsService(database);
        store = new(service);
    }

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        await PrivateCluster.Drop(database);
    }

    [Fact]
    public async Task What_is_not_sealed_or_is_of_others_or_young_is_not_dropped()
    {
        var young = Instant.FromDateTimeOffset(TimeProvider.System.GetUtcNow()) - Duration.FromDays(85);
        foreach (var tenant in new[] { "acme", "globex" })
        {
            await Write(tenant, Instant.FromUtc(2024, 1, 1, 0, 0));
            await Write(tenant, young - Duration.FromDays(10));
            await Write(tenant, young);
        }

        Assert.Equal(0L, await PrivateCluster.Execute(service, $"SET LOCAL kalends.tenant = 1; {DropAll}"));
        await Chain.SealWhole(store, "acme");
        await Chain.SealWhole(store, "globex");
        Assert.Equal(0L, await PrivateCluster.Execute(service, DropAll));
        Assert.Equal(2L, await PrivateCluster.Execute(service, $"SET LOCAL kalends.tenant = 1; {DropAll}"));
        Assert.Equal(0L, await PrivateCluster.Execute(service, $"SET LOCAL kalends.tenant = 1; {DropAll}"));
        Assert.Equal(3L, await PrivateCluster.Execute(database, "SELECT count(*) FROM trail x JOIN command c ON c.id = x.command WHERE x.tenant = 2 AND c.person = 'user:ana'"));
        foreach (var tenant in new[] { "acme", "globex" })
        {
            Assert.Empty((await Chain.Of(store, tenant)).Findings);
        }

        await using var owner = new PostgresStore(database);
        Assert.Empty(await owner.FindBroken(Stopped).ToListAsync(Stopped));
    }

    [Theory]
    [InlineData("INSERT INTO trail_dropped (tenant, seq, kept_from, entries, seals) VALUES (1, 9, now(), 9, 9)")]
    [InlineData("UPDATE trail_dropped SET seq = 9")]
    [InlineData("DELETE FROM trail_dropped")]
    [InlineData("DELETE FROM outbox")]
    [InlineData("DELETE FROM calendar_view")]
    [InlineData("UPDATE trail_erasure SET says = said")]
    [InlineData("CREATE OR REPLACE FUNCTION drop_trail(timestamptz, integer) RETURNS bigint LANGUAGE sql RETURN 1")]
    public async Task What_was_dropped_is_noted_by_that_alone(string attempt)
    {
        await Write("acme", Now);
        var refusal = await Assert.ThrowsAsync<PostgresException>(() => PrivateCluster.Execute(service, $"SET LOCAL kalends.tenant = 1; {attempt}"));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refusal.SqlState);
    }

    private async Task Write(string tenant, Instant at)
    {
        await using var session = await store.Write(tenant, Stopped);
        await session.Rows<ITrailWrites>().Append(Command() with { At = Instant.FromUnixTimeSeconds(at.ToUnixTimeSeconds()) }, [], []);
        await session.Commit(Stopped);
    }
}
