using System.Diagnostics;
using Kalends.Storage;
using Kalends.Storage.Postgres;
using Kalends.Tests.Storage;
using Npgsql;
using static Kalends.Tests.Storage.Examples;

namespace Kalends.Tests.Postgres;

/// <summary>What the world can do to a PostgreSQL: each comes as <see cref="StoreUnavailableException"/> that says what to do, in bounded time.</summary>
public sealed class PostgresFaultTests : IAsyncLifetime
{
    private string database = "";
    private PostgresStore store = null!;

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => store = new(database = await PrivateCluster.Database());

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        await PrivateCluster.Drop(database);
    }

    [Theory]
    [InlineData("Database=nowhere", "There is no such database")]
    [InlineData("Username=nobody", "does not let this program in")]
    [InlineData("Port=1", "cannot be reached")]
    public async Task What_a_wrong_connection_string_leads_to_is_said(string wrong, string sentence)
    {
        await using var other = new PostgresStore($"{database};{wrong}");
        Assert.False(await other.IsReady(Stopped));
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await other.Read("acme", Stopped));
        Assert.Contains(sentence, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_waits_too_long_for_a_lock_is_told_to_try_again()
    {
        await using var impatient = new PostgresStore($"{database};Options=-c lock_timeout=200");
        await using var holder = await store.Write("acme", Stopped);
        await holder.Key(Ana);
        await holder.Commit(Stopped);
        await using var again = await store.Write("acme", Stopped);
        await again.Key(Ana);
        await using var waiter = await impatient.Write("acme", Stopped);
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await waiter.Key(Ana));
        Assert.Contains("wait to change the same calendars", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_statement_that_fails_after_its_first_rows_leaves_a_connection_that_works()
    {
        await using (var setting = await store.Write("acme", Stopped))
        {
            await setting.Key(Ana);
            await setting.Key(Ben);
            await setting.Commit(Stopped);
        }

        // One connection, which is just about to keep its statements prepared.
        await using var impatient = new PostgresStore($"{database};Maximum Pool Size=1;Options=-c lock_timeout=200");
        for (var round = 0; round < 3; round++)
        {
            await using (var holder = await store.Write("acme", Stopped))
            {
                await holder.Key(Ben);
                await using var waiter = await impatient.Write("acme", Stopped);
                await Assert.ThrowsAsync<StoreUnavailableException>(async () => await waiter.Rows<ICalendarWrites>().Lock([Ana, Ben]));
            }

            await using var next = await impatient.Write("acme", Stopped);
            Assert.Equal(2, (await next.Rows<ICalendarWrites>().Lock([Ana, Ben])).Count);
            await next.Create(Booking(round, await next.Key(Ana), 0, Hour));
            await next.Commit(Stopped);
        }
    }

    [Fact]
    public async Task Timeouts_hold_where_the_connection_string_says_nothing_and_what_it_says_holds()
    {
        const string Asking = "SELECT current_setting('lock_timeout') || ' ' || current_setting('statement_timeout') || ' ' || current_setting('application_name')";
        Assert.Equal("10s 15s kalends", await Ask(Source.Of(database)));
        Assert.Equal("0 0 mine", await Ask(Source.Of($"{database};Options=-c lock_timeout=0;Application Name=mine")));

        static async Task<object?> Ask(NpgsqlDataSource source)
        {
            await using (source)
            {
                await using var command = source.CreateCommand(Asking);
                return await command.ExecuteScalarAsync(Stopped);
            }
        }
    }

    [Fact]
    public async Task Connections_that_are_cut_lose_what_was_open_and_the_next_session_works()
    {
        await using (var session = await store.Write("acme", Stopped))
        {
            var ana = await session.Key(Ana);
            await PrivateCluster.Execute(database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
            await Assert.ThrowsAsync<StoreUnavailableException>(async () => await session.Create(Booking(1, ana, 0, Hour)));
        }

        Assert.True(await store.IsReady(Stopped));
        Assert.Empty(await store.Tenants(Stopped));
        await using var next = await store.Write("acme", Stopped);
        await next.Create(Booking(1, await next.Key(Ana), 0, Hour));
        await next.Commit(Stopped);
    }

    [Fact]
    public async Task A_connection_that_is_lost_while_it_commits_leaves_the_outcome_open_and_says_so()
    {
        await using var session = await store.Write("acme", Stopped);
        await session.Create(Booking(1, await session.Key(Ana), 0, Hour));
        await PrivateCluster.Execute(database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await session.Commit(Stopped));
    }

    [Fact]
    public async Task Migration_and_verification_take_as_long_as_they_must()
    {
        const long MigrationLock = 0x4B_61_6C_65_6E_64_73;
        var empty = await PrivateCluster.EmptyDatabase();
        await using var hasty = new PostgresStore($"{empty};Command Timeout=1");
        await using (var holder = new NpgsqlConnection($"{empty};Pooling=false"))
        {
            await holder.OpenAsync(Stopped);
            await Hold($"SELECT pg_advisory_lock({MigrationLock})");
            await Hold("BEGIN; CREATE TABLE meta ()");
            var migrating = Task.Run(async () => await hasty.Migrate(Stopped), Stopped);
            await Task.Delay(1_500, Stopped);
            Assert.False(migrating.IsCompleted);
            await Hold($"SELECT pg_advisory_unlock({MigrationLock})");
            await Task.Delay(1_500, Stopped);
            Assert.False(migrating.IsCompleted);
            await Hold("ROLLBACK");
            Assert.NotEmpty(await migrating);

            await Hold("BEGIN; LOCK TABLE trail IN ACCESS EXCLUSIVE MODE");
            var verifying = Task.Run(async () => await hasty.FindBroken(Stopped).ToListAsync(Stopped), Stopped);
            await Task.Delay(1_500, Stopped);
            Assert.False(verifying.IsCompleted);
            await Hold("ROLLBACK");
            Assert.Empty(await verifying);

            async Task Hold(string sql)
            {
                await using var command = new NpgsqlCommand(sql, holder);
                await command.ExecuteNonQueryAsync(Stopped);
            }
        }

        await hasty.DisposeAsync();
        await PrivateCluster.Drop(empty);
    }

    [Fact]
    public async Task Sessions_left_in_the_middle_give_their_connections_back()
    {
        await using var small = new PostgresStore($"{database};Maximum Pool Size=2;Timeout=3");
        for (var round = 0; round < 20; round++)
        {
            await using var writing = await small.Write("acme", Stopped);
            await writing.Key(Ana);
            await using var reading = await small.Read("acme", Stopped);
            await reading.Rows<ICalendarRows>().Page(null, null, 10);
        }

        await using var one = await small.Read("acme", Stopped);
        await using var two = await small.Read("acme", Stopped);
        var began = Stopwatch.GetTimestamp();
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await small.Read("acme", Stopped));
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 1, 10);
    }

    [Fact]
    public async Task Sessions_whose_connection_is_lost_as_they_end_have_read_what_they_read_and_give_it_back()
    {
        await using var small = new PostgresStore($"{database};Maximum Pool Size=2;Timeout=3");
        for (var round = 0; round < 6; round++)
        {
            await using var writing = await small.Write("acme", Stopped);
            await writing.Key(Ana);
            await using var reading = await small.Read("acme", Stopped);
            Assert.Empty(await reading.Rows<ICalendarRows>().Page(null, null, 10));
            await PrivateCluster.Execute(database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
        }
    }

    [Fact]
    public async Task A_database_of_a_newer_program_is_refused()
    {
        await PrivateCluster.Execute(database, "INSERT INTO schema_migration (scriptname, applied) VALUES ('9999_tomorrow.sql', now())");
        Assert.False(await store.IsReady(Stopped));
        foreach (var attempt in new Func<Task>[]
        {
            async () => await store.Migrate(Stopped), async () => await store.Read("acme", Stopped), async () => await store.Write("acme", Stopped),
        })
        {
            var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(attempt);
            Assert.Contains("written by a newer Kalends", refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Processes_that_start_at_once_migrate_once()
    {
        var empty = await PrivateCluster.EmptyDatabase();
        var stores = Enumerable.Range(0, 4).Select(_ => new PostgresStore(empty)).ToList();
        var ran = await Task.WhenAll(stores.Select(one => Task.Run(async () => await one.Migrate(Stopped))));
        Assert.Single(ran, scripts => scripts.Count > 0);
        foreach (var one in stores)
        {
            Assert.True(await one.IsReady(Stopped));
            await one.DisposeAsync();
        }

        await PrivateCluster.Drop(empty);
    }
}
