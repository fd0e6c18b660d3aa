using Kalends.Availability;
using static Kalends.Tests.Availability.OneDay;

namespace Kalends.Tests.Availability;

public sealed class OpeningsTests
{
    [Fact]
    public void Nobody_asked_is_free_all_the_time() => Assert.Equal("8-18", Find(Day(Array.Empty<AttendeeGroup>())));

    [Fact]
    public void An_empty_window_has_no_openings() => Assert.Equal("", Find(Day(Person()) with { To = At(8) }));

    [Fact]
    public void Openings_are_the_time_that_all_have_free() =>
        Assert.Equal("8-9, 12-13, 15-18", Find(Day(Person(Busy(9, 11), Busy(13, 14)), Person(Busy(10, 12), Busy(14, 15)))));

    [Fact]
    public void Appointments_that_touch_leave_nothing_between() =>
        Assert.Equal("8-9, 11-18", Find(Day(Person(Busy(9, 10)), Person(Busy(10, 11)))));

    [Fact]
    public void What_is_too_short_is_left_out_and_what_just_fits_is_not() =>
        Assert.Equal("10-11, 12-18", Find(Day(Person(Busy(8.5, 10), Busy(11, 12))) with { Duration = Hours(1) }));

    [Fact]
    public void A_held_time_and_an_absence_block_as_busy_does() => Assert.Equal(
        "8-9, 11-18",
        Find(Day(Person(Of(BlockState.Held, 9, 10), Of(BlockState.OutOfOffice, 10, 11))) with { TentativeIsFree = true }));

    [Fact]
    public void Tentative_blocks_unless_it_is_treated_as_free()
    {
        var request = Day(Person(Tentative(9, 10)));
        Assert.Equal("8-9, 10-18", Find(request));
        Assert.Equal("8-18", Find(request with { TentativeIsFree = true }));
    }

    [Fact]
    public void Tentative_treated_as_free_does_not_open_closed_hours() =>
        Assert.Equal("8-16", Find(Day(Person(Tentative(15, 17), Closed(16, 18))) with { TentativeIsFree = true }));

    [Fact]
    public void Closed_hours_block_unless_they_are_ignored()
    {
        var request = Day(Person(Closed(0, 9), Closed(17, 24)));
        Assert.Equal("9-17", Find(request));
        Assert.Equal("8-18", Find(request with { WithinOpenHours = false }));
    }

    [Fact]
    public void A_secret_appointment_blocks_also_where_open_hours_are_ignored() =>
        Assert.Equal("8-10, 11-18", Find(Day(Person(Secret(10, 11), Closed(9, 12))) with { WithinOpenHours = false }));

    [Fact]
    public void Buffers_keep_clear_of_appointments()
    {
        var request = Day(Person(Busy(10, 11)));
        Assert.Equal("8-10, 11.5-18", Find(request with { BufferBefore = Hours(0.5) }));
        Assert.Equal("8-9.75, 11-18", Find(request with { BufferAfter = Hours(0.25) }));
    }

    [Fact]
    public void Buffers_see_appointments_outside_the_window() => Assert.Equal(
        "8.5-17",
        Find(Day(Person(Busy(7, 7.5), Busy(19, 20))) with { BufferBefore = Hours(1), BufferAfter = Hours(2) }));

    [Fact]
    public void Buffers_may_lie_in_closed_hours() =>
        Assert.Equal("9-17", Find(Day(Person(Closed(0, 9), Closed(17, 24))) with { BufferBefore = Hours(1), BufferAfter = Hours(1) }));

    [Fact]
    public void A_buffer_reaches_over_closed_hours_to_an_appointment_behind_them() =>
        Assert.Equal("8-9.5", Find(Day(Person(Closed(10, 11), Busy(11, 18))) with { BufferAfter = Hours(1.5) }));

