using Kalends.Audit;
using Kalends.Schedules;
using Kalends.Storage;
using Kalends.Tests.Conversations;
using NodaTime;

namespace Kalends.Tests.Audit;

/// <summary>What is older than the setting says is dropped by the schedule of every day, and nothing where it says nothing.</summary>
public sealed class TrimmingServiceTests
{
    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(90, 1)]
    [InlineData(100, 0)]
    [InlineData(null, 0)]
    public async Task What_is_older_than_the_setting_is_dropped_by_the_housekeeping(int? days, long dropped)
    {
        await using var desk = await Desk.Open();
        await desk.Save("""{"start":"2026-11-23T09:00:00","timeZone":"UTC","duration":"PT1H"}""");
        await Chain.SealWhole(desk.Store, "acme");
        desk.Clock.Now += Duration.FromDays(99);
        var said = await new Housekeeping(desk.Store, days).Run(desk.Clock.Now, Stopped);
        Assert.StartsWith($"dropped {dropped} trail entries", said, StringComparison.Ordinal);
        await using var session = await desk.Store.Read("acme", Stopped);
        Assert.Equal(1 - dropped, await session.Rows<ISealRows>().Count(long.MaxValue));
        Assert.Empty((await Chain.Of(desk.Store, "acme")).Findings);
    }
}
