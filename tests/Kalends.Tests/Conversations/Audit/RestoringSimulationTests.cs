using System.Text.Json.Nodes;
using NodaTime;
using static Kalends.Tests.Conversations.Series.SeriesDesk;

namespace Kalends.Tests.Conversations.Audit;

/// <summary>However calendars have lived, they can be put back to any moment of it, and live on.</summary>
public class RestoringSimulationTests
{
    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(14)]
    public async Task A_calendar_can_be_put_back_to_any_moment_and_lives_on(int seed)
    {
        await using var desk = await Desk.Open();
        desk.WatchesVersions = false;
        var (lives, random, moments) = (new Lives(desk, seed), new Random(seed), new List<(Instant At, string Seen)>());
        for (var round = 0; round < 5; round++)
        {
            for (var step = 0; step < 15; step++)
            {
                await lives.Step();
                moments.Add((desk.Clock.Now, await lives.Seen()));
            }

            var (at, seen) = moments[random.Next(moments.Count)];
            desk.Clock.Now += Duration.FromSeconds(1);
            // Everything is ana's, and so lies on her calendar.
            var request = $$"""{"calendar":"user:ana","timespan":{"from":"2026-10-01T00:00:00Z","to":"2031-09-01T00:00:00Z"},"asOf":"{{at}}"}""";
            var preview = await desk.Do("restore-appointments", request, Admin, new() { DryRun = true });
            var answer = await desk.Do("restore-appointments", request, Admin);
            Assert.Equal(preview.ToJsonString(), answer.ToJsonString());
            Assert.Equal("[]", answer["skipped"]!.ToJsonString());
            var now = await lives.Seen();
            Assert.True(Told(seen) == Told(now), $"seed {seed}, round {round}, {at}:\nthen {Told(seen)}\nnow  {Told(now)}\n{answer.ToJsonString()}");
            var again = await desk.Do("restore-appointments", request, Admin);
            Assert.Equal("""{"saved":[],"deleted":[],"skipped":[]}""", again.ToJsonString());
            Assert.Empty(await desk.FindBroken());
        }
    }

    internal static string Told(string answer)
    {
        var shown = JsonNode.Parse(answer)!;
        foreach (var (_, appointment) in shown["appointments"]!.AsObject())
        {
            appointment!.AsObject().Remove("version");
            appointment.AsObject().Remove("updatedAt");
            (appointment["series"] as JsonObject)?.Remove("detached");
        }

        return shown.ToJsonString();
    }
}
