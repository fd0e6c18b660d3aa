using System.Globalization;
using Kalends.Appointments;
using Kalends.Storage.Postgres;
using Kalends.Tests.Postgres;
using Kalends.Tests.Processes;
using Kalends.Tests.Storage;
using static Kalends.Tests.Storage.Examples;

namespace Kalends.Tests.Faults;

/// <summary>
/// Connections between server and database are lost at random under load: ended by the database, cut, half-closed, silent by turns. What was
/// acknowledged is there, every answer comes in time, and none of the connections stays behind.
/// </summary>
[Collection(nameof(WholeServers))]
public sealed class LostConnectionTests : IAsyncLifetime
{
    private const int Seed = 20261203;
    private const int Writers = 12;
    private const int PoolSize = 10;

    private string database = "";
    private UnrulyLine line = null!;

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await PrivateCluster.Database();
        line = new(Proxy.PortOf(database));
    }

    public async ValueTask DisposeAsync()
    {
        await line.DisposeAsync();
        await PrivateCluster.Drop(database);
    }

    [Theory]
    [InlineData("terminate")]
    [InlineData("cut")]
    [InlineData("half-close")]
    public async Task Connections_that_end_at_random_lose_nothing_and_leave_nothing_behind(string end)
    {
        var random = new Random(Seed);
        await Meet(end, async savers =>
        {
            for (var time = 0; time < Rounds.Kills * 8; time++)
            {
                await Task.Delay(random.Next(20, 120), Stopped);
                if (end == "terminate")
                {
                    await PrivateCluster.Execute(database, """
                        SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                        WHERE datname = current_database() AND application_name = 'kalends' AND random() < 0.5
                        """);
                }
                else if (end == "cut")
                {
                    line.Cut(random);
                }
                else
                {
                    line.HalfClose();
                }
            }
        });
    }

    [Fact]
    public async Task A_session_whose_undoing_is_cut_off_was_undone_and_gives_its_place_back()
    {
        await using var failing = new FailingStatements(Proxy.PortOf(database)) { LosesRollbacks = true };
        await using var store = new PostgresStore($"{failing.To(database)};Maximum Pool Size=2;Timeout=2");
        for (var round = 0; round < 6; round++)
        {
            await using var session = await store.Write("acme", Stopped);
            await session.Create(Booking(1, await session.Key(Ana), 0, Hour));
            await session.Rows<IAppointmentRows>().Count();
        }

        Assert.Empty(await store.Tenants(Stopped));
        Assert.Equal(6, failing.LostRollbacks);
        failing.LosesRollbacks = false;
        await using var reading = await store.Read("acme", Stopped);
        await using var writing = await store.Write("acme", Stopped);
        await writing.Key(Ana);
        await writing.Commit(Stopped);
    }

    private async Task Meet(string what, Func<Savers, Task> fault)
    {
        using var folder = new KalendsFolder { HasWorkers = false, Store = $"{line.To(database)};Maximum Pool Size={PoolSize}" };
        await using var server = await KalendsProcess.Start(folder);
        var savers = new Savers(Writers, Seed);
        await savers.Meanwhile(server, Writers * 4, () => fault(savers));
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {Seed}: {what}");
        using var direct = new KalendsFolder { Store = database };
        await savers.Check(direct, server);
        Assert.Equal(0, savers.Unanswered);
        Assert.True(savers.Refused > 0, $"nobody met it: {savers}");
        var left = (long)(await PrivateCluster.Execute(database, """
            SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'kalends'
            """))!;
        Assert.InRange(left, 1, PoolSize);
        Assert.True(line.Connections <= PoolSize, string.Create(CultureInfo.InvariantCulture, $"{line.Connections} connections on the line"));
    }
}
