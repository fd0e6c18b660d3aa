using Kalends.Messages;
using Kalends.Server.Http;
using Kalends.Tests.Conversations;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kalends.Tests.Audit;

/// <summary>A server seals behind its commands by itself.</summary>
public sealed class SealingServiceTests
{
    [Fact]
    public async Task What_was_there_before_it_started_and_what_its_commands_add_is_sealed()
    {
        var stopped = TestContext.Current.CancellationToken;
        await using var desk = await Desk.Open();
        await desk.Do("save-calendars", """{"calendars":[{"calendar":"room:one","kind":"room"}]}""", Desk.As("user:ana", scopes: Scopes.Read | Scopes.Write | Scopes.Admin));
        using var service = new SealingTrail(desk.Store, desk.Dispatcher, desk.Clock, new HastyTime(), NullLogger<SealingTrail>.Instance);
        await service.StartAsync(stopped);
        await Sealed(1);
        await desk.Save("""{"start":"2026-11-23T09:00:00","timeZone":"UTC","duration":"PT1H"}""");
        await Sealed(2);
        await service.StopAsync(stopped);

        async Task Sealed(long entries)
        {
            var chain = await Chain.Of(desk.Store, "acme");
            for (var attempt = 0; attempt < 200 && chain.Sealed < entries; attempt++)
            {
                await Task.Delay(50, stopped);
                chain = await Chain.Of(desk.Store, "acme");
            }

            Assert.Empty(chain.Findings);
            Assert.Equal((entries, 0), (chain.Sealed, chain.Unsealed));
        }
    }
}
