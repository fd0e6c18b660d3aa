using Kalends.Appointments;
using Kalends.Availability;
using Kalends.ICalendar;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Tests.ICalendar;

public sealed class CalendarReaderTests
{
    [Fact]
    public void An_event_is_read_with_all_that_it_says()
    {
        var read = Reading.One(
            "SUMMARY;LANGUAGE=en:Budget\\, first\\nround", "DESCRIPTION:C:\\\\new\\;", "LOCATION:Room 3", "DTSTART;TZID=Europe/Paris:20261123T090000",
            "DTEND;TZID=Europe/Paris:20261123T094500", "STATUS:TENTATIVE", "TRANSP:OPAQUE", "CLASS:CONFIDENTIAL", "URL:https://example.com/a",
            "CREATED:20261101T100000Z", "LAST-MODIFIED:20261102T100000Z", "X-KALENDS-METADATA:{\"deal\":\"4711\"\\,\"x\":\"\"}",
            "ATTACH;FMTTYPE=text/plain;FILENAME=\"a^'b.txt\";SIZE=12:https://example.com/b", "ATTACH;ENCODING=BASE64;VALUE=BINARY:AAAA");
        Assert.Equal("Budget, first\nround", read.Title);
        Assert.Equal("C:\\new;", read.Description);
        Assert.Equal("Room 3", read.Location);
        Assert.Equal(AppointmentStatus.Tentative, read.Status);
        Assert.Equal(FreeBusyStatus.Busy, read.FreeBusyStatus);
        Assert.Equal(Privacy.Secret, read.Privacy);
        Assert.Equal([new Link { Uri = "https://example.com/a" }], read.Links!);
        Assert.Equal([new Attachment { Uri = "https://example.com/b", Title = "a\"b.txt", MediaType = "text/plain", Size = 12 }], read.Attachments!);
        Assert.Equal(Instant.FromUtc(2026, 11, 1, 10, 0), read.CreatedAt);
        Assert.Equal(Instant.FromUtc(2026, 11, 2, 10, 0), read.UpdatedAt);
        Assert.Equal("4711", read.Metadata!["deal"]);
    }

    [Theory]
    [InlineData("ATTENDEE;ROLE=CHAIR;PARTSTAT=ACCEPTED:mailto:Ana@Example.com", "user:ana@example.com", AttendeeRole.Chair, AttendeeResponse.Accepted)]
    [InlineData("ATTENDEE;CUTYPE=ROOM;PARTSTAT=TENTATIVE:MAILTO:b12@example.com", "room:b12@example.com", AttendeeRole.Resource, AttendeeResponse.Tentative)]
    [InlineData("ATTENDEE;CUTYPE=GROUP;ROLE=OPT-PARTICIPANT:mailto:all@example.com", "group:all@example.com", AttendeeRole.Optional, null)]
    [InlineData("ATTENDEE;PARTSTAT=DELEGATED:mailto:a@example.com?subject=x", "user:a@example.com", null, AttendeeResponse.Declined)]
    [InlineData("ATTENDEE;ROLE=NON-PARTICIPANT:urn:x-kalends:user%3Aana", "user:ana", AttendeeRole.Informational, null)]
    [InlineData("ATTENDEE;EMAIL=c@example.com:/17/principal/", "user:c@example.com", null, null)]
    [InlineData("ATTENDEE:https://example.com/people/ana", "https://example.com/people/ana", null, null)]
    public void An_attendee_is_a_calendar(string line, string calendar, AttendeeRole? role, AttendeeResponse? response) => Assert.Equal(
        [new Attendee { Calendar = new(calendar), Role = role, Response = response }], Reading.One("DTSTART:20261123T090000Z", line).Attendees!);

    [Fact]
    public void An_organizer_who_is_not_listed_attends_too()
    {
        var read = Reading.One("DTSTART:20261123T090000Z", "ORGANIZER:mailto:ana@example.com", "ATTENDEE:mailto:ben@example.com", "ATTENDEE:mailto:BEN@example.com");
        Assert.Equal(new CalendarId("user:ana@example.com"), read.Owner);
        Assert.Equal(["user:ana@example.com", "user:ben@example.com"], read.Attendees!.Select(attendee => attendee.Calendar.Value));
        Assert.Equal(AttendeeRole.Chair, read.Attendees![0].Role);
    }

    [Theory]
    [InlineData("TRANSP:TRANSPARENT", FreeBusyStatus.Free)]
    [InlineData("X-MICROSOFT-CDO-BUSYSTATUS:OOF", FreeBusyStatus.OutOfOffice)]
    [InlineData("X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE", FreeBusyStatus.Tentative)]
    [InlineData("X-NOTHING:", null)]
    public void Free_and_busy_come_from_TRANSP_and_Microsofts_property(string line, FreeBusyStatus? status) =>
        Assert.Equal(status, Reading.One("DTSTART:20261123T090000Z", line).FreeBusyStatus);