    [Fact]
    public void A_quorum_must_be_the_same_people_throughout()
    {
        var rooms = AttendeeGroup.AtLeast(1, Person(Busy(12, 18)), Person(Busy(8, 10)));
        Assert.Equal("8-12 free 0, 10-18 free 1", Find(Day(rooms)));
    }

    [Fact]
    public void The_free_list_names_all_who_are_free_throughout_not_only_as_many_as_needed() => Assert.Equal(
        "8-18 free 1+2",
        Find(Day(AttendeeGroup.AtLeast(1, Person(Busy(9, 10)), Person(), Person()))));

    [Fact]
    public void Each_group_needs_its_own_number() => Assert.Equal(
        "9-10 free 0+1 free 0",
        Find(Day(
            AttendeeGroup.Everyone(Person(Busy(8, 9))),
            AttendeeGroup.AtLeast(2, Person(), Person(Busy(12, 13)), Person(Busy(8, 18))),
            AttendeeGroup.AtLeast(1, Person(Busy(10, 18))))));

    [Fact]
    public void A_group_that_needs_nobody_is_only_reported() =>
        Assert.Equal("8-18 free 1", Find(Day(AttendeeGroup.AtLeast(0, Person(Busy(9, 10)), Person()))));

    [Fact]
    public void A_group_that_needs_all_is_reported_in_full() =>
        Assert.Equal("8-9 free 0+1, 10-18 free 0+1", Find(Day(AttendeeGroup.AtLeast(2, Person(Busy(9, 10)), Person()))));

    [Fact]
    public void Optional_people_never_prevent_an_opening_and_are_named_when_they_miss_it() => Assert.Equal(
        "8-10 missing 0, 11-18",
        Find(Day(Person(Busy(10, 11))) with { Optional = [Person(Busy(9, 9.5)), Person()] }));

    [Fact]
    public void Slots_begin_on_whole_steps_since_the_epoch_wherever_the_window_begins() => Assert.Equal(
        "8.5-9, 9-9.5, 10.5-11",
        Find(Day(Person(Busy(9.75, 10.25))) with { From = At(8.1), To = At(11.4), Step = Hours(0.5) }));

    [Fact]
    public void Slots_longer_than_the_step_overlap() =>
        Assert.Equal("8-9, 8.5-9.5, 9-10", Find(Day(Person(Busy(10, 18))) with { Step = Hours(0.5), Duration = Hours(1) }));

    [Fact]
    public void A_slot_is_answered_once_also_where_two_openings_hold_it() => Assert.Equal(
        "8-10 free 0, 10-12 free 0+1, 12-14 free 1",
        Find(Day(AttendeeGroup.AtLeast(1, Person(Busy(12, 18)), Person(Busy(8, 10), Busy(14, 18)))) with { Step = Hours(2) }));

    [Fact]
    public void Slots_before_1970_are_on_the_same_grid()
    {
        var nobody = new OpeningsRequest { From = -5000, To = 100, Step = 1800 };
        Assert.Equal([-3600, -1800], Openings.Find(nobody).Select(opening => opening.From));
    }

    [Fact]
    public void A_page_goes_on_after_the_last_opening_seen()
    {
        var request = Day(Person(Busy(9, 10), Busy(11, 12))) with { Limit = 2 };
        Assert.Equal("8-9, 10-11", Find(request));
        Assert.Equal("12-18", Find(request with { After = At(10) }));
        Assert.Equal("", Find(request with { After = At(12) }));
        Assert.Equal("", Find(request with { Limit = 0 }));
    }

    [Fact]
    public void Timelines_that_do_not_reach_over_the_buffers_are_a_bug()
    {
        var request = Day(Timeline.Build([], At(8), At(18)));
        Assert.Equal("8-18", Find(request));
        Assert.Throws<ArgumentException>(() => Find(request with { BufferAfter = 1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Find(request with { Step = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => AttendeeGroup.AtLeast(2, Person()));
    }
}
