using Kalends.Tests.Processes;

namespace Kalends.Tests.Faults;

/// <summary>The server on PostgreSQL is killed without warning under load, again and again, and another takes its place.</summary>
[Collection(nameof(WholeServers))]
public sealed class KilledServerTests
{
    private const int Seed = 20261201;
    private const int Writers = 6;

    [Fact]
    public async Task Nothing_acknowledged_is_lost_when_the_server_on_PostgreSQL_is_killed()
    {
        await using var cluster = await MortalCluster.Start();
        using var folder = new KalendsFolder { Store = cluster.Database };
        var savers = new Savers(Writers, Seed);
        var delays = new Random(Seed);
        for (var round = 0; round < Rounds.Kills; round++)
        {
            await using var server = await KalendsProcess.Start(folder);
            var running = savers.Run(server, TestContext.Current.CancellationToken);
            await savers.Until(Writers * 4);
            await Task.Delay(delays.Next(0, 200), TestContext.Current.CancellationToken);
            server.Kill();
            await running;
        }

        await using var last = await KalendsProcess.Start(folder);
        await savers.Meanwhile(last, Writers, () => Task.CompletedTask);
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {Seed}, {Rounds.Kills} rounds");
        await savers.Check(folder, last);
        Assert.Equal(0, savers.Refused);
    }
}
