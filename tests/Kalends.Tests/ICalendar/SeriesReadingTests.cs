using Kalends.Appointments;
using Kalends.ICalendar;
using NodaTime;

namespace Kalends.Tests.ICalendar;

/// <summary>What an event says of its recurrence, as it is kept: RFC 5545 §3.8.5 and the forms that programs write beside it.</summary>
public sealed class SeriesReadingTests
{
    private const string Start = "DTSTART;TZID=Europe/Paris:20260105T090000";

    private static Kalends.Appointments.Recurrence Recurring(params string[] lines) =>
        Assert.IsType<Kalends.Appointments.Recurrence>(Reading.One(lines).Recurrence);

    [Theory]
    [InlineData("RRULE:FREQ=DAILY", "FREQ=DAILY")]
    [InlineData("rrule:freq=weekly;byday=we,mo;", "FREQ=WEEKLY;BYDAY=MO,WE")]
    [InlineData("RRULE: FREQ=WEEKLY; BYDAY=MO\\,WE ", "FREQ=WEEKLY;BYDAY=MO,WE")]
    [InlineData("RRULE:FREQ=DAILY;UNTIL=20260110", "FREQ=DAILY;UNTIL=20260110T225959Z")]
    [InlineData("RRULE:FREQ=DAILY;UNTIL=20260110T090000", "FREQ=DAILY;UNTIL=20260110T080000Z")]
    [InlineData("RRULE:FREQ=DAILY;UNTIL=20260110T090000Z", "FREQ=DAILY;UNTIL=20260110T090000Z")]
    [InlineData("RRULE:FREQ=DAILY;UNTIL=99991231T235959Z", "FREQ=DAILY")]
    [InlineData("RRULE:FREQ=DAILY;UNTIL=00010101T000000", "FREQ=DAILY;UNTIL=00020101T235038Z")]
    [InlineData("RRULE:FREQ=DAILY;COUNT=3;UNTIL=20260110T090000Z", "FREQ=DAILY;COUNT=3;UNTIL=20260110T090000Z")]
    public void A_rule_is_kept_in_the_form_that_its_start_asks_for(string line, string rule) => Assert.Equal(rule, Recurring(Start, line).Rule);

    [Theory]
    [InlineData("RRULE:FREQ=DAILY;UNTIL=20260110T235959Z", "FREQ=DAILY;UNTIL=20260110")]
    [InlineData("RRULE:FREQ=YEARLY;BYHOUR=9;BYMINUTE=0;BYSECOND=0", "FREQ=YEARLY")]
    public void Whole_days_have_no_times_in_their_rule(string line, string rule) => Assert.Equal(rule, Recurring("DTSTART;VALUE=DATE:20260105", line).Rule);

    [Fact]
    public void Several_rules_of_both_kinds_are_kept()
    {
        var read = Recurring(Start, "RRULE:FREQ=DAILY;COUNT=3", "RRULE:FREQ=MONTHLY", "EXRULE:FREQ=WEEKLY", "EXRULE:FREQ=YEARLY");
        Assert.Equal("FREQ=DAILY;COUNT=3", read.Rule);
        Assert.Equal(["FREQ=MONTHLY"], read.MoreRules!);
        Assert.Equal(["FREQ=WEEKLY", "FREQ=YEARLY"], read.ExcludedRules!);
    }

