using Kalends.Appointments;
using Kalends.Availability;
using Kalends.ICalendar;
using NodaTime;
using NodaTime.Text;

namespace Kalends.Tests.ICalendar;

/// <summary>Which items of a file are one series: overrides, RANGE=THISANDFUTURE, periods, orphans.</summary>
public sealed class SeriesGroupingTests
{
    private static readonly string[] Weekly = ["DTSTART;TZID=Europe/Paris:20260105T090000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=10", "SUMMARY:weekly"];

    private static string[] Event(params string[] lines) => ["BEGIN:VEVENT", "UID:one", .. lines, "END:VEVENT"];

    private static GroupedCalendar Grouped(params string[][] events) => Reading.Grouped(Reading.Calendar([.. events.SelectMany(lines => lines)]));

    private static LocalDateTime At(string text) => LocalDateTimePattern.GeneralIso.Parse(text + ":00").Value;

    private static string Shown(Appointment master) => $"{master.Uid} {master.Start:uuuu-MM-ddTHH:mm} {master.Recurrence?.Rule}";

    private static string[] Change(string id, string start, params string[] more) => Event(["RECURRENCE-ID;" + id, "DTSTART;TZID=Europe/Paris:" + start, .. more]);

    [Theory]
    [InlineData("TZID=Europe/Paris:20260112T090000")]
    [InlineData("TZID=America/New_York:20260112T030000")]
    [InlineData("X=Y:20260112T080000Z")]
    [InlineData("X=Y:20260112T090000")]
    [InlineData("VALUE=DATE:20260112")]
    public void An_override_names_its_occurrence_in_any_form(string id)
    {
        var series = Assert.Single(Grouped(Change(id, "20260113T100000", "SUMMARY:moved"), Event(Weekly)).Series);
        Assert.Equal("weekly", series.Master.Title);
        Assert.Null(series.Master.Recurrence!.Added);
        var moved = Assert.Single(series.Overrides);
        Assert.Equal((At("2026-01-12T09:00"), At("2026-01-13T10:00"), "moved", "one"), (moved.Series!.RecurrenceId, moved.Start, moved.Title, moved.Uid));
    }

    [Fact]
    public void Of_two_overrides_the_newer_is_taken_and_of_equals_the_later()
    {
        var series = Assert.Single(Grouped(
            Event(Weekly),
            Change("TZID=Europe/Paris:20260112T090000", "20260112T100000", "SEQUENCE:2", "SUMMARY:a"),
            Change("X=Y:20260112T080000Z", "20260112T110000", "SEQUENCE:1", "SUMMARY:b"),
            Change("TZID=Europe/Paris:20260119T090000", "20260119T100000", "SUMMARY:c"),
            Change("TZID=Europe/Paris:20260119T090000", "20260119T100000", "SUMMARY:d")).Series);
        Assert.Equal(["a", "d"], series.Overrides.Select(item => item.Title!));
    }

