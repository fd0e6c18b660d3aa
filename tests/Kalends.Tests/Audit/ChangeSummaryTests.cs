using Kalends.Appointments;
using Kalends.Audit;
using Kalends.Availability;
using Kalends.Time;
using static Kalends.Tests.Storage.Examples;

namespace Kalends.Tests.Audit;

/// <summary>Sentences about changes, each worked out of the appointment before and after.</summary>
public sealed class ChangeSummaryTests
{
    private const string ByBen = " by user:ben through app crm";

    [Fact]
    public void Beginnings_and_ends_have_one_word_each()
    {
        Assert.Equal("created" + ByBen, Of(null, Usual));
        Assert.Equal("deleted" + ByBen, Of(Usual, null));
        Assert.Equal("restored" + ByBen, Of(null, Usual with { Version = 4 }));
        Assert.Equal("saved as it was" + ByBen, Of(Usual, Usual with { Version = 2 }));
    }

    [Theory]
    [InlineData("2026-11-23T10:00:00", "Europe/Paris", "moved from 2026-11-23 09:00 to 10:00 (Europe/Paris)")]
    [InlineData("2026-11-24T09:00:00", "Europe/Paris", "moved from 2026-11-23 09:00 to 2026-11-24 09:00 (Europe/Paris)")]
    [InlineData("2026-11-23T09:00:00", "Asia/Tokyo", "moved from 2026-11-23 09:00 (Europe/Paris) to 2026-11-23 09:00 (Asia/Tokyo)")]
    public void What_was_moved_is_told_on_the_wall(string start, string zone, string expected)
    {
        var at = NodaTime.Text.LocalDateTimePattern.ExtendedIso.Parse(start).Value;
        Assert.Equal(expected + ByBen, Of(Usual, Completion.Retimed(Usual with { Start = at, TimeZone = zone })));
    }

    [Fact]
    public void Lengths_and_whole_days_are_told()
    {
        Assert.Equal("lasts PT1H instead of PT45M" + ByBen, Of(Usual, Completion.Retimed(Usual with { Duration = NominalDuration.OfMinutes(60) })));
        var allDay = Usual with { AllDay = true, TimeZone = null, Start = new(2026, 11, 23, 0, 0), Duration = NominalDuration.OfDays(1), Span = null };
        Assert.Equal("made all-day on 2026-11-23; lasts P1D instead of PT45M" + ByBen, Of(Usual, allDay));
        Assert.Equal("moved to 2026-11-23 09:00 (Europe/Paris), no longer all-day; lasts PT45M instead of P1D" + ByBen, Of(allDay, Usual));
        Assert.Equal("moved from 2026-11-23 to 2026-11-25" + ByBen, Of(allDay, allDay with { Start = new(2026, 11, 25, 0, 0) }));
    }

    [Fact]
    public void Names_and_texts_are_told()
    {
        Assert.Equal("renamed from 'A' to 'B'" + ByBen, Of(Usual with { Title = "A" }, Usual with { Title = "B" }));
        Assert.Equal("named 'B'" + ByBen, Of(Usual with { Title = null }, Usual with { Title = "B" }));
        Assert.Equal("place changed from 'Room 3' to 'Room 4'; description changed" + ByBen, Of(Usual, Usual with { Location = "Room 4", Description = "x" }));
        Assert.Equal($"named '{new string('x', 100)}…'{ByBen}", Of(Usual with { Title = null }, Usual with { Title = new string('x', 101) }));
    }

    [Fact]
    public void Answers_and_people_are_told()
    {
        Attendee Cleo(AttendeeResponse response) => new() { Calendar = new("user:cleo"), Role = AttendeeRole.Required, Response = response };
        var asked = Usual with { Attendees = [.. Usual.Attendees!, Cleo(AttendeeResponse.NeedsAction)] };
        var declined = Usual with { Attendees = [.. Usual.Attendees!, Cleo(AttendeeResponse.Declined)] };
        Assert.Equal("user:cleo declined" + ByBen, Of(asked, declined));
        Assert.Equal("user:cleo declined through app web", ChangeSummary.Of(asked, declined, "user:cleo", "web"));
        Assert.Equal("user:cleo added" + ByBen, Of(Usual, asked));
        Assert.Equal("user:cleo taken off" + ByBen, Of(asked, Usual));
        Assert.Equal("renamed from 'Budget for next year' to 'B'; user:cleo declined" + ByBen, Of(asked, declined with { Title = "B" }));
    }

    [Fact]
    public void Every_member_that_differs_is_told_somehow()
    {
        (Appointment After, string Told)[] cases =
        [
            (Usual with { Status = AppointmentStatus.Cancelled }, "cancelled"), (Usual with { Status = AppointmentStatus.Tentative }, "made tentative"),
            (Usual with { FreeBusyStatus = FreeBusyStatus.OutOfOffice }, "shown as out-of-office"), (Usual with { Privacy = Privacy.Secret }, "made secret"),
            (Usual with { Owner = Ben }, "given from user:ana to user:ben"), (Usual with { ManagedByApp = true }, "managed by app web from now on"),
            (Usual with { Recurrence = new() { Rule = "FREQ=DAILY" } }, "made to recur (FREQ=DAILY)"),
            (Usual with { Reminders = [new() { Before = NominalDuration.OfMinutes(5) }] }, "reminders changed"),
            (Usual with { Links = [new() { Uri = "https://example.org" }] }, "links changed"),
            (Usual with { Metadata = new Dictionary<string, string> { ["deal"] = "1" } }, "metadata changed"), (Usual with { Uid = "other" }, "UID changed"),
            (Usual with { EndTimeZone = "Asia/Tokyo" }, "end's time zone changed"), (Usual with { External = new() { Source = "google" } }, "origin changed"),
            (Usual with { Attachments = [new() { Uri = "https://example.org" }] }, "attachments changed"),
        ];
        Assert.All(cases, one => Assert.Equal(one.Told + ByBen, Of(Usual, one.After)));
    }

    [Fact]
    public void Exceptions_of_a_series_are_told()
    {
        var series = Usual with { Recurrence = new() { Rule = "FREQ=DAILY", Excluded = [], Added = [] } };
        var without = series with { Recurrence = series.Recurrence with { Excluded = [new(2026, 11, 25, 9, 0)] } };
        Assert.Equal("occurrence of 2026-11-25 09:00 taken out" + ByBen, Of(series, without));
        Assert.Equal("occurrence of 2026-11-25 09:00 put back" + ByBen, Of(without, series));
        Assert.Equal("recurs otherwise (FREQ=WEEKLY)" + ByBen, Of(series, series with { Recurrence = series.Recurrence with { Rule = "FREQ=WEEKLY" } }));
        Assert.Equal("recurs no more" + ByBen, Of(series, series with { Recurrence = null }));
    }

    [Fact]
    public void What_was_erased_reads_as_if_it_had_not_been_there() =>
        Assert.Equal("user:ben taken off" + ByBen, Of(
            Usual with { Title = null, Location = null }, Usual with { Title = null, Location = null, Attendees = [Usual.Attendees![0]] }));

    private static string Of(Appointment? before, Appointment? after) => ChangeSummary.Of(before, after, "user:ben", "crm");
}
