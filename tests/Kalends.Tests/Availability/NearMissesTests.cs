using Kalends.Availability;
using static Kalends.Tests.Availability.OneDay;

namespace Kalends.Tests.Availability;

public sealed class NearMissesTests
{
    [Fact]
    public void Fewest_in_the_way_come_first_then_the_earliest()
    {
        var request = Day(Person(Busy(8, 12)), Person(Busy(8, 10), Tentative(11, 12))) with { To = At(12), Step = Hours(1) };
        Assert.Equal("10-11 0/0:Busy, 8-9 0/0:Busy 0/1:Busy, 9-10 0/0:Busy 0/1:Busy", Misses(request, 3));
    }

    [Fact]
    public void By_default_they_are_half_hours_on_the_quarter_that_do_not_overlap() =>
        Assert.Equal("8-8.5 0/0:Busy, 8.5-9 0/0:Busy, 9-9.5 0/0:Busy", Misses(Day(Person(Busy(8, 10))), 3));

    [Fact]
    public void Openings_are_not_near_misses() => Assert.Equal("", Misses(Day(Person()), 3));

    [Fact]
    public void A_window_shorter_than_the_slot_has_none() =>
        Assert.Equal("", Misses(Day(Person(Busy(8, 10))) with { Duration = Hours(11) }, 3));

    [Fact]
    public void A_group_that_has_its_number_has_nobody_in_the_way()
    {
        var request = Day(
            AttendeeGroup.AtLeast(1, Person(Busy(8, 9)), Person(Busy(8, 8.5))),
            AttendeeGroup.Everyone(Person(Busy(8.5, 9)))) with { Step = Hours(0.5) };
        Assert.Equal("8.5-9 1/0:Busy, 8-8.5 0/0:Busy 0/1:Busy", Misses(request, 5));
    }

    [Fact]
    public void The_reason_is_the_highest_state_in_the_way_buffers_included()
    {
        var request = Day(Person(Closed(8, 9), Of(BlockState.OutOfOffice, 9.25, 18))) with { To = At(9), Step = Hours(1) };
        Assert.Equal("8-9 0/0:Closed", Misses(request, 1));
        Assert.Equal("8-9 0/0:OutOfOffice", Misses(request with { BufferAfter = Hours(0.5) }, 1));
    }

    [Fact]
    public void A_state_that_is_ignored_is_no_reason() => Assert.Equal(
        "8-9 0/0:Closed",
        Misses(Day(Person(Closed(8, 9), Tentative(8, 9))) with { TentativeIsFree = true, Step = Hours(1) }, 1));

    [Fact]
    public void A_secret_appointment_is_given_as_closed_hours()
    {
        var request = Day(Person(Secret(8, 9))) with { Step = Hours(1) };
        Assert.Equal("8-9 0/0:Closed", Misses(request, 1));
        Assert.Equal("8-9 0/0:Closed", Misses(request with { WithinOpenHours = false }, 1));
    }

    /// <summary>
    /// The two earliest slots with two in the way overlap the best one; a search that keeps only as many as asked for has no third.
    /// </summary>
    [Fact]
    public void Slots_lost_to_a_better_one_are_made_up_for_by_later_ones()
    {
        var request = Day(Person(Busy(8, 18)), Person(Busy(8, 8.5), Busy(9.5, 18)), Person(Busy(10.25, 11)))
            with { Duration = Hours(1), Step = Hours(0.25) };
        Assert.Equal("8.5-9.5 0/0:Busy, 11-12 0/0:Busy 0/1:Busy", Misses(request, 2));
    }
}