    [Fact]
    public void Of_two_masters_the_newer_is_taken_and_the_other_told()
    {
        var grouped = Grouped(Event([.. Weekly, "SEQUENCE:2"]), Event("DTSTART:20260105T090000Z", "SEQUENCE:1"));
        Assert.Single(grouped.Series);
        Assert.Contains("the same UID comes again", Assert.Single(grouped.Skipped).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cancelled_occurrence_stays_a_cancelled_occurrence()
    {
        var series = Assert.Single(Grouped(Event(Weekly), Change("TZID=Europe/Paris:20260112T090000", "20260112T090000", "STATUS:CANCELLED")).Series);
        Assert.Equal(AppointmentStatus.Cancelled, Assert.Single(series.Overrides).Status);
        Assert.Null(series.Master.Recurrence!.Excluded);
    }

    [Fact]
    public void An_override_of_what_the_rule_does_not_make_adds_it_and_of_what_is_excluded_brings_it_back()
    {
        var series = Assert.Single(Grouped(
            Event([.. Weekly, "EXDATE;TZID=Europe/Paris:20260119T090000,20260126T090000"]),
            Change("TZID=Europe/Paris:20260114T090000", "20260114T100000"), Change("TZID=Europe/Paris:20260119T090000", "20260120T090000")).Series);
        Assert.Equal([At("2026-01-14T09:00")], series.Master.Recurrence!.Added!);
        Assert.Equal([At("2026-01-26T09:00")], series.Master.Recurrence.Excluded!);
        Assert.Equal(2, series.Overrides.Count);
    }

    [Fact]
    public void An_override_of_an_event_that_does_not_recur_makes_it_a_series_of_two()
    {
        var series = Assert.Single(Grouped(Event(Weekly[0]), Change("TZID=Europe/Paris:20260106T090000", "20260106T090000")).Series);
        Assert.Equal([At("2026-01-06T09:00")], series.Master.Recurrence!.Added!);
    }

    [Fact]
    public void An_override_of_the_only_occurrence_is_the_appointment()
    {
        var grouped = Grouped(Event(Weekly[0], "SUMMARY:old"), Change("TZID=Europe/Paris:20260105T090000", "20260105T100000", "SUMMARY:new"));
        Assert.Empty(grouped.Series);
        var only = Assert.Single(grouped.Singles);
        Assert.Equal(("one", "new", (SeriesLink?)null), (only.Uid, only.Title, only.Series));
    }

    [Fact]
    public void An_occurrence_without_its_series_is_a_single_appointment_known_again_by_its_moment()
    {
        string[] uids = [.. Grouped(
            Change("TZID=Europe/Paris:20260112T090000", "20260112T100000", "SEQUENCE:1"), Change("X=Y:20260112T080000Z", "20260112T110000"),
            Change("VALUE=DATE:20260119", "20260112T110000")).Singles.Select(item => $"{item.Uid} {item.Start:HH:mm} {item.Series}")];
        Assert.Equal(["one/20260112T080000Z 10:00 ", "one/20260119 11:00 "], uids);
    }

    [Fact]
    public void A_period_is_an_added_date_and_where_it_lasts_otherwise_an_override()
    {
        var series = Assert.Single(Grouped(
            Event([.. Weekly[..2], "RDATE;VALUE=PERIOD;TZID=Europe/Paris:20260107T090000/PT1H,20260108T090000/PT2H,20260109T090000/20260109T093000"]),
            Change("TZID=Europe/Paris:20260109T090000", "20260109T120000", "SUMMARY:said itself")).Series);
        Assert.Equal(["2026-01-07", "2026-01-08", "2026-01-09"], series.Master.Recurrence!.Added!.Select(time => time.ToString("uuuu-MM-dd", null)));
        Assert.Equal(["8 PT2H ", "9 PT0S said itself"], series.Overrides.Select(item => $"{item.Start!.Value.Day} {item.Duration} {item.Title}"));
    }

    /// <summary>The occurrence of 2 February and all after it, in many ways.</summary>
    [Theory]
    [InlineData("RRULE:FREQ=WEEKLY;COUNT=10", "20260202T090000", "FREQ=WEEKLY;COUNT=4", "FREQ=WEEKLY;COUNT=6")]
    [InlineData("RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=10", "20260203T110000", "FREQ=WEEKLY;COUNT=8;BYDAY=MO,WE", "FREQ=WEEKLY;COUNT=2;BYDAY=TU,TH")]
    [InlineData("RRULE:FREQ=WEEKLY;UNTIL=20260302T080000Z", "20260202T110000", "FREQ=WEEKLY;UNTIL=20260126T225959Z", "FREQ=WEEKLY;UNTIL=20260302T100000Z")]
    [InlineData("RRULE:FREQ=DAILY;BYHOUR=9", "20260202T110000", "FREQ=DAILY;UNTIL=20260201T225959Z;BYHOUR=9", "FREQ=DAILY")]
    [InlineData("RRULE:FREQ=WEEKLY;INTERVAL=2", "20260206T090000", "FREQ=WEEKLY;INTERVAL=2;UNTIL=20260119T225959Z", "FREQ=WEEKLY;INTERVAL=2;WKST=FR")]
    [InlineData("RRULE:FREQ=MONTHLY;BYDAY=1MO", "20260202T140000", "FREQ=MONTHLY;UNTIL=20260105T225959Z;BYDAY=1MO", "FREQ=MONTHLY;BYDAY=1MO")]
    public void A_change_of_all_that_follows_splits_the_series(string rule, string start, string earlier, string later)
    {
        var grouped = Grouped(Event([Weekly[0], rule]), Change("RANGE=THISANDFUTURE;TZID=Europe/Paris:20260202T090000", start));
        Assert.Empty(grouped.Skipped);
        Assert.Equal(
            [$"one 2026-01-05T09:00 {earlier}", $"one/20260202T080000Z {At($"{start[..4]}-{start[4..6]}-{start[6..8]}T{start[9..11]}:00"):uuuu-MM-ddTHH:mm} {later}"],
            grouped.Series.Select(series => Shown(series.Master)));
    }

    [Fact]
    public void A_split_divides_dates_and_later_changes()
    {
        var grouped = Grouped(
            Event([.. Weekly, "EXDATE;TZID=Europe/Paris:20260119T090000,20260216T090000", "RDATE;TZID=Europe/Paris:20260106T120000,20260224T120000"]),
            Change("TZID=Europe/Paris:20260112T090000", "20260112T120000"), Change("TZID=Europe/Paris:20260223T090000", "20260223T200000"),
            Change("RANGE=THISANDFUTURE;TZID=Europe/Paris:20260202T090000", "20260203T100000", "SUMMARY:later", "DURATION:PT2H"));
        Assert.Empty(grouped.Skipped);
        var (first, second) = (grouped.Series[0], grouped.Series[1]);
        Assert.Equal(([At("2026-01-19T09:00")], [At("2026-01-06T12:00")]), (first.Master.Recurrence!.Excluded!.ToArray(), first.Master.Recurrence.Added!.ToArray()), Same);
        Assert.Equal(([At("2026-02-17T10:00")], [At("2026-02-25T13:00")]), (second.Master.Recurrence!.Excluded!.ToArray(), second.Master.Recurrence.Added!.ToArray()), Same);
        Assert.Equal(At("2026-01-12T09:00"), Assert.Single(first.Overrides).Series!.RecurrenceId);
        var change = Assert.Single(second.Overrides);
        Assert.Equal((At("2026-02-24T10:00"), At("2026-02-23T20:00"), second.Master.Uid), (change.Series!.RecurrenceId, change.Start, change.Uid));
        Assert.Equal(("later", "PT2H"), (second.Master.Title, second.Master.Duration.ToString()));
    }

    [Fact]
    public void A_series_may_be_split_again_and_from_its_very_start()
    {
        var grouped = Grouped(
            Event(Weekly), Change("RANGE=THISANDFUTURE;TZID=Europe/Paris:20260105T090000", "20260105T100000", "SUMMARY:a"),
            Change("RANGE=THISANDFUTURE;TZID=Europe/Paris:20260119T090000", "20260119T110000", "SUMMARY:b"),
            Change("RANGE=THISANDFUTURE;TZID=Europe/Paris:20260216T090000", "20260216T120000", "SUMMARY:c"));
        Assert.Empty(grouped.Skipped);
        Assert.Equal(
            ["a 10 FREQ=WEEKLY;COUNT=2", "b 11 FREQ=WEEKLY;COUNT=4", "c 12 FREQ=WEEKLY;COUNT=4"],
            grouped.Series.Select(series => $"{series.Master.Title} {series.Master.Start!.Value.Hour} {series.Master.Recurrence!.Rule}"));
        Assert.Equal("one", grouped.Series[0].Master.Uid);
    }

    [Theory]
    [InlineData("RRULE:FREQ=MONTHLY;BYMONTHDAY=2", "20260202T090000", "20260203T090000")]
    [InlineData("RRULE:FREQ=DAILY;BYHOUR=9,15", "20260202T090000", "20260202T100000")]
    [InlineData("RRULE:FREQ=WEEKLY", "20260203T090000", "20260203T100000")]
    [InlineData("RRULE:FREQ=SECONDLY;COUNT=1000000000", "20260302T090000", "20260302T100000")]
    public void A_change_that_no_rule_can_follow_is_taken_for_its_occurrence_and_told(string rule, string id, string start)
    {
        var grouped = Grouped(Event([Weekly[0], rule]), Change("RANGE=THISANDFUTURE;TZID=Europe/Paris:" + id, start));
        Assert.Contains("RANGE=THISANDFUTURE at " + id, Assert.Single(grouped.Skipped).Reason, StringComparison.Ordinal);
        Assert.Single(Assert.Single(grouped.Series).Overrides);
    }

    [Fact]
    public void A_change_of_the_last_occurrence_and_all_that_follow_it_is_of_that_one_alone()
    {
        var grouped = Grouped(Event(Weekly[0], "RDATE;TZID=Europe/Paris:20260106T090000"), Change("RANGE=THISANDFUTURE;TZID=Europe/Paris:20260106T090000", "20260106T100000"));
        Assert.Single(Assert.Single(grouped.Series).Overrides);
    }

    [Fact]
    public void Grouping_what_was_written_of_a_group_is_the_same_group()
    {
        var grouped = Grouped(Event(Weekly), Change("RANGE=THISANDFUTURE;TZID=Europe/Paris:20260202T090000", "20260203T100000"), Change("VALUE=DATE:20260112", "20260112T100000"));
        Assert.Equal(Reading.Told(grouped), Reading.Told(Reading.Grouped(Reading.Written(grouped))));
    }

    [Fact]
    public void The_UIDs_of_overrides_are_told_without_reading_the_rest()
    {
        using var text = new StringReader(Reading.Calendar([.. Event(Weekly), .. Change("VALUE=DATE:20260112", "20260112T100000"), "BEGIN:VEVENT", "UID:two", "END:VEVENT"]));
        Assert.Equal(["one"], CalendarReader.UidsOfOverrides(text, CalendarReading.Usual));
    }

    private static bool Same((LocalDateTime[] Excluded, LocalDateTime[] Added) one, (LocalDateTime[] Excluded, LocalDateTime[] Added) other) =>
        one.Excluded.SequenceEqual(other.Excluded) && one.Added.SequenceEqual(other.Added);
}
