using CsCheck;
using Kalends.Availability;

namespace Kalends.Tests.Availability;

/// <summary>
/// The engine against the oracle and against itself. One thread and a fixed number of cases, so that a run takes the same time everywhere;
/// a failure prints the seed that repeats it (CsCheck_Seed).
/// </summary>
public sealed class OpeningsOracleTests
{
    [Fact]
    public void Openings_are_what_the_definition_says() => Scenes.Any.Sample(OpeningsAgree, iter: 6_000, threads: 1);

    [Fact]
    public void Openings_are_right_on_days_when_the_clocks_change() =>
        ChangeOfClockScenes.Any.Sample(OpeningsAgree, iter: 6_000, threads: 1);

    [Fact]
    public void Near_misses_are_the_slots_with_the_fewest_in_the_way() =>
        Gen.Select(Scenes.Any, Gen.Int[0, 5]).Sample(NearMissesAgree, iter: 3_000, threads: 1);

    [Fact]
    public void Near_misses_are_right_on_days_when_the_clocks_change() =>
        Gen.Select(ChangeOfClockScenes.Any, Gen.Int[0, 5]).Sample(NearMissesAgree, iter: 2_000, threads: 1);

    [Fact]
    public void Near_misses_are_never_openings() => Scenes.Any.Sample(
        scene =>
        {
            // A span with nobody in the way is right, so it lies in a maximal one.
            var openings = Openings.Find((scene with { Rules = scene.Rules with { Step = null, Duration = null } }).Request());
            Assert.All(NearMisses.Find(scene.Request(), 4), miss =>
            {
                Assert.DoesNotContain(openings, opening => Covers(opening, miss.From, miss.To));
                Assert.NotEmpty(miss.BlockedBy);
            });
        },
        iter: 1_000,
        threads: 1);

    [Fact]
    public void A_wider_window_never_answers_fewer() => Gen.Select(Scenes.Any, Gen.Int[0, 40], Gen.Int[0, 40]).Sample(
        (scene, earlier, later) =>
        {
            var wider = scene with { From = scene.From - (earlier * scene.Cell), To = scene.To + (later * scene.Cell) };
            var all = Openings.Find(wider.Request());
            Assert.All(Openings.Find(scene.Request()), opening => Assert.Contains(all, other => scene.Rules.Step is null
                ? Covers(other, opening.From, opening.To)
                : (other.From, other.To) == (opening.From, opening.To)));
        },
        iter: 2_000,
        threads: 1);

    [Fact]
    public void Pages_together_are_the_whole_answer() => Gen.Select(Scenes.Any, Gen.Int[1, 4]).Sample(
        (scene, limit) =>
        {
            var request = scene.Request() with { Limit = limit };
            var pages = new List<Opening>();
            for (var page = Openings.Find(request); page.Count > 0; page = Openings.Find(request with { After = pages[^1].From }))
            {
                Assert.InRange(page.Count, 1, limit);
                pages.AddRange(page);
            }

            Assert.Equal(Scene.Print(Openings.Find(scene.Request())), Scene.Print(pages));
        },
        iter: 2_000,
        threads: 1);

    [Fact]
    public void A_page_may_begin_at_any_moment() => Gen.Select(Scenes.Any, Gen.Int[-5, 130]).Sample(
        (scene, cells) =>
        {
            var after = scene.From + (cells * scene.Cell);
            var later = Openings.Find(scene.Request()).Where(opening => opening.From > after);
            Assert.Equal(Scene.Print(later), Scene.Print(Openings.Find(scene.Request() with { After = after })));
        },
        iter: 2_000,
        threads: 1);

    private static void OpeningsAgree(Scene scene) =>
        Assert.Equal(Scene.Print(new CellOracle(scene).Openings()), Scene.Print(Openings.Find(scene.Request())));

    private static void NearMissesAgree(Scene scene, int count) =>
        Assert.Equal(Scene.Print(new CellOracle(scene).NearMisses(count)), Scene.Print(NearMisses.Find(scene.Request(), count)));

    private static bool Covers(Opening opening, long from, long to) => opening.From <= from && to <= opening.To;
}