    [Theory]
    [InlineData("RRULE:FREQ=FORTNIGHTLY", "RRULE: FREQ 'FORTNIGHTLY'")]
    [InlineData("RRULE:FREQ=DAILY;INTERVAL=0", "RRULE: INTERVAL '0'")]
    [InlineData("RRULE:BYDAY=MO", "RRULE: FREQ is missing")]
    [InlineData("RRULE:FREQ=WEEKLY;BYDAY=XX", "RRULE: BYDAY 'XX'")]
    [InlineData("RRULE:FREQ=DAILY;UNTIL=tomorrow", "RRULE: UNTIL 'TOMORROW'")]
    [InlineData("EXRULE:FREQ=DAILY;COUNT=x", "EXRULE: COUNT 'X'")]
    [InlineData("RRULE:daily", "RRULE: DAILY has a part that is not NAME=VALUE")]
    [InlineData("RDATE:soon", "RDATE has what is not a date")]
    [InlineData("EXDATE:20261301T090000", "EXDATE has what is not a date")]
    [InlineData("EXDATE;TZID=Middle-earth/Shire:20260106T090000", "\"Middle-earth/Shire\" is not known")]
    [InlineData("RDATE:25000101T090000", "RDATE has what is not a date or time that an appointment can have")]
    [InlineData("RDATE;VALUE=PERIOD:20260106T090000Z/PT-1H", "RDATE has a period")]
    [InlineData("RDATE;VALUE=PERIOD:20260106T090000Z/20260105T090000Z", "RDATE has a period")]
    [InlineData("RECURRENCE-ID:first", "RECURRENCE-ID is not a date or time")]
    [InlineData("RECURRENCE-ID;TZID=Middle-earth/Shire:20260106T090000", "\"Middle-earth/Shire\" is not known")]
    public void What_cannot_recur_is_skipped_with_the_part_named(string line, string reason) => IsSkipped(line, SkipCode.Invalid, reason);

    [Theory]
    [InlineData("RRULE:RSCALE=CHINESE;FREQ=YEARLY", "RSCALE 'CHINESE'")]
    [InlineData("RECURRENCE-ID;RANGE=THISANDPRIOR:20260105T080000Z", "RANGE=THISANDPRIOR")]
    public void What_is_meant_but_not_supported_is_skipped_by_name(string line, string reason) => IsSkipped(line, SkipCode.NotSupportedYet, reason);

    private static void IsSkipped(string line, SkipCode code, string reason)
    {
        var skipped = Reading.OneSkipped(Start, line);
        Assert.Contains(reason, skipped.Reason, StringComparison.Ordinal);
        Assert.Equal(code, skipped.Code);
    }

    [Fact]
    public void Whole_days_do_not_recur_by_the_hour() =>
        Assert.Equal("RRULE: FREQ HOURLY needs a start with a time of day", Reading.OneSkipped("DTSTART;VALUE=DATE:20260105", "RRULE:FREQ=HOURLY").Reason);

    [Theory]
    [InlineData("EXDATE;TZID=Europe/Paris:20260106T090000")]
    [InlineData("EXDATE;TZID=Romance Standard Time:20260106T090000")]
    [InlineData("EXDATE;TZID=America/New_York:20260106T030000")]
    [InlineData("EXDATE:20260106T080000Z")]
    [InlineData("EXDATE:20260106T090000")]
    [InlineData("EXDATE;VALUE=DATE:20260106")]
    [InlineData("EXDATE:20260106")]
    [InlineData("EXDATE:,20260106T090000,,20260106T080000Z")]
    public void An_excluded_date_of_every_form_is_on_the_wall_of_the_series(string line) =>
        Assert.Equal([new LocalDateTime(2026, 1, 6, 9, 0)], Recurring(Start, "RRULE:FREQ=DAILY", line).Excluded!);

    [Theory]
    [InlineData("EXDATE;VALUE=DATE:20260106")]
    [InlineData("EXDATE;TZID=Asia/Tokyo:20260106T000000")]
    [InlineData("EXDATE:20260106T000000Z")]
    [InlineData("EXDATE:20260106Z")]
    public void Of_whole_days_an_excluded_time_is_its_day(string line) =>
        Assert.Equal([new LocalDateTime(2026, 1, 6, 0, 0)], Recurring("DTSTART;VALUE=DATE:20260105", "RRULE:FREQ=DAILY", line).Excluded!);

    [Fact]
    public void An_excluded_day_takes_out_all_that_occurs_that_day() => Assert.Equal(
        [new(2026, 1, 6, 9, 0), new(2026, 1, 6, 12, 0), new(2026, 1, 6, 15, 0)],
        Recurring(Start, "RRULE:FREQ=DAILY;BYHOUR=9,15", "RDATE;TZID=Europe/Paris:20260106T120000", "EXDATE;VALUE=DATE:20260106").Excluded!);

