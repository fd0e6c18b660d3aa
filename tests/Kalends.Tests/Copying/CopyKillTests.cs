using System.Text.Json;
using System.Text.Json.Nodes;
using Kalends.Tests.CommandLine;
using Kalends.Tests.Postgres;

namespace Kalends.Tests.Copying;

/// <summary>A copy that is killed without warning, again and again, goes on where it was and comes to the same.</summary>
public sealed class CopyKillTests
{
    private const int Kills = 8;

    /// <summary>A machine under load may see a copy end between two looks.</summary>
    private const int FewestKills = 3;

    private static readonly Dictionary<string, string> Nothing = [];

    [Fact]
    public async Task Killed_again_and_again_it_comes_to_the_same()
    {
        using var terminal = new Terminal();
        Assert.Equal(0, (await terminal.Run("seed", "--people", "60", "--days", "60", "--from", "2026-11-23")).Code);
        var database = await PrivateCluster.EmptyDatabase();
        var copied = new List<long>();
        while (copied.Count < Kills)
        {
            using var process = terminal.Begin(Nothing, "copy", "--from", "sqlite:" + terminal.Store, "--to", "postgres:" + database);
            // In the middle of what comes after something was done that no process before had done.
            var before = copied.LastOrDefault(-1);
            while (!process.HasExited && await Copied(database) <= before)
            {
                await Task.Delay(2, TestContext.Current.CancellationToken);
            }

            if (process.HasExited)
            {
                break;
            }

            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            if (await Copied(database) is >= 0 and var now)
            {
                Assert.Equal(1, (await CopyCommand.Run("verify", "--store", database)).Code);
                copied.Add(now);
            }
        }

        // Each went on after what the one before had done.
        Assert.Equal(copied.Order(), copied);
        Assert.InRange(copied.Distinct().Count(), FewestKills, Kills);
        var done = await terminal.Start(Nothing, "copy", "--from", "sqlite:" + terminal.Store, "--to", "postgres:" + database);
        Assert.True(done.Code == 0, done.Error);
        Assert.DoesNotContain("DIFFERS", done.Out, StringComparison.Ordinal);
        var verified = await CopyCommand.Run("verify", "--store", database);
        Assert.True(verified.Code == 0, verified.Out);
        await PrivateCluster.Drop(database);
    }

    /// <summary>How many rows the target says it has, -1 before it says so.</summary>
    private static async Task<long> Copied(string database)
    {
        if (await PrivateCluster.Execute(database, "SELECT to_regclass('meta')::text") is not string
            || await PrivateCluster.Execute(database, "SELECT value FROM meta WHERE name = 'copying'") is not string mark)
        {
            return -1;
        }

        return JsonNode.Parse(mark)!["Done"]!.AsObject().Sum(pair => pair.Value!.GetValue<long>());
    }
}
