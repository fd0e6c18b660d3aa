using CsCheck;
using Kalends.Availability;
using Kalends.Recurrence;

namespace Kalends.Tests.Availability;

/// <summary>Open hours against an oracle that looks at every minute. A failure prints the seed that repeats it (CsCheck_Seed).</summary>
public sealed class OpenHoursOracleTests
{
    [Fact]
    public void What_is_closed_is_what_the_definition_says_minute_by_minute() =>
        OpenHoursScenes.Any.Sample(Agree, iter: 4_000, threads: 1);

    [Fact]
    public void A_window_shows_a_slice_of_what_a_wider_one_shows() => Gen.Select(OpenHoursScenes.Any, Gen.Int[0, 4000], Gen.Int[0, 4000]).Sample(
        (scene, earlier, later) =>
        {
            var wider = Closed(scene with { From = scene.From - (earlier * 60), To = scene.To + (later * 60) });
            var slice = wider.Select(block => block with { From = Math.Max(block.From, scene.From), To = Math.Min(block.To, scene.To) });
            Assert.Equal(slice.Where(block => block.From < block.To), Closed(scene));
        },
        iter: 3_000,
        threads: 1);

    private static void Agree(OpenHoursScene scene)
    {
        var (closed, minutes) = (Closed(scene), new bool[(scene.To - scene.From) / 60]);
        var at = long.MinValue;
        foreach (var block in closed)
        {
            Assert.True(at < block.From && block.From < block.To && block.From >= scene.From && block.To <= scene.To, $"out of order: {block}");
            Assert.Equal((0, 0, BlockState.Closed), ((int)(block.From % 60), (int)(block.To % 60), block.State));
            Array.Fill(minutes, true, (int)((block.From - scene.From) / 60), (int)((block.To - block.From) / 60));
            at = block.To;
        }

        Assert.Equal(new MinuteOracle(scene).Closed(), minutes);
    }

    private static Block[] Closed(OpenHoursScene scene) => new OpenTimes(scene.Stated).ClosedIn(scene.From, scene.To, new StepBudget());
}