    [Theory]
    [InlineData("TRIGGER:-PT15M", "DISPLAY", "PT15M", ReminderChannel.Push)]
    [InlineData("TRIGGER;RELATED=START:-P1D", "EMAIL", "P1D", ReminderChannel.Email)]
    [InlineData("TRIGGER:PT0S", "AUDIO", "PT0S", ReminderChannel.Push)]
    [InlineData("TRIGGER;RELATED=END:-PT2H", "DISPLAY", "PT1H", ReminderChannel.Push)]
    [InlineData("TRIGGER;VALUE=DATE-TIME:20261123T083000Z", "DISPLAY", "PT30M", ReminderChannel.Push)]
    [InlineData("TRIGGER:PT15M", "DISPLAY", null, ReminderChannel.Push)]
    [InlineData("TRIGGER;VALUE=DATE-TIME:20261123T093000Z", "DISPLAY", null, ReminderChannel.Push)]
    [InlineData("TRIGGER:-PT15M", "NONE", null, ReminderChannel.Push)]
    public void An_alarm_before_the_start_is_a_reminder(string trigger, string action, string? before, ReminderChannel channel)
    {
        var read = Reading.One("DTSTART:20261123T090000Z", "DURATION:PT1H", "BEGIN:VALARM", trigger, "ACTION:" + action, "REPEAT:1000000", "DURATION:PT5M", "END:VALARM");
        Assert.Equal(before, read.Reminders?[0].Before.ToString());
        Assert.Equal(before is null ? null : channel, read.Reminders?[0].Channel);
    }

    [Fact]
    public void One_broken_item_takes_no_other_with_it()
    {
        var items = Reading.Items(Reading.Calendar(
            "BEGIN:VEVENT", "UID:a", "DTSTART:nonsense", "END:VEVENT",
            "BEGIN:VTODO", "UID:b", "SUMMARY:paint", "END:VTODO",
            "BEGIN:VEVENT", "UID:c", "DTSTART:20261123T090000Z",
            "BEGIN:VEVENT", "UID:d", "DTSTART:20261123T090000Z", "ATTENDEE:::", "SUMMARY no colon", "X;Y=\"never closes:z", "END:VALARM", "END:VEVENT"));
        Assert.Equal(
            ["a Invalid", "b NotAnAppointment", "c Invalid", "d"],
            items.Select(item => item is CalendarItem.Skipped skipped ? $"{skipped.Uid} {skipped.Code}" : ((CalendarItem.Read)item).Appointment.Uid));
    }

    [Theory]
    [InlineData("SUMMARY", "title", 1_000)]
    [InlineData("LOCATION", "location", 1_000)]
    [InlineData("DESCRIPTION", "description", 64_000)]
    public void A_text_over_its_limit_is_refused_by_name_and_not_cut(string property, string member, int most)
    {
        Assert.NotNull(Reading.One("DTSTART:20261123T090000Z", $"{property}:{new string('x', most)}"));
        Assert.Equal($"{member} must be at most {most} characters", Reading.OneSkipped("DTSTART:20261123T090000Z", $"{property}:{new string('x', most + 1)}").Reason);
    }

    [Theory]
    [InlineData("\r\n")]
    [InlineData("\n")]
    [InlineData("\r")]
    [InlineData("\n\n\r\n")]
    public void Lines_end_in_every_way(string end)
    {
        var text = Reading.Event("DTSTART:20261123T", " 0900", "\t00Z", "SUMMARY:caf", " é").Replace("\r\n", end, StringComparison.Ordinal);
        Assert.Equal("café", Assert.IsType<CalendarItem.Read>(Assert.Single(Reading.Items(text))).Appointment.Title);
    }

    [Fact]
    public void Control_characters_stand_for_nothing() =>
        Assert.Equal("ab\tc", Reading.One("DTSTART:20261123T090000Z", "SUM\0MARY:a\0\u0007b\tc").Title);

    [Fact]
    public void An_event_without_a_UID_is_known_by_what_it_says()
    {
        static string? Uid(string title) => Assert.IsType<CalendarItem.Read>(
            Assert.Single(Reading.Items(Reading.Calendar("BEGIN:VEVENT", "DTSTART:20261123T090000Z", "SUMMARY:" + title, "END:VEVENT")))).Appointment.Uid;
        Assert.NotNull(Uid("a"));
        Assert.Equal(Uid("a"), Uid("a"));
        Assert.NotEqual(Uid("a"), Uid("b"));
    }

    [Fact]
    public void A_link_that_leads_nowhere_is_left_out_and_the_event_stays()
    {
        var read = Reading.One("DTSTART:20261123T090000Z", "URL:see the wiki", "ATTACH:figures.xlsx");
        Assert.Null(read.Links);
        Assert.Null(read.Attachments);
    }

    [Theory]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("<!DOCTYPE html><html></html>")]
    public void Something_else_is_said_not_to_be_iCalendar(string text) =>
        Assert.Equal(SkipCode.NotICalendar, Assert.IsType<CalendarItem.Skipped>(Assert.Single(Reading.Items(text))).Code);

    [Fact]
    public void Bytes_are_UTF8_or_else_Latin_1()
    {
        Assert.Equal("é", CalendarText.Decode([0xEF, 0xBB, 0xBF, 0xC3, 0xA9]));
        Assert.Equal("é", CalendarText.Decode([0xE9]));
    }
}
