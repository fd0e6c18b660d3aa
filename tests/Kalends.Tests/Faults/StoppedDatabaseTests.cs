using System.Net;
using Kalends.Tests.Processes;

namespace Kalends.Tests.Faults;

/// <summary>
/// The database stops under load and comes back, again and again, while the server stays: in the middle of everything, by a kill of all its
/// processes, and as an operator restarts it.
/// </summary>
[Collection(nameof(WholeServers))]
public sealed class StoppedDatabaseTests
{
    private const int Seed = 20261202;
    private const int Writers = 8;

    /// <summary>A connection that is refused or reset is told at once; the rest is a machine that is busy starting a database.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(8);

    [Fact]
    public async Task What_was_acknowledged_outlives_the_database_and_work_goes_on_without_a_restart()
    {
        await using var cluster = await MortalCluster.Start();
        using var folder = new KalendsFolder { Store = cluster.Database };
        await using var server = await KalendsProcess.Start(folder);
        var savers = new Savers(Writers, Seed);
        var delays = new Random(Seed);
        Func<Task>[] ends = [cluster.StopAtOnce, cluster.Kill, cluster.Stop];
        for (var round = 0; round < Rounds.Kills * ends.Length; round++)
        {
            await savers.Meanwhile(server, Writers * 2, async () =>
            {
                await savers.Until(Writers * 2);
                await Task.Delay(delays.Next(0, 100), TestContext.Current.CancellationToken);
                await ends[round % ends.Length]();
                var (status, body, retryAfter) = await server.Ask("queries/get-calendars", "{}", "user:ana");
                Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable", 1.0), (status, (string)body!["code"]!, retryAfter));
                await Task.Delay(delays.Next(0, 400), TestContext.Current.CancellationToken);
                await cluster.Start();
            });
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"seed {Seed}, {Rounds.Kills} rounds of each");
        await savers.Check(folder, server);
        Assert.True(savers.Refused >= Rounds.Kills, $"hardly anybody met the outage: {savers}");
        Assert.Equal(0, savers.Unanswered);
        Assert.True(savers.LongestAnswer < Longest, $"{savers}");
    }
}
