using Kalends.Messages;
using Kalends.Storage;
using Kalends.Storage.Postgres;
using Kalends.Tests.Conversations;
using NodaTime;
using Npgsql;

namespace Kalends.Tests.Postgres;

/// <summary>The schema changes under processes that were there before: they go on, nothing is lost, and nobody waits long.</summary>
[Collection(nameof(Alone))]
public sealed class OnlineMigrationTests : IAsyncLifetime
{
    /// <summary>Scripts that are there: those whose tables each session of this program asks, which here is the program from before.</summary>
    private static readonly string[] There = [.. Schema.Scripts.Take(3).Select(script => script.Name), "0013_reminders.sql"];

    private static readonly StandingClock Clock = new(Instant.FromUtc(2026, 11, 1, 10, 0));

    private string database = "";

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    /// <summary>A database as the program before left it.</summary>
    public async ValueTask InitializeAsync()
    {
        database = await PrivateCluster.EmptyDatabase();
        await Run([.. Schema.Scripts.Where(script => There.Contains(script.Name))]);
    }

    public async ValueTask DisposeAsync() => await PrivateCluster.Drop(database);

    [Fact]
    public async Task Saves_go_on_while_a_later_script_runs_in_processes_that_opened_the_store_before_it()
    {
        await using var one = await OpenedBefore();
        await using var two = await OpenedBefore();
        var saves = new SteadySaves([one, two], Clock);
        await saves.During(async () =>
        {
            await using var newer = new PostgresStore(database);
            Assert.False(await newer.IsReady(Stopped));
            Assert.Equal(Schema.Scripts.Select(script => script.Name).Except(There), await newer.Migrate(Stopped));
            Assert.True(await newer.IsReady(Stopped));
        }, Stopped);
        Assert.All(saves.Replies, reply => Assert.Null(reply.Refusal));
        TestContext.Current.SendDiagnosticMessage($"{saves.Replies.Count()} saves, the longest waited {saves.Longest.TotalMilliseconds:F0} ms for the script");
        Assert.True(await one.IsReady(Stopped));
        Assert.Empty(await one.FindBroken(Stopped).ToListAsync(Stopped));
    }

    [Fact]
    public async Task A_script_does_not_queue_in_front_of_everybody_behind_one_that_takes_long()
    {
        await using var one = await OpenedBefore();
        await using var slow = new NpgsqlConnection(database + ";Pooling=false");
        await slow.OpenAsync(Stopped);
        await using var begin = new NpgsqlCommand("BEGIN; LOCK TABLE trail IN ROW EXCLUSIVE MODE", slow);
        await begin.ExecuteNonQueryAsync(Stopped);

        await using var newer = new PostgresStore(database);
        var saves = new SteadySaves([one], Clock);
        var migrating = Task.CompletedTask;
        await saves.During(async () =>
        {
            migrating = Task.Run(async () => await newer.Migrate(Stopped), Stopped);
            await Task.Delay(3_000, Stopped);
            Assert.False(migrating.IsCompleted);
        }, Stopped);
        Assert.All(saves.Replies, reply => Assert.Null(reply.Refusal));
        TestContext.Current.SendDiagnosticMessage(
            $"{saves.Replies.Count()} saves beside a script that could not get its lock, the longest waited {saves.Longest.TotalMilliseconds:F0} ms");

        await slow.CloseAsync();
        await migrating;
        Assert.True(await newer.IsReady(Stopped));
        Assert.Empty(await newer.FindBroken(Stopped).ToListAsync(Stopped));
    }

