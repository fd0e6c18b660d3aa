using System.Diagnostics;
using Kalends.Messages;
using Kalends.Storage;
using Kalends.Storage.Postgres;
using Kalends.Tests.Conversations;
using Npgsql;
using static Kalends.Tests.Postgres.ReplicaDesk;
using static Kalends.Tests.Storage.Examples;

namespace Kalends.Tests.Postgres;

/// <summary>Tests on one primary and its replica go one after the other: they pause and kill it.</summary>
[CollectionDefinition(nameof(OnReplicas))]
public sealed class OnReplicas : ICollectionFixture<ReplicatedCluster>;

/// <summary>Queries on a real streaming replica: what a client may rely on though it lags.</summary>
[Collection(nameof(OnReplicas))]
public sealed class PostgresReplicaTests(ReplicatedCluster cluster)
{
    /// <summary>Longer than any step of these tests takes.</summary>
    private static readonly ReplicaPatience Patient = new() { Wait = TimeSpan.FromSeconds(60), MostBehind = TimeSpan.FromHours(1) };

    private static readonly ReplicaPatience Impatient = new() { Wait = TimeSpan.FromMilliseconds(300), MostBehind = TimeSpan.FromHours(1) };

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_saved_is_in_every_query_with_its_position_and_the_replica_answers()
    {
        await using var desk = await Open(cluster, Patient);
        using var answering = new Answering();
        for (var number = 1; number <= 100; number++)
        {
            var saved = await desk.Save(At(1 + (number % 28), number % 23));
            Assert.Equal(number, (await desk.Month(saved.Position)).Count);
        }

        Assert.Equal((100, 0), (answering.ByReplica, answering.ByFallback));
    }

    /// <summary>The one names its tenant to the database in each transaction, the other need not.</summary>
    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task A_role_that_only_serves_reads_from_the_replica_and_so_does_one_of_another_kind(bool servesOnPrimary, bool servesOnReplica)
    {
        var database = await cluster.Database();
        const string Owner = ";Username=kalends";
        await using var desk = ReplicaDesk.Open(
            servesOnPrimary ? PrivateCluster.AsService(database) : database,
            cluster.Replicas + (servesOnReplica ? ";Username=" + PrivateCluster.ServiceRole : Owner), Patient);
        await desk.UntilUsed();
        using var answering = new Answering();
        for (var number = 1; number <= 5; number++)
        {
            Assert.Equal(number, (await desk.Month((await desk.Save(At(number, 9))).Position)).Count);
            Assert.Equal(number, (await desk.Month(on: desk.OnPrimary)).Count);
        }

        Assert.Equal((5, 0), (answering.ByReplica, answering.ByFallback));
    }

    [Fact]
    public async Task A_query_whose_position_the_replica_does_not_come_to_is_answered_by_the_primary_and_later_by_the_replica()
    {
        await using var desk = await Open(cluster, Impatient);
        var before = await desk.Save(At(1, 9));
        Assert.Single(await desk.Month(before.Position));
        await cluster.Pause();
        var after = await desk.Save(At(2, 9));
        using var answering = new Answering();

        Assert.Equal(2, (await desk.Month(after.Position)).Count);
        Assert.Equal((0, 1, 1), (answering.ByReplica, answering.ByFallback, answering.WaitsInVain));

        // It stands still, so nobody waits for it again, and who asks for what it has is answered by it.
        Assert.Equal(2, (await desk.Month(after.Position)).Count);
        Assert.Equal((0, 1, 1), (answering.ByReplica, answering.ByFallback, answering.WaitsInVain));
        Assert.Single(await desk.Month(before.Position));
        Assert.Single(await desk.Month());
        Assert.Equal((2, 1, 1), (answering.ByReplica, answering.ByFallback, answering.WaitsInVain));

        await cluster.Resume();
        for (var attempt = 0; answering.ByReplica == 2; attempt++)
        {
            Assert.Equal(2, (await desk.Month(after.Position)).Count);
            Assert.True(attempt < 1_000, "the replica goes on, and is not asked");
            await Task.Delay(10, Stopped);
        }
    }

