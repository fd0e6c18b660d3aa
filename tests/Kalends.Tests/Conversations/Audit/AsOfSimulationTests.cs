using NodaTime;

namespace Kalends.Tests.Conversations.Audit;

/// <summary>What is answered of a moment is what was answered at that moment, whatever happened since.</summary>
public class AsOfSimulationTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task A_moment_is_answered_as_it_was_answered_then(int seed)
    {
        await using var desk = await Desk.Open();
        desk.WatchesVersions = false;
        var (lives, answers) = (new Lives(desk, seed), new List<(Instant At, string Seen)>());
        for (var step = 0; step < 60; step++)
        {
            await lives.Step();
            answers.Add((desk.Clock.Now, await lives.Seen()));
        }

        Assert.True(answers.Select(answer => answer.Seen).Distinct().Count() > 30);
        foreach (var (at, seen) in answers)
        {
            var again = await lives.Seen(at);
            Assert.True(seen == again, $"seed {seed}, {at}:\nthen  {seen}\nasked {again}");
        }

        Assert.Empty(await desk.FindBroken());
    }
}
