using Kalends.ICalendar;
using Kalends.Time;
using NodaTime;

namespace Kalends.Tests.ICalendar;

public sealed class EventTimesTests
{
    [Theory]
    [InlineData("DTSTART;TZID=Europe/Paris:20261123T090000", "Europe/Paris")]
    [InlineData("DTSTART;TZID=\"Europe/Paris\":20261123T090000", "Europe/Paris")]
    [InlineData("DTSTART;TZID=Romance Standard Time:20261123T090000", "Europe/Paris")]
    [InlineData("DTSTART;TZID=/mozilla.org/20050126_1/Europe/Brussels:20261123T090000", "Europe/Brussels")]
    [InlineData("DTSTART;TZID=/example.net/x/America/Argentina/Salta:20261123T090000", "America/Argentina/Salta")]
    [InlineData("DTSTART;TZID=Etc/UTC:20261123T090000", "UTC")]
    [InlineData("DTSTART:20261123T090000Z", "UTC")]
    [InlineData("DTSTART;TZID=Europe/Paris:20261123T090000Z", "UTC")]
    [InlineData("DTSTART:20261123T090000", "UTC")]
    public void Zone_names_of_every_make_mean_an_IANA_zone(string start, string zone)
    {
        var read = Reading.One(start, "DURATION:PT45M");
        Assert.Equal(zone, read.TimeZone);
        Assert.Equal(new LocalDateTime(2026, 11, 23, 9, 0), read.Start);
        Assert.Equal(NominalDuration.OfMinutes(45), read.Duration);
        Assert.False(read.AllDay);
    }

    [Fact]
    public void A_floating_time_is_in_the_zone_of_the_calendar()
    {
        var items = CalendarReader.Read(Reading.Event("DTSTART:20261123T090000"), new() { FloatingZone = "Asia/Tokyo" });
        Assert.Equal("Asia/Tokyo", Assert.IsType<CalendarItem.Read>(Assert.Single(items)).Appointment.TimeZone);
    }

    [Theory]
    [InlineData("DTEND;TZID=Europe/Paris:20260329T090000", "P1D")]
    [InlineData("DTEND;TZID=Europe/Paris:20260328T093000", "PT30M")]
    [InlineData("DTEND;TZID=Europe/Paris:20260330T080000", "P1DT23H")]
    [InlineData("DTEND:20260328T093000", "PT30M")]
    [InlineData("DURATION:P1W", "P7D")]
    [InlineData("DURATION:+PT1H", "PT1H")]
    [InlineData("X-NOTHING:", "PT0S")]
    public void The_end_gives_the_duration_in_days_on_the_wall_and_exact_time(string end, string duration) =>
        Assert.Equal(duration, Reading.One("DTSTART;TZID=Europe/Paris:20260328T090000", end).Duration.ToString());

    [Fact]
    public void An_end_in_another_zone_is_exact_and_keeps_its_zone()
    {
        var flight = Reading.One("DTSTART;TZID=Europe/Paris:20261123T090000", "DTEND;TZID=America/New_York:20261123T113000");
        Assert.Equal("America/New_York", flight.EndTimeZone);
        Assert.Equal("PT8H30M", flight.Duration.ToString());
    }

    [Theory]
    [InlineData("DTSTART;VALUE=DATE:20261224", "X-NOTHING:", "P1D")]
    [InlineData("DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261227", "P3D")]
    [InlineData("DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261224", "P1D")]
    [InlineData("DTSTART;VALUE=DATE:20261224", "DURATION:P2D", "P2D")]
    [InlineData("DTSTART:20261224", "DURATION:PT36H", "P2D")]
    public void Whole_days_have_no_zone(string start, string end, string duration)
    {
        var read = Reading.One(start, end);
        Assert.True(read.AllDay);
        Assert.Null(read.TimeZone);
        Assert.Equal(duration, read.Duration.ToString());
    }

    [Fact]
    public void Outlook_says_whole_days_in_a_property_of_its_own()
    {
        var read = Reading.One("DTSTART;TZID=Romance Standard Time:20261224T000000", "DTEND;TZID=Romance Standard Time:20261226T000000", "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE");
        Assert.True(read.AllDay);
        Assert.Equal("P2D", read.Duration.ToString());
    }

    [Theory]
    [InlineData("X-NOTHING:1", "X-NOTHING:2", "no DTSTART")]
    [InlineData("DTSTART:yesterday", "X-NOTHING:2", "not a date or time: yesterday")]
    [InlineData("DTSTART:20261301T000000", "X-NOTHING:2", "not a date or time")]
    [InlineData("DTSTART:20260230T000000", "X-NOTHING:2", "not a date or time")]
    [InlineData("DTSTART:20261123T240000", "X-NOTHING:2", "not a date or time")]
    [InlineData("DTSTART:16010101T000000", "X-NOTHING:2", "outside 1900 to 2199")]
    [InlineData("DTSTART:99991231T000000", "X-NOTHING:2", "outside 1900 to 2199")]
    [InlineData("DTSTART:21991231T230000Z", "DURATION:PT2H", "the end lies outside")]
    [InlineData("DTSTART:20261123T090000Z", "DTEND:20261123T080000Z", "the end is before the start")]
    [InlineData("DTSTART:20261123T090000Z", "DURATION:-PT1H", "the end is before the start")]
    [InlineData("DTSTART:20261123T090000Z", "DURATION:soon", "not a duration: soon")]
    [InlineData("DTSTART;VALUE=DATE:20261123", "DTEND;VALUE=DATE:20261120", "the end is before the start")]
    [InlineData("DTSTART;TZID=Middle-earth/Shire:20261123T090000", "X-NOTHING:2", "\"Middle-earth/Shire\" is not known")]
    public void What_cannot_be_a_time_is_skipped_with_the_reason(string first, string second, string reason)
    {
        var skipped = Reading.OneSkipped(first, second);
        Assert.Contains(reason, skipped.Reason, StringComparison.Ordinal);
        Assert.Equal(SkipCode.Invalid, skipped.Code);
        Assert.Equal("one", skipped.Uid);
    }

    [Fact]
    public void The_leap_second_is_the_second_before_it() =>
        Assert.Equal(new LocalDateTime(2016, 12, 31, 23, 59, 59), Reading.One("DTSTART:20161231T235960Z").Start);
}