    [Fact]
    public async Task A_query_waits_for_a_replica_that_comes_to_its_position()
    {
        await using var desk = await Open(cluster, Patient);
        await cluster.Pause();
        var saved = await desk.Save(At(1, 9));
        using var answering = new Answering();
        var asking = Task.Run(() => desk.Month(saved.Position), Stopped);
        await Task.Delay(200, Stopped);
        Assert.False(asking.IsCompleted);
        await cluster.Resume();
        Assert.Single(await asking);
        Assert.Equal((1, 0, 0), (answering.ByReplica, answering.ByFallback, answering.WaitsInVain));
    }

    [Fact]
    public async Task A_replica_that_is_too_far_behind_rests_until_it_has_caught_up()
    {
        await using var desk = await Open(cluster, new() { MostBehind = TimeSpan.FromSeconds(1) });
        await desk.Save(At(1, 9));
        await cluster.Pause();
        await desk.Save(At(2, 9));
        await desk.UntilUsed(false);
        Assert.Equal(2, (await desk.Month()).Count);
        Assert.Contains(desk.Told, news => !news.IsGood && news.Sentence.EndsWith("It is more than 1 s behind.", StringComparison.Ordinal));

        await cluster.Resume();
        await desk.UntilUsed();
        Assert.True(desk.Told.Last() is { IsGood: true } last && last.Sentence.EndsWith("is used.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_position_that_no_command_answered_is_refused_in_bounded_time()
    {
        await using var desk = await Open(cluster, Impatient);
        var saved = await desk.Save(At(1, 9));
        var began = Stopwatch.GetTimestamp();
        foreach (var position in new[] { saved.Position with { Number = ulong.MaxValue }, new('p', saved.Position.Number + (1UL << 32)), new('s', 1) })
        {
            var refusal = (await Run(desk.Serving, "get-calendars", "{}", position)).Refusal;
            Assert.Equal(RefusalCode.Invalid, refusal?.Code);
            Assert.StartsWith("Kalends-Position names what this store has not come to", refusal!.Detail, StringComparison.Ordinal);
        }

        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 20);
    }

    [Fact]
    public async Task The_database_itself_refuses_to_write_on_a_session_of_a_replica()
    {
        await using var desk = await Open(cluster);
        await desk.Save(At(1, 9));
        await using (var session = await desk.Store.ReadAnywhere("acme", null, Stopped))
        {
            Assert.True(session.IsOfReplica);
            var refused = await Assert.ThrowsAsync<PostgresException>(async () => await session.Rows<ICalendarWrites>().Lock([Ben]));
            Assert.Equal(PostgresErrorCodes.ReadOnlySqlTransaction, refused.SqlState);
        }

        // The connections refuse as well by themselves, if their replica should become a primary.
        var settings = Assert.Single(Source.OfReplicas(desk.Database, cluster.Replicas));
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync(Stopped);
        await using var command = new NpgsqlCommand("SHOW default_transaction_read_only", connection);
        Assert.Equal("on", await command.ExecuteScalarAsync(Stopped));
    }

    [Fact]
    public async Task Later_pages_on_a_replica_that_lags_lose_and_repeat_nothing()
    {
        await using var desk = await Open(cluster, Impatient);
        var random = new Random(20261101);
        var moving = (await desk.Save([.. Enumerable.Range(0, 60).Select(n => At(1 + (n * 5 % 28), n % 23))])).Ids;
        using var answering = new Answering();
        for (var round = 0; round < 4; round++)
        {
            var there = (await desk.Month(on: desk.OnPrimary)).Order().ToList();
            await cluster.Pause();
            await Move();
            // A first page of the primary, later ones wherever they may be had, while the replica lacks what moved before the first.
            var page = await desk.Page(7, null, desk.OnPrimary);
            var shown = new List<string>(Ids(page));
            for (var number = 1; (string?)page["cursor"] is { } cursor; number++)
            {
                await Move();
                page = await desk.Page(7, cursor);
                shown.AddRange(Ids(page));
                if (number == 4)
                {
                    await cluster.Resume();
                }
            }

            Assert.Equal(there, shown.Order());
        }

        Assert.True(answering is { ByReplica: > 0, ByFallback: > 0 }, $"{answering.ByReplica} pages by the replica, {answering.ByFallback} in its place");

        Task Move() => desk.Save([.. moving.Where(_ => random.Next(3) == 0).Append(moving[0]).Distinct()
            .Select(id => At(random.Next(1, 29), random.Next(0, 23), $",\"id\":\"{id}\""))]);
    }

    [Fact]
    public async Task Who_synchronises_with_a_replica_that_lags_misses_nothing()
    {
        await using var desk = await Open(cluster, Impatient);
        await desk.Save(At(1, 9));
        var known = new Dictionary<string, long>();
        var random = new Random(20261102);
        using var answering = new Answering();
        string? token = null;
        for (var round = 0; round < 40; round++)
        {
            await (round % 4 == 1 ? cluster.Pause() : round % 4 == 3 ? cluster.Resume() : Task.CompletedTask);
            await desk.Save(At(random.Next(1, 29), random.Next(0, 23)));
            // The token of one answer goes to whoever answers the next: now the primary, now the replica.
            var since = token is null ? "" : $",\"since\":\"{token}\"";
            var changes = await desk.Ask("get-changes", $$"""{"calendar":"user:ana"{{since}}}""", on: random.Next(2) == 0 ? desk.OnPrimary : null);
            foreach (var change in changes["changes"]!.AsArray())
            {
                Assert.True(known.TryAdd((string)change!["id"]!, (long)change["version"]!), "a change was told twice");
            }

            token = (string)changes["token"]!;
        }

        await cluster.Resume();
        var rest = await desk.Ask("get-changes", $$"""{"calendar":"user:ana","since":"{{token}}"}""", on: desk.OnPrimary);
        Assert.Equal((await desk.Month(on: desk.OnPrimary)).Order(), known.Keys.Concat(rest["changes"]!.AsArray().Select(change => (string)change!["id"]!)).Order());
        Assert.True(answering is { ByReplica: > 0, ByFallback: > 0 }, $"{answering.ByReplica} answers by the replica, {answering.ByFallback} in its place");
    }

    /// <summary>One process keeps free/busy of both in memory, by the versions of calendars.</summary>
    [Fact]
    public async Task Free_busy_in_memory_is_that_of_whoever_answers_however_far_behind()
    {
        await using var desk = await Open(cluster, Impatient);
        var random = new Random(20261103);
        using var answering = new Answering();
        for (var saved = 1; saved <= 60; saved++)
        {
            await (saved % 5 == 1 ? cluster.Pause() : saved % 5 == 4 ? cluster.Resume() : Task.CompletedTask);
            var position = (await desk.Save(At(1 + (saved % 28), saved % 23))).Position;
            for (var query = random.Next(3); query >= 0; query--)
            {
                // Behind it may be, by what was saved since replay was paused, which goes on some time after it is told to.
                Assert.InRange(await desk.Busy(), saved - 5, saved);
                Assert.Equal(saved, await desk.Busy(position));
            }
        }

        Assert.True(answering is { ByReplica: > 0, ByFallback: > 0 }, $"{answering.ByReplica} answers by the replica, {answering.ByFallback} in its place");
    }

    [Fact]
    public async Task A_query_that_stands_in_the_way_of_replay_is_run_on_the_primary()
    {
        await using var desk = await Open(cluster);
        var saved = await desk.Save(At(1, 9));
        await desk.Month(saved.Position);
        using var answering = new Answering();
        var query = new Interrupted(async () =>
        {
            await PrivateCluster.Execute(desk.Database, "UPDATE calendar SET version = version");
            await PrivateCluster.Execute(desk.Database, "VACUUM (FREEZE) calendar");
            var vacuumed = await desk.Save(At(2, 9));
            await desk.Month(vacuumed.Position);
        });
        var reply = await desk.Serving.Run("interrupted", query, Desk.As("user:ana"), new() { AtLeast = saved.Position }, Stopped);
        Assert.Equal((2, "user:ana"), (query.Runs, (string)reply.Result!));
        Assert.Equal(1, answering.ByFallback);

        await using var next = await desk.Store.ReadAnywhere("acme", null, Stopped);
        Assert.True(next.IsOfReplica, "the replica is as fit as before");
    }

    /// <summary>Reads, waits for something to happen the first time, and reads again.</summary>
    private sealed record Interrupted(Func<Task> Between) : Query<string>
    {
        public int Runs { get; private set; }

        public override async ValueTask<Outcome<string>> Execute(QueryContext context)
        {
            var before = await context.Rows<ICalendarRows>().Find([Ana]);
            if (++Runs == 1)
            {
                await Between();
            }

            var after = await context.Rows<ICalendarRows>().Find([Ana]);
            Assert.Equal(before[Ana], after[Ana]);
            return after[Ana].Id.Value;
        }
    }
}
