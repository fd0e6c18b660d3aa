using Kalends.Storage;
using Kalends.Storage.Postgres;
using Kalends.Tests.Storage;
using static Kalends.Tests.Storage.Examples;

namespace Kalends.Tests.Postgres;

/// <summary>Positions on PostgreSQL, held against the write-ahead log itself.</summary>
public sealed class PostgresPositionTests : IAsyncLifetime
{
    private string database = "";

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => database = await PrivateCluster.Database();

    public async ValueTask DisposeAsync() => await PrivateCluster.Drop(database);

    [Theory]
    [InlineData("on")]
    [InlineData("local")]
    [InlineData("off")]
    public async Task What_a_commit_answers_is_past_its_record_in_the_log(string synchronousCommit)
    {
        await PrivateCluster.Execute(database, "CREATE EXTENSION IF NOT EXISTS pg_walinspect");
        await using var store = new PostgresStore($"{database};Options=-c synchronous_commit={synchronousCommit}");
        for (var number = 1; number <= 20; number++)
        {
            var before = await Ask("SELECT pg_current_wal_insert_lsn()::text");
            Position committed;
            await using (var session = await store.Write("acme", Stopped))
            {
                await session.Create(Booking(number, await session.Key(Ana), 0, Hour));
                committed = await session.Commit(Stopped);
            }

            // Brings the log to the disk, where it can be read.
            await PrivateCluster.Execute(database, $"SET synchronous_commit = on; CREATE TABLE flushed_{number} ()");
            var end = await Ask($"""
                SELECT max(end_lsn)::text FROM pg_get_wal_records_info('{before}', pg_current_wal_flush_lsn())
                WHERE resource_manager = 'Transaction' AND record_type LIKE 'COMMIT%' AND xid::text::bigint = (SELECT max(xmin::text::bigint) FROM command)
                """);
            Assert.True(Number(end) <= committed.Number, $"the commit ends at {end}, its position is {committed}");
            await using var reading = await store.Read("acme", Stopped);
            Assert.True(await reading.Covers(committed));
        }
    }

    /// <summary>A process that does not wait for the disk may answer what another, which does, has not seen on it yet.</summary>
    [Fact]
    public async Task A_position_of_a_commit_that_is_not_on_the_disk_yet_is_none_of_the_future()
    {
        await using var quick = new PostgresStore($"{database};Options=-c synchronous_commit=off");
        await using var careful = new PostgresStore($"{database};Options=-c synchronous_commit=on");
        for (var number = 1; number <= 50; number++)
        {
            await using var session = await quick.Write("acme", Stopped);
            var committed = await session.Commit(Command(), [], [], Stopped);
            await using var reading = await careful.Read("acme", Stopped);
            Assert.True(await reading.Covers(committed));
        }
    }

    [Fact]
    public async Task Where_a_commit_was_done_and_its_position_cannot_be_had_it_is_not_said_that_nothing_was_kept()
    {
        await PrivateCluster.Execute(database, """
            CREATE FUNCTION public.pg_is_in_recovery() RETURNS boolean LANGUAGE plpgsql AS
            $$ BEGIN RAISE 'full' USING ERRCODE = 'disk_full'; END $$
            """);
        await using var failing = new PostgresStore($"{database};Options=-c search_path=public,pg_catalog");
        await using var session = await failing.Write("acme", Stopped);
        await session.Create(Booking(1, await session.Key(Ana), 0, Hour));
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await session.Commit(Stopped));
        Assert.Contains("may have kept this or not", refusal.Message, StringComparison.Ordinal);

        await using var store = new PostgresStore(database);
        await using var reading = await store.Read("acme", Stopped);
        Assert.Equal(1, await reading.Rows<Appointments.IAppointmentRows>().Count());
    }

    private async Task<string> Ask(string sql) => (string)(await PrivateCluster.Execute(database, sql))!;

    private static ulong Number(string place) =>
        place.Split('/') is [var high, var low] ? (Convert.ToUInt64(high, 16) << 32) | Convert.ToUInt64(low, 16) : throw new FormatException(place);
}
