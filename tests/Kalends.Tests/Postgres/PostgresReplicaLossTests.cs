using System.Diagnostics;
using Kalends.Messages;
using Kalends.Storage;
using static Kalends.Tests.Postgres.ReplicaDesk;

namespace Kalends.Tests.Postgres;

/// <summary>Replicas that are killed, frozen, promoted, of another store or none at all: no query fails for it, and what comes back is used again.</summary>
[Collection(nameof(OnReplicas))]
public sealed class PostgresReplicaLossTests(ReplicatedCluster cluster)
{
    private const string Replica = ReplicatedCluster.Replica;

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_replica_killed_under_load_fails_no_query_and_is_used_again_when_it_is_back()
    {
        await using var desk = await Open(cluster);
        await desk.Month((await desk.Save([.. Enumerable.Range(1, 28).Select(day => At(day, 9))])).Position);
        using var answering = new Answering();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Stopped);
        var saved = 28;
        var asked = 0;
        var writing = Task.Run(() => Until(async () =>
        {
            var position = (await desk.Save(At(1 + (saved % 28), 11))).Position;
            Interlocked.Increment(ref saved);
            // What it has saved itself it sees, whoever answers.
            Assert.Equal(saved, (await desk.Month(position)).Count);
        }, over.Token), Stopped);
        var reading = Enumerable.Range(0, 8).Select(_ => Task.Run(() => Until(async () =>
        {
            Assert.InRange((await desk.Month()).Count, 28, int.MaxValue);
            Interlocked.Increment(ref asked);
        }, over.Token), Stopped)).ToList();
        for (var round = 0; round < 3; round++)
        {
            await Task.Delay(500, Stopped);
            await cluster.Group.Kill(Replica);
            await Task.Delay(1_000, Stopped);
            await cluster.StartReplica();
            await desk.UntilUsed();
        }

