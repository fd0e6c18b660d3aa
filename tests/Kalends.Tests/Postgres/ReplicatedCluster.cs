using Kalends.Storage.Postgres;

namespace Kalends.Tests.Postgres;

/// <summary>A primary and a replica that streams from it, for the tests of one class.</summary>
public sealed class ReplicatedCluster : IAsyncLifetime
{
    public const string Primary = "primary";

    public const string Replica = "replica";

    /// <summary>Replay does not wait for queries that stand in its way.</summary>
    private static readonly string[] ReplicaSettings = ["max_standby_streaming_delay=0"];

    private int databases;

    public ClusterGroup Group { get; private set; } = null!;

    /// <summary>As <c>ConnectionStrings:KalendsReplicas</c> takes it.</summary>
    public string Replicas => $"Host=127.0.0.1:{Group.Port(Replica)}";

    public async ValueTask InitializeAsync()
    {
        Group = await ClusterGroup.Open();
        await Group.Make(Primary);
        await Group.Start(Primary);
        await Group.Execute(Primary, "CREATE DATABASE kalends_template TEMPLATE template0");
        await using (var store = new PostgresStore(Group.ConnectionString(Primary, "kalends_template")))
        {
            await store.Migrate(default);
            await Group.Execute(Primary, $"CREATE ROLE {PrivateCluster.ServiceRole} LOGIN");
            await store.LetServe(PrivateCluster.ServiceRole, default);
        }

        await Group.Copy(Replica, of: Primary);
        await StartReplica();
    }

    public Task StartReplica() => Group.Start(Replica, ReplicaSettings);

    /// <summary>The primary's connection string of a new database with this program's schema, which its replicas have come to.</summary>
    public async Task<string> Database()
    {
        var name = $"test_{Interlocked.Increment(ref databases)}";
        await Group.Execute(Primary, $"CREATE DATABASE {name} TEMPLATE kalends_template");
        await UntilReplayed();
        return Group.ConnectionString(Primary, name);
    }

    /// <summary>Until replicas show what the primary has now: one that has not come to the making of a database says that there is no such one.</summary>
    public async Task UntilReplayed()
    {
        var made = await Group.Execute(Primary, "SELECT pg_current_wal_insert_lsn()::text");
        var replayed = $"SELECT coalesce(bool_and(replay_lsn >= '{made}'), false) FROM pg_stat_replication";
        for (var attempt = 0; await Group.Execute(Primary, replayed) is not true; attempt++)
        {
            Assert.True(attempt < 3_000, "the replica does not follow");
            await Task.Delay(20);
        }
    }

    /// <summary>The replica takes in what the primary sends, but shows none of it.</summary>
    public async Task Pause()
    {
        await Group.Execute(Replica, "SELECT pg_wal_replay_pause()");
        while (!"paused".Equals(await Group.Execute(Replica, "SELECT pg_get_wal_replay_pause_state()")))
        {
            await Task.Delay(10);
        }
    }

    public Task Resume() => Group.Execute(Replica, "SELECT pg_wal_replay_resume()");

    public async ValueTask DisposeAsync() => await Group.DisposeAsync();
}
