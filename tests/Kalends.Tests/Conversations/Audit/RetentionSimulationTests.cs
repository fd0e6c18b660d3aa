using Kalends.Audit;
using Kalends.Messages;
using Kalends.Tests.Audit;
using NodaTime;
using static Kalends.Tests.Conversations.Series.SeriesDesk;

namespace Kalends.Tests.Conversations.Audit;

/// <summary>However calendars have lived, and whenever their trail is cut: since then every moment is answered and put back as it was, and none before.</summary>
public class RetentionSimulationTests
{
    [Theory]
    [InlineData(21)]
    [InlineData(22)]
    [InlineData(23)]
    public async Task Every_moment_since_the_trail_begins_is_answered_and_put_back_as_it_was(int seed)
    {
        await using var desk = await Desk.Open();
        desk.WatchesVersions = false;
        desk.Clock.Now = Instant.FromUtc(2025, 1, 10, 10, 0);
        var (lives, random, moments) = (new Lives(desk, seed), new Random(seed), new List<(Instant At, string Seen)>());
        for (var round = 0; round < 3; round++)
        {
            for (var step = 0; step < 15; step++)
            {
                await lives.Step();
                moments.Add((desk.Clock.Now, await lives.Seen()));
            }

            await Chain.SealWhole(desk.Store, "acme", perSeal: 5, at: desk.Clock.Now);
            var keptFrom = moments[^random.Next(1, 12)].At;
            await Retention.Run(desk.Store, "acme", keptFrom, null, TestContext.Current.CancellationToken, perBatch: 4);
            Assert.Empty(await desk.FindBroken());
            Assert.Empty((await Chain.Of(desk.Store, "acme")).Findings);
            foreach (var (at, seen) in moments.Where(moment => moment.At >= keptFrom))
            {
                var again = await lives.Seen(at);
                Assert.True(seen == again, $"seed {seed}, {at}, kept from {keptFrom}:\nthen  {seen}\nasked {again}");
            }

            var refused = moments.FindLast(moment => moment.At < keptFrom).At;
            Assert.Equal(RefusalCode.Invalid, (await desk.Refused("get-appointments", $$"""{{{Lives.Span}},"attendees":["user:ana"],"asOf":"{{refused}}"}""")).Code);
            var chosen = moments[^random.Next(1, moments.Count(moment => moment.At >= keptFrom) + 1)];
            desk.Clock.Now += Duration.FromSeconds(1);
            var answer = await desk.Do(
                "restore-appointments",
                $$"""{"calendar":"user:ana","timespan":{"from":"2026-10-01T00:00:00Z","to":"2031-09-01T00:00:00Z"},"asOf":"{{chosen.At}}"}""", Admin);
            Assert.Equal("[]", answer["skipped"]!.ToJsonString());
            var now = await lives.Seen();
            Assert.True(RestoringSimulationTests.Told(chosen.Seen) == RestoringSimulationTests.Told(now), $"seed {seed}, {chosen.At}:\nthen {chosen.Seen}\nnow  {now}");
            Assert.Empty(await desk.FindBroken());
        }
    }
}
