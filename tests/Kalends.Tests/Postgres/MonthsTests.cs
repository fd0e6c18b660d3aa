using Kalends.Storage.Postgres;
using Kalends.Tests.Conversations;
using NodaTime;
using Npgsql;

namespace Kalends.Tests.Postgres;

/// <summary>What is only added to is kept by months, and those are made before they come, while others write.</summary>
[Collection(nameof(Alone))]
public sealed class MonthsTests : IAsyncLifetime
{
    private static readonly Instant Later = SystemClock.Instance.GetCurrentInstant() + Duration.FromDays(190);

    private string database = "";

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => database = await PrivateCluster.Database();

    public async ValueTask DisposeAsync() => await PrivateCluster.Drop(database);

    [Fact]
    public async Task Saves_go_on_while_months_are_prepared_and_what_lay_in_none_is_moved()
    {
        await using var store = new PostgresStore(PrivateCluster.AsService(database));
        await using var other = new PostgresStore(PrivateCluster.AsService(database));
        var saves = new SteadySaves([store, other], new StandingClock(Later));
        await saves.During(async () =>
        {
            Assert.True(await Rows("trail_unprepared") > 0);
            await Task.WhenAll(Prepare(), Prepare());
        }, Stopped);
        Assert.All(saves.Replies, reply => Assert.Null(reply.Refusal));
        TestContext.Current.SendDiagnosticMessage(
            $"{saves.Replies.Count()} saves into months that are prepared, the longest waited {saves.Longest.TotalMilliseconds:F0} ms");
        foreach (var table in new[] { "command", "trail", "outbox" })
        {
            Assert.Equal(0, await Rows(table + "_unprepared"));
            Assert.Equal(saves.Replies.Count(), await Rows(table));
        }

        await using var owner = new PostgresStore(database);
        Assert.Empty(await owner.FindBroken(Stopped).ToListAsync(Stopped));
    }

    [Fact]
    public async Task What_would_make_others_wait_is_given_up_and_done_later()
    {
        await using var reader = new NpgsqlConnection(database + ";Pooling=false");
        await reader.OpenAsync(Stopped);
        await using var begin = new NpgsqlCommand("BEGIN; SELECT count(*) FROM trail", reader);
        await begin.ExecuteScalarAsync(Stopped);
        Assert.Null(await Prepare());
        await reader.CloseAsync();
        Assert.True(await Prepare() > 0);
        Assert.Equal(0, await Prepare());
        Assert.Equal(0, await Missing());
    }

    [Fact]
    public async Task Of_processes_that_prepare_at_once_none_fails()
    {
        var before = await Partitions();
        var made = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(Prepare, Stopped)));
        Assert.Equal(await Partitions() - before, (long)made.Sum()!);
        Assert.True(made.Sum() >= 9);
        Assert.Equal(0, await Missing());
    }

    [Fact]
    public async Task Whoever_serves_makes_no_more_months_than_two_years_have()
    {
        await PrivateCluster.Execute(PrivateCluster.AsService(database), "SELECT prepare_months('9999-01-01')");
        Assert.Equal(3 * (1 + 25), await Partitions());
        await Assert.ThrowsAsync<PostgresException>(
            () => PrivateCluster.Execute(PrivateCluster.AsService(database), "CREATE TABLE mine (a integer)"));
    }

    /// <summary>As two replicas of a service do, to the month that is half a year ahead.</summary>
    private async Task<int?> Prepare()
    {
        await using var source = Source.Of(PrivateCluster.AsService(database));
        await using var wire = await Wire.Open(source, Stopped);
        return await Months.Prepare(wire, Later.ToUnixTimeSeconds(), Stopped);
    }

    /// <summary>Of three tables, those that catch the rest among them.</summary>
    private async Task<long> Partitions() => (long)(await PrivateCluster.Execute(
        database, "SELECT count(*) FROM pg_class WHERE relispartition AND relkind = 'r'"))!;

    private async Task<int> Missing() => (int)(await PrivateCluster.Execute(
        database, $"SELECT prepare_months(to_timestamp({Later.ToUnixTimeSeconds()}))"))!;

    private async Task<long> Rows(string table) => (long)(await PrivateCluster.Execute(database, $"SELECT count(*) FROM {table}"))!;
}
