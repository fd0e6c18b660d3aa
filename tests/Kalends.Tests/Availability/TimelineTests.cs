using CsCheck;
using Kalends.Availability;
using static Kalends.Tests.Availability.OneDay;

namespace Kalends.Tests.Availability;

public sealed class TimelineTests
{
    private static readonly Gen<Block[]> AnyBlocks =
        Gen.Select(Gen.Int[-5, 30], Gen.Int[0, 12], Gen.Int[0, (int)BlockState.Unavailable])
            .Select((from, length, state) => new Block(from, from + length, (BlockState)state))
            .Array[0, 12];

    [Fact]
    public void Nothing_in_the_way_is_one_free_stretch()
    {
        Assert.Equal("8-18 Free", Say(Timeline.Build([], At(8), At(18)).Stretches()));
        Assert.Empty(Timeline.Build([], At(8), At(8)).Stretches());
    }

    [Fact]
    public void Stretches_cover_the_window_and_nothing_else() => Assert.Equal(
        "8-9 Closed, 9-10 Free, 10-11 Busy, 11-17 Free, 17-18 Closed",
        Say(Timeline.Build([Closed(17, 24), Busy(10, 11), Closed(0, 9), Busy(20, 21)], At(8), At(18)).Stretches()));

    [Fact]
    public void The_higher_state_is_shown_where_blocks_overlap() => Assert.Equal(
        "8-9 Tentative, 9-10 OutOfOffice, 10-11 Busy, 11-12 Held, 12-18 Closed",
        Say(Timeline.Build(
            [Tentative(8, 12), Of(BlockState.OutOfOffice, 9, 10), Busy(9.5, 11), Of(BlockState.Held, 10, 12), Closed(0, 24)],
            At(8),
            At(18)).Stretches()));

    [Fact]
    public void Touching_blocks_of_one_state_are_one_segment_and_empty_ones_none()
    {
        var timeline = Timeline.Build([Busy(9, 10), Busy(10, 11), Busy(12, 12), Of(BlockState.Free, 13, 14)], At(8), At(18));
        Assert.Equal([new(At(9), At(11), StateSet.Of(BlockState.Busy))], timeline.Segments.ToArray());
    }

    [Fact]
    public void Free_busy_keeps_appointments_and_closed_hours_apart()
    {
        var timeline = Timeline.Build([Busy(16, 18), Tentative(17, 19), Closed(17, 24), Of(BlockState.Held, 10, 11)], At(8), At(20));
        Assert.Equal("10-11 Held, 16-18 Busy, 18-19 Tentative", Say(timeline.Busy()));
        Assert.Equal("17-20 Closed", Say(timeline.Closed()));
    }

    [Fact]
    public void A_secret_appointment_shows_exactly_as_closed_hours_would() => AnyBlocks.Sample(
        blocks =>
        {
            var secret = Timeline.Build(blocks, 0, 25);
            var inPlace = Array.ConvertAll(
                blocks, block => block.State == BlockState.Unavailable ? block with { State = BlockState.Closed } : block);
            var closed = Timeline.Build(inPlace, 0, 25);
            Assert.Equal(closed.Stretches(), secret.Stretches());
            Assert.Equal(closed.Busy(), secret.Busy());
            Assert.Equal(closed.Closed(), secret.Closed());
        },
        iter: 2_000,
        threads: 1);

    [Fact]
    public void Each_moment_holds_the_states_of_the_blocks_on_it() => AnyBlocks.Sample(
        blocks =>
        {
            var timeline = Timeline.Build(blocks, 0, 25);
            for (var moment = 0; moment < 25; moment++)
            {
                var expected = blocks.Where(block => block.From <= moment && moment < block.To)
                    .Aggregate(default(StateSet), (states, block) => states | StateSet.Of(block.State));
                var actual = timeline.Segments.ToArray().SingleOrDefault(segment => segment.From <= moment && moment < segment.To);
                Assert.Equal(expected, actual.States);
            }
        },
        iter: 2_000,
        threads: 1);

    [Fact]
    public void Segments_are_in_simplest_form_whatever_the_order_of_the_blocks() => Gen.Select(AnyBlocks, Gen.Int[0, 100]).Sample(
        (blocks, seed) =>
        {
            var segments = Timeline.Build(blocks, 0, 25).Segments.ToArray();
            Assert.All(segments, segment => Assert.True(0 <= segment.From && segment.From < segment.To && segment.To <= 25));
            Assert.All(segments.Zip(segments.Skip(1)), pair => Assert.True(
                pair.First.To < pair.Second.From || (pair.First.To == pair.Second.From && pair.First.States != pair.Second.States)));

            new Random(seed).Shuffle(blocks);
            Assert.Equal(segments, Timeline.Build(blocks, 0, 25).Segments.ToArray());
            Array.Sort(blocks, (left, right) => left.From.CompareTo(right.From));
            Assert.Equal(segments, Timeline.Build(blocks, 0, 25).Segments.ToArray());
        },
        iter: 2_000,
        threads: 1);
}