    [Fact]
    public async Task An_online_script_runs_outside_of_a_transaction_beside_saves_and_again_from_its_start_when_it_was_cut_short()
    {
        const string Text = """
            -- What an interrupted build leaves is not valid; so it goes first.
            DROP INDEX CONCURRENTLY IF EXISTS attendance_by_owner;
            CREATE INDEX CONCURRENTLY attendance_by_owner ON attendance (tenant, owner);
            """;
        (string, string)[] script = [("0009_owners.online.sql", Text)];
        await using var one = await OpenedBefore();
        var saves = new SteadySaves([one], Clock);
        await saves.During(async () => Assert.Equal(["0009_owners.online.sql"], await Run(script)), Stopped);
        Assert.All(saves.Replies, reply => Assert.Null(reply.Refusal));
        TestContext.Current.SendDiagnosticMessage(
            $"{saves.Replies.Count()} saves beside an index that is built, the longest waited {saves.Longest.TotalMilliseconds:F0} ms");

        await PrivateCluster.Execute(database, """
            UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'attendance_by_owner'::regclass;
            DELETE FROM schema_migration WHERE scriptname LIKE '0009%'
            """);
        Assert.Equal(["0009_owners.online.sql"], await Run(script));
        Assert.Equal(true, await PrivateCluster.Execute(database, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'attendance_by_owner'::regclass"));
        Assert.Empty(await Run(script));
    }

    [Fact]
    public async Task Indexes_of_tables_with_partitions_are_built_beside_saves_and_are_on_all_of_them_in_the_end()
    {
        await using var one = await OpenedBefore();
        var saves = new SteadySaves([one], Clock);
        await using var newer = new PostgresStore(database);
        await saves.During(async () => await newer.Migrate(Stopped), Stopped);
        Assert.All(saves.Replies, reply => Assert.Null(reply.Refusal));
        await AreWhole();

        // Cut short after some: one is there and not valid, one is not there, and a month has come since.
        await PrivateCluster.Execute(database, """
            DROP INDEX command_by_person, trail_without_appointment;
            CREATE INDEX command_by_person ON ONLY command (tenant, person, at);
            CREATE INDEX trail_without_appointment ON ONLY trail (tenant, seq) WHERE appointment IS NULL;
            CREATE INDEX trail_unprepared_without_appointment ON trail_unprepared (tenant, seq) WHERE appointment IS NULL;
            UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'trail_unprepared_without_appointment'::regclass;
            CREATE INDEX command_unprepared_by_person ON command_unprepared (tenant, person, at);
            ALTER INDEX command_by_person ATTACH PARTITION command_unprepared_by_person;
            SELECT prepare_months(now() + interval '8 months');
            DELETE FROM schema_migration WHERE scriptname = '0005_history.online.sql'
            """);
        Assert.Equal(["0005_history.online.sql"], await newer.Migrate(Stopped));
        await PrivateCluster.Execute(database, "SELECT prepare_months(now() + interval '12 months')");
        await AreWhole();

        async Task AreWhole()
        {
            Assert.Equal(0L, await PrivateCluster.Execute(database, """
                SELECT count(*) FROM pg_index WHERE NOT indisvalid
                """));
            Assert.Equal(0L, await PrivateCluster.Execute(database, """
                SELECT count(*) FROM (VALUES ('command', 'command_by_person'), ('trail', 'trail_without_appointment')) k (parent, index)
                JOIN pg_inherits p ON p.inhparent = k.parent::regclass
                WHERE NOT EXISTS (SELECT 1 FROM pg_inherits i JOIN pg_index x ON x.indexrelid = i.inhrelid
                                  WHERE i.inhparent = k.index::regclass AND x.indrelid = p.inhrelid)
                """));
        }
    }

    [Fact]
    public async Task A_script_that_fails_leaves_nothing_and_says_which_it_was()
    {
        var fault = await Assert.ThrowsAsync<InvalidOperationException>(
            () => Run([("0009_wrong.sql", "CREATE TABLE half (a integer); SELECT 1 / 0;")]));
        Assert.Contains("0009_wrong.sql", fault.Message, StringComparison.Ordinal);
        Assert.IsType<DBNull>(await PrivateCluster.Execute(database, "SELECT to_regclass('half')::text"));
        Assert.Equal((long)There.Length, await PrivateCluster.Execute(database, "SELECT count(*) FROM schema_migration"));
    }

    /// <summary>A store whose process began when these scripts were all there were.</summary>
    private async Task<PostgresStore> OpenedBefore()
    {
        var later = string.Join(", ", Schema.Scripts.Select(script => script.Name).Except(There).Select(name => $"('{name}', now())"));
        await PrivateCluster.Execute(database, $"INSERT INTO schema_migration (scriptname, applied) VALUES {later}");
        var store = new PostgresStore(database);
        await using (await store.Read("acme", Stopped))
        {
        }

        await PrivateCluster.Execute(database, $"DELETE FROM schema_migration WHERE scriptname NOT IN ('{string.Join("', '", There)}')");
        return store;
    }

    private async Task<IReadOnlyList<string>> Run(IReadOnlyList<(string, string)> scripts)
    {
        await using var source = Source.Of(database);
        await using var wire = await Wire.Open(source, Stopped);
        return await Schema.Migrate(database, wire, scripts, Stopped);
    }
}
