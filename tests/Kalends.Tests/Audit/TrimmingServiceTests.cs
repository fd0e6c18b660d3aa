using Kalends.Audit;
using Kalends.Server.Http;
using Kalends.Storage;
using Kalends.Tests.Conversations;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;

namespace Kalends.Tests.Audit;

/// <summary>A server drops what is older than its setting says, by itself, and nothing where it says nothing.</summary>
public sealed class TrimmingServiceTests
{
    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(90, 1)]
    [InlineData(100, 0)]
    [InlineData(null, 0)]
    public async Task What_is_older_than_the_setting_is_dropped_after_the_start(int? days, long dropped)
    {
        await using var desk = await Desk.Open();
        await desk.Save("""{"start":"2026-11-23T09:00:00","timeZone":"UTC","duration":"PT1H"}""");
        await Chain.SealWhole(desk.Store, "acme");
        desk.Clock.Now += Duration.FromDays(99);
        using var service = new TrimmingTrail(
            desk.Store, new() { Trail = new() { KeepDays = days } }, desk.Clock, new HastyTime(), NullLogger<TrimmingTrail>.Instance);
        await service.StartAsync(Stopped);
        var left = await Left(desk);
        for (var attempt = 0; attempt < 100 && left > 1 - dropped; attempt++)
        {
            await Task.Delay(20, Stopped);
            left = await Left(desk);
        }

        await Task.Delay(dropped == 0 ? 100 : 0, Stopped);
        await service.StopAsync(Stopped);
        Assert.Equal(1 - dropped, await Left(desk));
        Assert.Empty((await Chain.Of(desk.Store, "acme")).Findings);
    }

    private static async Task<long> Left(Desk desk)
    {
        await using var session = await desk.Store.Read("acme", Stopped);
        return await session.Rows<ISealRows>().Count(long.MaxValue);
    }
}
