using System.Net;
using Kalends.Tests.Processes;

namespace Kalends.Tests.Faults;

/// <summary>
/// The database's disk fills up under load: on a small file system in memory where one may be mounted, and in any case by a limit on the size of
/// the database's files, which it meets in the same way.
/// </summary>
[Collection(nameof(WholeServers))]
public sealed class FullDiskTests
{
    private const int Seed = 20261205;
    private const int Writers = 6;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_writes_to_a_full_disk_is_told_so_and_who_reads_is_served_until_there_is_space(bool mount)
    {
        await using var cluster = await MortalCluster.Start(Disk.SmallForData, mount);
        using var folder = new KalendsFolder { Store = cluster.Database };
        await using var server = await KalendsProcess.Start(folder);
        var savers = new Savers(Writers, Seed);
        await savers.Meanwhile(server, Writers * 2, async () =>
        {
            await savers.Until(Writers);
            await cluster.Fill();
            await savers.UntilRefused(Writers * 4);
            for (var reading = 0; reading < 20; reading++)
            {
                var (status, body) = await server.Post("queries/get-appointments", """
                    {"timespan":{"from":"2026-11-23T00:00:00Z","to":"2026-11-24T00:00:00Z"},"attendees":["user:w0"]}
                    """, "user:w0");
                Assert.True(status == HttpStatusCode.OK, body?.ToJsonString());
            }

            await cluster.Free();
        });
        await Check(savers, folder, server, cluster);
        Assert.Contains("The disk of the database is full", savers.Reasons, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_cannot_write_its_log_stops_and_has_kept_what_it_acknowledged()
    {
        await using var cluster = await MortalCluster.Start(Disk.SmallForLog);
        using var folder = new KalendsFolder { Store = cluster.Database };
        await using var server = await KalendsProcess.Start(folder);
        var savers = new Savers(Writers, Seed);
        await savers.Meanwhile(server, Writers * 2, async () =>
        {
            await savers.Until(Writers);
            await cluster.Fill();
            await savers.UntilRefused(Writers * 4);
            await cluster.Free();
            // Where it could not even recover, it has ended by itself.
            await cluster.StopAtOnce();
            await cluster.Start();
        });
        await Check(savers, folder, server, cluster);
    }

    private static async Task Check(Savers savers, KalendsFolder folder, KalendsProcess server, MortalCluster cluster)
    {
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {Seed}, small by {cluster.MadeOf}");
        await savers.Check(folder, server);
        Assert.Equal(0, savers.Unanswered);
        Assert.True(savers.LongestAnswer < TimeSpan.FromSeconds(20), $"{savers}");
    }
}
