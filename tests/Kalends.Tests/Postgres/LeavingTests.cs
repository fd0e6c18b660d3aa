using Kalends.Tests.Http;
using Kalends.Tests.Processes;
using Npgsql;

namespace Kalends.Tests.Postgres;

/// <summary>Whoever closes the connection of a stream stops what PostgreSQL does for them.</summary>
public sealed class LeavingTests
{
    private const string WaitingSql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND wait_event_type = 'Lock'";

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_statement_of_who_leaves_is_cancelled()
    {
        var database = await PrivateCluster.Database();
        using var folder = new KalendsFolder { Store = database, HasCache = false };
        await using (var store = Kalends.Storage.StoreChoice.Of(database).Open())
        {
            await store.Migrate(Stopped);
        }

        await using (var kalends = await KalendsProcess.Start(folder))
        {
            await using var source = NpgsqlDataSource.Create(database);
            var (status, saved, _) = await kalends.Ask(
                "commands/save-appointments", """{"appointments":[{"start":"2026-11-25T09:00:00","timeZone":"UTC","duration":"PT1H"}]}""", "user:ana");
            Assert.True(status == System.Net.HttpStatusCode.OK, $"{saved}");
            await using var blocking = await source.OpenConnectionAsync(Stopped);
            await using var transaction = await blocking.BeginTransactionAsync(Stopped);
            await Run(blocking, "LOCK TABLE attendance, appointment IN ACCESS EXCLUSIVE MODE");
            kalends.Client.DefaultRequestHeaders.Authorization = new("Bearer", folder.Token("user:ana"));
            using (var leaving = new CancellationTokenSource())
            {
                using var request = new HttpRequestMessage(
                    HttpMethod.Get, "/v1/queries/get-appointments?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z&attendees=user:ana");
                request.Headers.Accept.ParseAdd("text/event-stream");
                var asked = kalends.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leaving.Token);
                Assert.Equal(1, await Waiting(source, until: 1));
                await leaving.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
            }

            // The lock is held still, so it has not ended by itself.
            Assert.Equal(0, await Waiting(source, until: 0));
            await transaction.RollbackAsync(Stopped);
        }

        await PrivateCluster.Drop(database);
    }

    private static async Task<long> Waiting(NpgsqlDataSource source, long until)
    {
        for (var attempt = 0; ; attempt++)
        {
            await using var command = source.CreateCommand(WaitingSql);
            var waiting = (long)(await command.ExecuteScalarAsync(Stopped))!;
            if (waiting == until || attempt == 100)
            {
                return waiting;
            }

            await Task.Delay(50, Stopped);
        }
    }

    private static async Task Run(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Stopped);
    }
}
