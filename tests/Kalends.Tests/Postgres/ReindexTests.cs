using Kalends.Storage;
using Kalends.Storage.Postgres;
using Kalends.Tests.Conversations;
using NodaTime;

namespace Kalends.Tests.Postgres;

/// <summary>Indexes that have become half empty are rewritten beside saves, which neither fail nor are lost.</summary>
[Collection(nameof(Alone))]
public sealed class ReindexTests : IAsyncLifetime
{
    private const int Few = 20;

    private static readonly StandingClock Clock = new(Instant.FromUtc(2026, 11, 1, 10, 0));

    private string database = "";

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await PrivateCluster.EmptyDatabase();
        await using var store = new PostgresStore(database);
        await store.Migrate(Stopped);
    }

    public async ValueTask DisposeAsync() => await PrivateCluster.Drop(database);

    [Fact]
    public async Task What_is_half_empty_is_rewritten_while_others_save_and_then_nothing_is_left_to_do()
    {
        await Loosen();
        await using var store = new PostgresStore(database);
        var (saves, said) = (new SteadySaves([store], Clock), new List<string>());
        var before = await Size();
        await saves.During(async () => said = await Indexes.Rewrite(database, Few, Stopped).ToListAsync(Stopped), Stopped);
        Assert.All(saves.Replies, reply => Assert.Null(reply.Refusal));
        Assert.Contains(said, sentence => sentence.Contains("attendance_pkey is", StringComparison.Ordinal) && sentence.EndsWith("full", StringComparison.Ordinal));
        Assert.InRange(await Size(), 1, before / 2);
        Assert.Empty(await Indexes.Rewrite(database, Few, Stopped).ToListAsync(Stopped));
        Assert.Equal(0L, await PrivateCluster.Execute(database, "SELECT count(*) FROM pg_index WHERE NOT indisvalid"));
        await PrivateCluster.Execute(database, "DELETE FROM attendance WHERE tenant = 77; DELETE FROM tenant WHERE key = 77");
        Assert.Empty(await store.FindBroken(Stopped).ToListAsync(Stopped));
        Assert.Empty(await store.Reindex(Stopped).ToListAsync(Stopped));
    }

    [Fact]
    public async Task What_an_interrupted_run_left_goes_and_two_do_not_run_at_once()
    {
        await PrivateCluster.Execute(database, """
            CREATE INDEX attendance_pkey_ccnew ON attendance (tenant);
            UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'attendance_pkey_ccnew'::regclass
            """);
        await Loosen();
        await using var running = Indexes.Rewrite(database, Few, Stopped).GetAsyncEnumerator(Stopped);
        Assert.True(await running.MoveNextAsync());
        Assert.IsType<DBNull>(await PrivateCluster.Execute(database, "SELECT to_regclass('attendance_pkey_ccnew')::text"));
        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await Indexes.Rewrite(database, Few, Stopped).ToListAsync(Stopped));
        Assert.Contains("Another process", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_only_serves_is_told_to_leave_it_to_the_owner()
    {
        await Loosen();
        await using (var store = new PostgresStore(database))
        {
            await store.LetServe(PrivateCluster.ServiceRole, Stopped);
        }

        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(
            async () => await Indexes.Rewrite(PrivateCluster.AsService(database), Few, Stopped).ToListAsync(Stopped));
        Assert.Contains("use the owner's connection", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Rows of a tenant of its own, two in three of which go again.</summary>
    private async Task Loosen()
    {
        await PrivateCluster.Execute(database, """
            INSERT INTO tenant (key, name) OVERRIDING SYSTEM VALUE VALUES (77, 'loose');
            INSERT INTO attendance (start_at, end_at, tenant, calendar, owner, appointment, busy, privacy, all_day)
            SELECT now() + n * interval '1 hour', now() + (n + 1) * interval '1 hour', 77, 1, 1, gen_random_uuid(), 'b', 'p', false FROM generate_series(1, 20000) n;
            DELETE FROM attendance WHERE tenant = 77 AND extract(hour FROM start_at)::int % 3 > 0
            """);
        await PrivateCluster.Execute(database, "VACUUM (ANALYZE) attendance");
    }

    private async Task<long> Size() => (long)(await PrivateCluster.Execute(database, "SELECT pg_relation_size('attendance_pkey')"))!;
}
