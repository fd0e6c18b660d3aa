using Kalends.Storage;

namespace Kalends.Tests.CommandLine;

/// <summary>What an operator sees of schedules, and has done now.</summary>
public sealed class SchedulesVerbTests : IDisposable
{
    private readonly Terminal terminal = new();

    public void Dispose() => terminal.Dispose();

    [Fact]
    public async Task They_are_listed_before_and_after_a_worker_came_and_run_on_demand()
    {
        await using (var store = StoreChoice.Of(terminal.Store).Open())
        {
            await store.Migrate(TestContext.Current.CancellationToken);
        }

        Assert.Matches(@"housekeeping +\| FREQ=DAILY;BYHOUR=3;BYMINUTE=10 +\| UTC +\| once a worker has come", (await terminal.Run("schedules")).Out);
        var run = await terminal.Run("schedules", "run", "housekeeping");
        Assert.Equal(0, run.Code);
        Assert.Contains("""{"name":"housekeeping"}""", (await terminal.Run("queue", "peek")).Out, StringComparison.Ordinal);
        var unknown = await terminal.Run("schedules", "run", "nothing");
        Assert.Equal(1, unknown.Code);
        Assert.Contains("update-occurrences", unknown.Error, StringComparison.Ordinal);
        Assert.Equal(1, (await terminal.Run("schedules", "--set", "Kalends:Schedules:Zone=Mars/Olympus")).Code);
    }
}