        var before = answering.ByReplica;
        await Task.Delay(500, Stopped);
        await over.CancelAsync();
        await Task.WhenAll([writing, .. reading]);
        Assert.True(answering.ByReplica > before, "the replica is back, and is not asked");
        Assert.True(asked > 100 && answering.ByFallback > 0, $"{asked} queries, {answering.ByFallback} on the primary after the replica was lost under them");
        var told = string.Join('\n', desk.Told.Select(news => news.Sentence));
        Assert.True(desk.Told.Count(news => !news.IsGood) == 3, told);
        Assert.True(desk.Told.Count(news => news.IsGood) == 4, told);
    }

    [Fact]
    public async Task A_replica_that_answers_nothing_any_more_holds_no_query_for_long()
    {
        await using var desk = await Open(cluster);
        var saved = await desk.Save(At(1, 9));
        await desk.Month(saved.Position);
        await cluster.Group.Freeze(Replica);
        try
        {
            var began = Stopwatch.GetTimestamp();
            var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => desk.Month())));
            Assert.All(answers, answer => Assert.Single(answer));
            Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 25);
            await desk.UntilUsed(false);
        }
        finally
        {
            await cluster.Group.Thaw(Replica);
        }

        await desk.UntilUsed();
    }

    [Fact]
    public async Task While_the_primary_is_away_replicas_answer_what_asks_for_nothing_newer()
    {
        await using var desk = await Open(cluster, new() { MostBehind = TimeSpan.FromSeconds(2) });
        var saved = await desk.Save(At(1, 9));
        await desk.Month(saved.Position);
        await cluster.Group.Stop(ReplicatedCluster.Primary);
        try
        {
            // Longer than a replica's lag is measured for.
            for (var second = 0; second < 5; second++)
            {
                Assert.Single(await desk.Month());
                Assert.Single(await desk.Month(saved.Position));
                await Task.Delay(1_000, Stopped);
            }

            Assert.False(await desk.Store.IsReady(Stopped));
            Assert.Equal(RefusalCode.Unavailable, (await Run(desk.Serving, "save-appointments", $$"""{"appointments":[{{At(2, 9)}}]}""")).Refusal?.Code);
        }
        finally
        {
            await cluster.Group.Start(ReplicatedCluster.Primary);
        }

        Assert.Equal(2, (await desk.Month((await desk.Save(At(2, 9))).Position)).Count);
    }

    [Fact]
    public async Task Of_several_replicas_each_takes_its_turn_and_one_that_is_lost_leaves_it_to_the_others()
    {
        await cluster.Group.Copy("second", of: ReplicatedCluster.Primary);
        await cluster.Group.Start("second");
        await using var desk = ReplicaDesk.Open(await cluster.Database(), $"{cluster.Replicas},127.0.0.1:{cluster.Group.Port("second")}");
        await Two(desk, used: 2);
        var position = (await desk.Save(At(1, 9))).Position;
        Assert.Single(await desk.Month(position));
        await cluster.Group.Kill("second");
        await Two(desk, used: 1);
        using var answering = new Answering();
        for (var query = 0; query < 20; query++)
        {
            Assert.Single(await desk.Month(position));
        }

        Assert.Equal((20, 0), (answering.ByReplica, answering.ByFallback));

        static async Task Two(ReplicaDesk desk, int used)
        {
            for (var attempt = 0; desk.Told.Count(news => news.IsGood) - desk.Told.Count(news => !news.IsGood) != used; attempt++)
            {
                Assert.True(attempt < 1_500, string.Join('\n', desk.Told));
                await Task.Delay(20, Stopped);
            }
        }
    }

    [Fact]
    public async Task A_replica_that_was_made_a_primary_is_asked_no_more()
    {
        await cluster.Group.Copy("promoted", of: ReplicatedCluster.Primary);
        await cluster.Group.Start("promoted");
        await using var desk = ReplicaDesk.Open(await cluster.Database(), $"Host=127.0.0.1:{cluster.Group.Port("promoted")}");
        await desk.UntilUsed();
        await desk.Save(At(1, 9));
        await cluster.Group.Promote("promoted");
        for (var second = 0; second < 10; second++)
        {
            await desk.Save(At(2 + second, 9));
            Assert.InRange((await desk.Month()).Count, 1, 2 + second);
        }

        await desk.UntilUsed(false);
        Assert.Equal(11, (await desk.Month()).Count);
        await cluster.Group.Stop("promoted");
    }

    [Fact]
    public async Task What_is_no_replica_of_this_store_is_not_asked_and_the_reason_is_said()
    {
        var (database, other) = (await cluster.Database(), await cluster.Database());
        await PrivateCluster.Execute(other, "UPDATE meta SET value = md5('a') || md5('b') WHERE name = 'sealing-key'");
        await cluster.UntilReplayed();
        var otherName = new Npgsql.NpgsqlConnectionStringBuilder(other).Database;
        foreach (var (replicas, reason) in new[]
        {
            (database, "It is no replica."),
            ($"{cluster.Replicas};Database={otherName}", "It is a replica of another store."),
            ($"{cluster.Replicas};Database=postgres", "has not been brought up to date"),
            ($"{cluster.Replicas};Database=nowhere", "no such database"),
            ("Host=127.0.0.1:1", "cannot be reached"),
        })
        {
            await using var desk = ReplicaDesk.Open(database, replicas);
            for (var attempt = 0; !desk.Told.Any(); attempt++)
            {
                Assert.Empty(await desk.Month());
                Assert.True(attempt < 1_500, $"{replicas}: nothing is said");
                await Task.Delay(20, Stopped);
            }

            var news = Assert.Single(desk.Told);
            Assert.False(news.IsGood);
            Assert.Contains(reason, news.Sentence, StringComparison.Ordinal);
            Assert.Empty(await desk.Month());
        }
    }

    private static async Task Until(Func<Task> work, CancellationToken over)
    {
        for (var number = 0; number < 100_000 && !over.IsCancellationRequested; number++)
        {
            await work();
        }
    }
}
