using Kalends.ICalendar;
using Kalends.Time;
using NodaTime;

namespace Kalends.Tests.ICalendar;

public sealed class FileZonesTests
{
    private static readonly string[] CentralEurope =
    [
        "BEGIN:VTIMEZONE", "TZID:Our Office", "BEGIN:STANDARD", "DTSTART:16010101T030000", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100",
        "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10", "END:STANDARD", "BEGIN:DAYLIGHT", "DTSTART:16010101T020000", "TZOFFSETFROM:+0100",
        "TZOFFSETTO:+0200", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3", "END:DAYLIGHT", "END:VTIMEZONE",
    ];

    private static readonly string[] Event = ["BEGIN:VEVENT", "UID:one", "DTSTART;TZID=Our Office:20260715T090000", "END:VEVENT"];

    private static string? ZoneOf(params string[] lines) => Reading.Items(Reading.Calendar(lines)) is [CalendarItem.Read read] ? read.Appointment.TimeZone : null;

    [Fact]
    public void A_zone_of_the_files_own_is_the_IANA_zone_with_the_same_clock()
    {
        var zone = Zones.Get(Assert.IsType<string>(ZoneOf([.. CentralEurope, .. Event])));
        foreach (var at in Enumerable.Range(0, 100).Select(day => new LocalDate(2026, 1, 1).PlusDays(day * 7).AtMidnight()))
        {
            Assert.Equal(at.InZoneLeniently(Zones.Get("Europe/Paris")).ToInstant(), at.InZoneLeniently(zone).ToInstant());
        }
    }

    [Fact]
    public void It_may_also_be_described_after_its_use() => Assert.NotNull(ZoneOf([.. Event, .. CentralEurope]));

    [Fact]
    public void X_LIC_LOCATION_says_which_place_is_meant() =>
        Assert.Equal("Europe/Prague", ZoneOf([CentralEurope[0], "X-LIC-LOCATION:Europe/Prague", .. CentralEurope[1..], .. Event]));

    [Fact]
    public void A_fixed_offset_is_a_zone_without_changes()
    {
        string[] fixedOffset = ["BEGIN:VTIMEZONE", "TZID:Our Office", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0300", "TZOFFSETTO:+0300", "END:STANDARD", "END:VTIMEZONE"];
        Assert.Equal("Etc/GMT-3", ZoneOf([.. fixedOffset, .. Event]));
    }

    [Fact]
    public void Rules_that_no_place_keeps_are_skipped_by_name()
    {
        var fiction = CentralEurope.Select(line => line.Replace("+0200", "+0217", StringComparison.Ordinal)).ToArray();
        var skipped = Assert.IsType<CalendarItem.Skipped>(Assert.Single(Reading.Items(Reading.Calendar([.. fiction, .. Event]))));
        Assert.Contains("\"Our Office\"", skipped.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_is_known_is_not_taken_from_the_file()
    {
        var liar = CentralEurope.Select(line => line.Replace("Our Office", "Asia/Tokyo", StringComparison.Ordinal)).ToArray();
        Assert.Equal("Asia/Tokyo", ZoneOf([.. liar, .. Event.Select(line => line.Replace("Our Office", "Asia/Tokyo", StringComparison.Ordinal))]));
    }

    [Fact]
    public void The_written_rules_of_every_zone_read_back_as_its_clock()
    {
        var wrong = Zones.All.Where(name => name != "UTC").Where(name => !ReadsBack(name)).ToList();
        Assert.True(wrong.Count == 0, string.Join(", ", wrong));
    }

    private static bool ReadsBack(string name)
    {
        var start = new LocalDateTime(2026, 7, 15, 9, 0);
        var text = string.Concat(CalendarWriter.Write(
            [new() { Uid = "one", Start = start, TimeZone = name }], new(null, "UTC", Instant.FromUtc(2026, 1, 1, 0, 0))));
        var renamed = text.Replace("X-LIC-LOCATION:", "X-NOBODY:", StringComparison.Ordinal)
            .Replace("TZID:" + name, "TZID:Nobody's", StringComparison.Ordinal).Replace("TZID=" + name, "TZID=Nobody's", StringComparison.Ordinal);
        return Reading.Items(renamed) is [CalendarItem.Read { Appointment.TimeZone: { } zone }]
            && Enumerable.Range(0, 52).Select(start.PlusWeeks)
                .All(at => at.InZoneLeniently(Zones.Get(zone)).ToInstant() == at.InZoneLeniently(Zones.Get(name)).ToInstant());
    }
}