    [Theory]
    [InlineData("RDATE;TZID=Europe/Paris:20260107T140000")]
    [InlineData("RDATE:20260107T130000Z,20260107T130000Z")]
    [InlineData("RDATE;VALUE=PERIOD:20260107T130000Z/PT0S")]
    [InlineData("RDATE;TZID=Europe/Paris:20260107T140000,20260105T090000")]
    public void An_added_date_is_on_the_wall_of_the_series_and_the_start_needs_none(string line) =>
        Assert.Equal([new LocalDateTime(2026, 1, 7, 14, 0)], Recurring(Start, line).Added!);

    [Theory]
    [InlineData("RDATE;TZID=Europe/Paris:20260105T090000")]
    [InlineData("EXDATE;TZID=Europe/Paris:20260106T090000")]
    [InlineData("EXRULE:FREQ=DAILY")]
    [InlineData("RRULE:")]
    public void What_adds_nothing_makes_no_series(string line) => Assert.Null(Reading.One(Start, line).Recurrence);

    [Fact]
    public void A_start_that_its_rule_does_not_make_is_kept() => Assert.Equal("FREQ=WEEKLY;BYDAY=TU", Recurring(Start, "RRULE:FREQ=WEEKLY;BYDAY=TU").Rule);

    [Theory]
    [InlineData("EXDATE", 5_000, true)]
    [InlineData("EXDATE", 5_001, false)]
    [InlineData("RDATE", 5_000, true)]
    [InlineData("RDATE", 5_001, false)]
    public void A_series_has_at_most_5000_dates_of_each_kind(string property, int count, bool fits)
    {
        var dates = Enumerable.Range(1, count).Select(day => new LocalDate(2026, 1, 5).PlusDays(day).ToString("uuuuMMdd'T090000'", null)).ToList();
        var asList = Reading.Items(Reading.Event(Start, "RRULE:FREQ=YEARLY", $"{property};TZID=Europe/Paris:{string.Join(',', dates)}"));
        var asLines = Reading.Items(Reading.Event([Start, "RRULE:FREQ=YEARLY", .. dates.Select(date => $"{property};TZID=Europe/Paris:{date}")]));
        foreach (var item in asList.Concat(asLines))
        {
            Assert.Equal(fits, item is CalendarItem.Read);
            Assert.True(fits || item is CalendarItem.Skipped { Code: SkipCode.TooLarge } skipped && skipped.Reason.Contains("more than 5000", StringComparison.Ordinal), $"{item}");
        }
    }

    [Fact]
    public void An_override_says_which_occurrence_it_is()
    {
        var read = Assert.IsType<CalendarItem.Read>(Assert.Single(Reading.Items(Reading.Event(
            "DTSTART:20260107T120000Z", "RECURRENCE-ID;TZID=Romance Standard Time;RANGE=thisandfuture:20260106T090000", "SEQUENCE:3", "RRULE:FREQ=DAILY"))));
        Assert.Equal(new NamedOccurrence(new(2026, 1, 6, 9, 0), "Europe/Paris", false) { AndFuture = true }, read.Occurrence);
        Assert.Equal(new LocalDateTime(2026, 1, 6, 9, 0), read.Appointment.Series!.RecurrenceId);
        Assert.Equal(3, read.Sequence);
    }

    [Fact]
    public void A_zone_that_only_an_excluded_date_names_may_be_described_after_it()
    {
        var items = Reading.Items(Reading.Calendar(
            "BEGIN:VEVENT", "UID:one", Start, "RRULE:FREQ=DAILY", "EXDATE;TZID=Ours:20260106T170000", "END:VEVENT",
            "BEGIN:VTIMEZONE", "TZID:Ours", "X-LIC-LOCATION:Asia/Tokyo", "END:VTIMEZONE"));
        Assert.Equal([new LocalDateTime(2026, 1, 6, 9, 0)], Assert.IsType<CalendarItem.Read>(Assert.Single(items)).Appointment.Recurrence!.Excluded!);
    }
}
