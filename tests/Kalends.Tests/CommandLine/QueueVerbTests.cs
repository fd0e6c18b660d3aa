using System.Globalization;
using Kalends.Queue;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Tests.CommandLine;

/// <summary>What an operator sees of the queues, and does about dead letters.</summary>
public sealed class QueueVerbTests : IDisposable
{
    private static readonly Instant Now = Instant.FromUtc(2026, 11, 23, 12, 0);

    private readonly Terminal terminal = new();

    public void Dispose() => terminal.Dispose();

    [Fact]
    public async Task Messages_are_counted_shown_requeued_and_deleted()
    {
        var dead = await Fill();
        var list = await terminal.Run("queue", "list");
        Assert.Equal((0, ""), (list.Code, list.Error));
        Assert.Matches(@"letters +\| note +\| 1 +\| 0 +\| 0 +\| 1 ", list.Out);
        Assert.DoesNotContain("letters", (await terminal.Run("queue", "list", "--tenant", "globex")).Out, StringComparison.Ordinal);
        Assert.Contains("second", (await terminal.Run("queue", "peek")).Out, StringComparison.Ordinal);
        var peeked = (await terminal.Run("queue", "peek", "--dead")).Out;
        Assert.Matches($@"{dead} +\| acme +\| letters +\| note .*it was poison +\| ""first""", peeked);
        Assert.DoesNotContain("second", peeked, StringComparison.Ordinal);

        Assert.Contains("1 requeued", (await terminal.Run("queue", "requeue", dead)).Error, StringComparison.Ordinal);
        Assert.Matches(@"letters +\| note +\| \d +\| \d +\| 0 +\| 0 ", (await terminal.Run("queue", "list")).Out);
        Assert.Contains("1 deleted", (await terminal.Run("queue", "delete", dead)).Error, StringComparison.Ordinal);
        Assert.Equal(0, (await terminal.Run("queue", "requeue", "--all-dead")).Code);
    }

    [Fact]
    public async Task What_is_not_there_is_said_and_what_cannot_be_meant_is_bad_usage()
    {
        await Fill();
        Assert.Equal(1, (await terminal.Run("queue", "requeue", "999")).Code);
        Assert.Equal(1, (await terminal.Run("queue", "delete", "999")).Code);
        Assert.Contains("there is no tenant nobody", (await terminal.Run("queue", "list", "--tenant", "nobody")).Error, StringComparison.Ordinal);
        Assert.Equal(2, (await terminal.Run("queue", "requeue")).Code);
        Assert.Equal(2, (await terminal.Run("queue", "requeue", "1", "--all-dead")).Code);
        Assert.Equal(2, (await terminal.Run("queue", "delete")).Code);
        Assert.Equal(2, (await terminal.Run("work", "--workers", "1000")).Code);
    }

    /// <summary>A message that waits and a dead letter, whose id is the answer.</summary>
    private async Task<string> Fill()
    {
        var stopped = TestContext.Current.CancellationToken;
        await using var store = StoreChoice.Of(terminal.Store).Open();
        await store.Migrate(stopped);
        foreach (var (tenant, bodies) in new[] { ("acme", new[] { "first", "second" }), ("globex", []) })
        {
            await using var session = await store.Write(tenant, stopped);
            foreach (var body in bodies)
            {
                await session.Rows<IQueueWrites>().Send(
                    new("letters", "note", System.Text.Encoding.UTF8.GetBytes($"\"{body}\""), Now + Duration.FromDays(9_999)), Now - Duration.FromDays(365));
            }

            await session.Commit(stopped);
        }

        var taken = (await store.Queue.Take(new("letters", 1, Duration.FromMinutes(1)), Now, stopped)).Messages.Single();
        await using var shelving = await store.Write("acme", stopped);
        Assert.True(await shelving.Rows<IQueueWrites>().Bury(taken.Lease, "it was poison", Now));
        await shelving.Commit(stopped);
        return taken.Lease.Message.ToString(CultureInfo.InvariantCulture);
    }
}
