using Kalends.Publications;
using Kalends.Storage.Postgres;
using Kalends.Tests.Postgres;
using Kalends.Tests.Storage;
using Npgsql;
using static Kalends.Tests.Storage.Examples;

namespace Kalends.Tests.Publications;

/// <summary>On PostgreSQL the order of numbers is not the order of commits: what was given a number early and commits late is not skipped.</summary>
public sealed class SlowTransactionTests : IAsyncLifetime
{
    private const string Tenant = "acme";

    private string database = "";
    private PostgresStore store = null!;

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => store = new(database = await PrivateCluster.Database());

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        await PrivateCluster.Drop(database);
    }

    [Fact]
    public async Task What_has_a_lower_number_and_commits_later_is_waited_for()
    {
        await Write(1);
        var start = await Until(0, null, 1);
        await using var slow = await store.Write(Tenant, Stopped);
        await slow.Create(Booking(2, await slow.Key(Room), 0, Hour));
        await Write(3);
        var (page, place) = (await Read(start.Through, null), start.Through);
        for (var attempt = 0; attempt < 5; attempt++)
        {
            Assert.Empty(page.Entries);
            Assert.Equal(place, page.Through);
            page = await Read(place, page.Mark);
        }

        await slow.Commit(Stopped);
        var told = await Until(place, page.Mark, 2);
        Assert.Equal([Id(2), Id(3)], told.Entries.Select(entry => entry.Entry!.Appointment!.Value));
    }

    [Fact]
    public async Task What_is_undone_is_waited_for_no_longer()
    {
        await Write(1);
        var start = await Until(0, null, 1);
        FeedPage page;
        await using (var slow = await store.Write(Tenant, Stopped))
        {
            await slow.Create(Booking(2, await slow.Key(Room), 0, Hour));
            await Write(3);
            page = await Read(start.Through, null);
            Assert.Empty(page.Entries);
        }

        Assert.Equal([Id(3)], (await Until(start.Through, page.Mark, 1)).Entries.Select(entry => entry.Entry!.Appointment!.Value));
    }

    [Fact]
    public async Task Who_began_late_and_is_not_over_is_waited_for_though_no_snapshot_counts_them()
    {
        // The last transaction that is over is older than the one that runs, so a snapshot's own upper end is the one that runs.
        await Write(1);
        var start = await Until(0, null, 1);
        await using var older = await store.Write(Tenant, Stopped);
        var ana = await older.Key(Ana);
        await using var younger = await store.Write(Tenant, Stopped);
        await younger.Create(Booking(2, await younger.Key(Room), 0, Hour));
        await older.Create(Booking(3, ana, 0, Hour));
        await older.Commit(Stopped);
        var page = await Read(start.Through, null);
        Assert.Empty(page.Entries);
        page = await Read(start.Through, page.Mark);
        Assert.Empty(page.Entries);
        await younger.Commit(Stopped);
        var told = await Until(start.Through, page.Mark, 2);
        Assert.Equal([Id(2), Id(3)], told.Entries.Select(entry => entry.Entry!.Appointment!.Value));
    }

    [Fact]
    public async Task A_look_that_finds_nothing_reads_indexes_alone_though_there_are_months_of_it()
    {
        await Write(1);
        await PrivateCluster.Execute(database, "SELECT prepare_months(now() + interval '3 months', 100, now() - interval '12 months')");
        await PrivateCluster.Execute(database, """
            INSERT INTO outbox (time, tenant, id, type, subject, data)
            SELECT now() - n * interval '1 minute', 1, gen_random_uuid(), 'x', '019ab0c2-0000-7000-8000-000000000001', '{}' FROM generate_series(1, 20000) n
            """);
        await PrivateCluster.Execute(database, "ANALYZE outbox");
        var now = await Until(IPublicationRows.Unknown, null, 0);
        var before = await Scans();
        for (var look = 0; look < 5; look++)
        {
            Assert.Empty((await Read(now.Through, null)).Entries);
        }

        Assert.Equal(before, await Scans());
    }

    /// <summary>Rows of the outbox that were read one after the other.</summary>
    private async Task<long> Scans()
    {
        await Task.Delay(20, Stopped);
        NpgsqlConnection.ClearAllPools();
        return (long)(await PrivateCluster.Execute(database, """
            SELECT coalesce(sum(seq_tup_read), 0)::bigint FROM pg_stat_user_tables WHERE relname LIKE 'outbox%'
            """))!;
    }

    private async Task<FeedPage> Until(long after, FeedMark? mark, int count)
    {
        for (var attempt = 0; ; attempt++)
        {
            var page = await Read(after, mark);
            if (page.Entries.Count == count && page.Mark is null)
            {
                return page;
            }

            Assert.True(attempt < 1_000, $"{page.Entries.Count} came and {count} should have");
            mark = page.Mark;
            await Task.Delay(5, Stopped);
        }
    }

    private async Task<FeedPage> Read(long after, FeedMark? mark)
    {
        await using var session = await store.Read(Tenant, Stopped);
        return await session.Rows<IPublicationRows>().Read(after, mark, after < 0 ? 0 : 10);
    }

    private async Task Write(int number)
    {
        await using var session = await store.Write(Tenant, Stopped);
        await session.Create(Booking(number, await session.Key(Ana), 0, Hour));
        await session.Commit(Stopped);
    }
}
