using Kalends.Appointments;
using Kalends.Time;
using NodaTime;
using NodaTime.Text;

namespace Kalends.Tests.Reminders;

/// <summary>When a reminder is due: days before on the wall, hours and less by the clock, through changes of clocks.</summary>
public sealed class ReminderTimesTests
{
    [Theory]
    // A day before on the wall, and 24 hours, over the night in which an hour is skipped, and the one that has an hour twice.
    [InlineData("2026-03-29T10:00:00Z", "P1D", "Europe/Zurich", "2026-03-28T11:00:00Z")]
    [InlineData("2026-03-29T10:00:00Z", "PT24H", "Europe/Zurich", "2026-03-28T10:00:00Z")]
    [InlineData("2026-10-25T11:00:00Z", "P1D", "Europe/Zurich", "2026-10-24T10:00:00Z")]
    // 02:30 on the day after the gap: a day before there is no 02:30.
    [InlineData("2026-03-30T00:30:00Z", "P1D", "Europe/Zurich", "2026-03-29T01:30:00Z")]
    // 02:30 on the day after the fold: a day before it comes twice, and the first is meant.
    [InlineData("2026-10-26T01:30:00Z", "P1D", "Europe/Zurich", "2026-10-25T00:30:00Z")]
    [InlineData("2026-10-25T01:10:00Z", "PT15M", "Europe/Zurich", "2026-10-25T00:55:00Z")]
    [InlineData("2026-11-23T08:00:00Z", "P1DT2H", "Pacific/Apia", "2026-11-22T06:00:00Z")]
    [InlineData("2026-11-23T08:00:00Z", "PT0S", "UTC", "2026-11-23T08:00:00Z")]
    public void Days_are_on_the_wall_and_hours_are_exact(string start, string before, string zone, string due)
    {
        Assert.True(NominalDuration.TryParse(before, out var duration));
        var expected = InstantPattern.General.Parse(due).Value.ToUnixTimeSeconds();
        Assert.Equal(expected, ReminderTimes.Due(InstantPattern.General.Parse(start).Value.ToUnixTimeSeconds(), duration, Zones.Get(zone)));
    }

    [Fact]
    public void The_next_of_a_series_is_found_one_after_the_other_and_each_once_through_a_gap()
    {
        var says = EmailChannelTests.Reminder("x").Says with
        {
            Start = new(2026, 3, 20, 2, 30), TimeZone = "Europe/Zurich", Recurrence = new() { Rule = "FREQ=DAILY;COUNT=20" },
            Reminders = [new() { Before = NominalDuration.OfMinutes(15), Channel = ReminderChannel.Email }, new() { Before = NominalDuration.OfDays(1), Channel = ReminderChannel.Email }],
        };
        var after = Instant.FromUtc(2026, 3, 1, 0, 0).ToUnixTimeSeconds();
        var dues = new List<long>();
        while (ReminderTimes.Next(says, _ => "UTC", after) is { } next)
        {
            Assert.True(next > after);
            dues.Add(after = next);
        }

        // 20 occurrences, each a quarter and a day before; a day before the one after the gap is the moment of the one in it, a quarter later.
        Assert.Equal(40, dues.Count);
        Assert.Equal(40, dues.Sum(due => ReminderTimes.Due(says, _ => "UTC", due, due).Count));
    }

    [Fact]
    public void Whole_days_begin_at_midnight_of_each_calendar()
    {
        var says = EmailChannelTests.Reminder("x").Says with
        {
            Start = new(2026, 11, 23, 0, 0), TimeZone = null, AllDay = true, Duration = NominalDuration.OfDays(1), Span = null,
            Reminders = [new() { Before = NominalDuration.OfMinutes(60), Channel = ReminderChannel.Email }],
            Attendees = [new() { Calendar = new("user:ana") }, new() { Calendar = new("user:ben") }],
        };
        string ZoneOf(Kalends.Storage.CalendarId id) => id.Value == "user:ana" ? "Europe/Paris" : "America/New_York";
        var first = ReminderTimes.Next(says, ZoneOf, 0)!.Value;
        Assert.Equal(Instant.FromUtc(2026, 11, 22, 22, 0), Instant.FromUnixTimeSeconds(first));
        Assert.Equal(Instant.FromUtc(2026, 11, 23, 4, 0), Instant.FromUnixTimeSeconds(ReminderTimes.Next(says, ZoneOf, first)!.Value));
    }
}
