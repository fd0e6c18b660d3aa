using System.Globalization;
using System.Text.Json.Nodes;
using Kalends.Appointments;
using Kalends.Messages;
using NodaTime;
using static Kalends.Tests.Conversations.Series.SeriesDesk;

namespace Kalends.Tests.Conversations.Series;

/// <summary>What was changed by itself, and the rest of a series, through every change of the whole.</summary>
public class SeriesCarryTests
{
    [Fact]
    public async Task Adjacent_changed_occurrences_survive_a_series_moved_by_a_day()
    {
        await using var desk = await Desk.Open();
        var id = Id(await desk.SaveOne(With(Weekly, """ "recurrence":{"rule":"FREQ=DAILY"} """)));
        await desk.SaveOne(With((await Occurrence(desk, "2026-11-03")).ToJsonString(), "\"title\":\"Tue\""));
        await desk.SaveOne(With((await Occurrence(desk, "2026-11-04")).ToJsonString(), "\"title\":\"Wed\""));
        var series = JsonNode.Parse((await desk.Get(id)).ToJsonString())!;
        series["start"] = "2026-11-03T09:00:00";
        var saved = await desk.SaveOne(series.ToJsonString());
        Assert.Null(saved["dropped"]);
        var entries = await desk.Entries("2026-11-03", "2026-11-07");
        Assert.Equal(["Standup", "Tue", "Wed", "Standup"], entries.Select(entry => (string)entry.Appointment["title"]!));
        await Sound(desk);
    }

    [Fact]
    public async Task Two_changed_occurrences_do_not_land_on_one_place_in_silence()
    {
        await using var desk = await Desk.Open();
        var id = Id(await desk.SaveOne(With(Weekly, """ "recurrence":{"rule":"FREQ=DAILY;BYHOUR=9,15"} """)));
        var day = await desk.Entries("2026-11-03", "2026-11-04");
        await desk.SaveOne(With(day[0].Appointment.ToJsonString(), "\"title\":\"Morning\""));
        await desk.SaveOne(With(day[1].Appointment.ToJsonString(), "\"title\":\"Afternoon\""));
        var saved = await desk.SaveOne(With((await desk.Get(id)).ToJsonString(), """ "recurrence":{"rule":"FREQ=DAILY"} """));
        var entries = await desk.Entries("2026-11-03", "2026-11-04");
        Assert.Equal(["Morning"], entries.Select(entry => (string)entry.Appointment["title"]!));
        Assert.NotNull(saved["dropped"]);
        await Sound(desk);
    }

    [Fact]
    public async Task A_split_at_a_day_whose_clocks_skipped_the_time_goes_on_at_the_rules_time()
    {
        await using var desk = await Desk.Open();
        await desk.SaveOne(With(Weekly, """ "start":"2026-11-02T02:30:00","recurrence":{"rule":"FREQ=DAILY"} """));
        var gap = await Occurrence(desk, "2027-03-28");
        await desk.SaveOne(With(gap.ToJsonString(), "\"title\":\"New\""), "this-and-following");
        Assert.Equal(["2027-03-28T01:30:00Z", "2027-03-29T00:30:00Z", "2027-03-30T00:30:00Z"], await desk.Starts("2027-03-28", "2027-03-31"));
        await Sound(desk);
    }

    [Fact]
    public async Task A_split_keeps_the_day_of_the_month_that_a_short_month_skipped()
    {
        await using var desk = await Desk.Open();
        await desk.SaveOne(With(Weekly, """ "start":"2027-01-31T09:00:00","recurrence":{"rule":"RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD"} """));
        var before = await desk.Starts("2027-01-01", "2027-08-01");
        var at = await Occurrence(desk, "2027-02-28");
        await desk.SaveOne(With(at.ToJsonString(), "\"title\":\"New\""), "this-and-following");
        Assert.Equal(before, await desk.Starts("2027-01-01", "2027-08-01"));
    }

    [Fact]
    public async Task A_changed_occurrence_saved_for_all_says_what_it_was_given()
    {
        await using var desk = await Desk.Open();
        await desk.SaveOne(Weekly);
        var second = await Occurrence(desk, "2026-11-09");
        await desk.SaveOne(With(second.ToJsonString(), """ "start":"2026-11-10T14:00:00","title":"Special" """));
        var moved = await desk.Get(Id(second));
        await desk.SaveOne(With(moved.ToJsonString(), """ "start":"2026-11-10T15:00:00","title":"For all" """), "all");
        var entries = await desk.Entries("2026-11-09", "2026-11-16");
        Assert.Equal(("2026-11-10T14:00:00Z", "For all"), (entries[0].From, (string)entries[0].Appointment["title"]!));
    }

    [Fact]
    public async Task A_changed_occurrence_saved_for_what_follows_says_what_it_was_given()
    {
        await using var desk = await Desk.Open();
        await desk.SaveOne(Weekly);
        var second = await Occurrence(desk, "2026-11-09");
        await desk.SaveOne(With(second.ToJsonString(), """ "title":"Special" """));
        var moved = await desk.Get(Id(second));
        await desk.SaveOne(With(moved.ToJsonString(), """ "title":"From now on" """), "this-and-following");
        var entries = await desk.Entries("2026-11-09", "2026-11-20");
        Assert.Equal(["From now on", "From now on"], entries.Select(entry => (string)entry.Appointment["title"]!));
    }

    [Fact]
    public async Task Moving_all_by_hours_keeps_the_last_occurrence()
    {
        await using var desk = await Desk.Open();
        await desk.SaveOne(With(Weekly, """ "recurrence":{"rule":"FREQ=WEEKLY;UNTIL=20261130T080000Z"} """));
        Assert.Equal(5, (await desk.Starts("2026-11-01", "2027-01-01")).Count);
        var second = await Occurrence(desk, "2026-11-09");
        await desk.SaveOne(With(second.ToJsonString(), """ "start":"2026-11-09T10:00:00" """), "all");
        Assert.Equal(5, (await desk.Starts("2026-11-01", "2027-01-01")).Count);
    }

    [Fact]
    public async Task A_series_made_all_day_leaves_its_changed_occurrence_whole()
    {
        await using var desk = await Desk.Open();
        var id = Id(await desk.SaveOne(Weekly));
        var second = await Occurrence(desk, "2026-11-09");
        await desk.SaveOne(With(second.ToJsonString(), """ "duration":"PT2H" """));
        var series = JsonNode.Parse((await desk.Get(id)).ToJsonString())!.AsObject();
        foreach (var (name, value) in new[] { ("start", "2026-11-02T00:00:00"), ("timeZone", null), ("duration", "P1D") })
        {
            series[name] = value;
        }

        series["allDay"] = true;
        await desk.SaveOne(series.ToJsonString());
        var changed = await desk.Get(Id((await desk.Entries("2026-11-08", "2026-11-12"))[0].Appointment));
        await desk.SaveOne(changed.ToJsonString());
    }

    [Fact]
    public async Task A_changed_occurrence_in_a_zone_of_its_own_saved_for_all_does_not_move_the_series()
    {
        await using var desk = await Desk.Open();
        await desk.SaveOne(Weekly);
        var second = await Occurrence(desk, "2026-11-09");
        await desk.SaveOne(With(second.ToJsonString(), """ "start":"2026-11-09T03:00:00","timeZone":"America/New_York" """));
        var moved = await desk.Get(Id(second));
        await desk.SaveOne(With(moved.ToJsonString(), """ "title":"For all" """), "all");
        Assert.Equal(["2026-11-02T08:00:00Z", "2026-11-09T08:00:00Z", "2026-11-16T08:00:00Z"], await desk.Starts("2026-11-01", "2026-11-20"));
    }

    [Fact]
    public async Task What_was_changed_at_the_second_passing_of_an_hour_stays_there()
    {
        await using var desk = await Desk.Open();
        var id = Id(await desk.SaveOne(With(Weekly, """ "start":"2027-10-31T00:00:00","duration":"PT10M","recurrence":{"rule":"FREQ=HOURLY;COUNT=6"} """)));
        var entries = await desk.Entries("2027-10-30", "2027-11-01");
        var second = entries.Single(entry => entry.From == "2027-10-31T01:00:00Z").Appointment;
        await desk.SaveOne(With(second.ToJsonString(), "\"title\":\"Second\""));
        await desk.SaveOne(With((await desk.Get(id)).ToJsonString(), "\"location\":\"Room\""));
        Assert.Equal("2027-10-31T01:00:00Z", (await desk.Entries("2027-10-30", "2027-11-01")).Single(entry => (string)entry.Appointment["title"]! == "Second").From);
        await Sound(desk);
    }

    [Fact]
    public async Task A_changed_occurrence_is_never_left_without_anybody()
    {
        await using var desk = await Desk.Open();
        var id = Id(await desk.SaveOne(Weekly));
        var second = await Occurrence(desk, "2026-11-09");
        await desk.SaveOne(With(second.ToJsonString(), """ "attendees":[{"calendar":"user:ben"}] """));
        await desk.SaveOne(With((await desk.Get(id)).ToJsonString(), """ "attendees":[{"calendar":"user:ana"}] """));
        await Sound(desk);
    }

    [Fact]
    public async Task Pages_show_a_series_that_was_split_and_deleted_since_as_it_was()
    {
        foreach (var what in new[] { "split", "delete", "single", "detach", "exclude", "attendee" })
        {
            await using var desk = await Desk.Open();
            var id = Id(await desk.SaveOne(With(Weekly, """ "recurrence":{"rule":"FREQ=DAILY"} """)));
            await desk.SaveOne(With((await Occurrence(desk, "2026-11-05")).ToJsonString(), """ "start":"2026-11-05T15:00:00","title":"Special" """));
            const string Query = """ "timespan":{"from":"2028-10-25T00:00:00Z","to":"2028-11-12T00:00:00Z"},"attendees":["user:ana"],"limit":3 """;
            var page = await desk.Do("get-appointments", $"{{{Query}}}");
            var before = await desk.Starts("2028-10-25", "2028-11-12");
            var at = await Occurrence(desk, "2028-10-30");
            await (what switch
            {
                "split" => desk.SaveOne(With(at.ToJsonString(), """ "start":"2028-10-30T12:00:00","title":"New" """), "this-and-following"),
                "delete" => desk.Delete(id),
                "single" => desk.SaveOne(With((await desk.Get(id)).ToJsonString(), "\"title\":\"New\",\"recurrence\":null")),
                "detach" => desk.SaveOne(With(at.ToJsonString(), """ "start":"2028-10-26T12:00:00","title":"New" """)),
                "exclude" => desk.Delete(Id(at)),
                _ => desk.SaveOne(With((await desk.Get(id)).ToJsonString(), """ "owner":"user:ana","attendees":[{"calendar":"user:ben"}] """)),
            });
            var starts = new List<string>();
            while (true)
            {
                starts.AddRange(page["entries"]!.AsArray().Select(entry => (string)entry!["from"]!));
                Assert.All(page["appointments"]!.AsObject(), pair => Assert.Equal("Standup", (string)pair.Value!["title"]!));
                if (page["cursor"] is not { } cursor)
                {
                    break;
                }

                page = await desk.Do("get-appointments", $$"""{{{Query}},"cursor":"{{cursor}}"}""");
            }

            Assert.True(before.SequenceEqual(starts), $"{what}: {string.Join(" ", before)} / {string.Join(" ", starts)}");
            await Sound(desk);
        }
    }

    [Fact]
    public async Task Links_of_three_parts_hold_together()
    {
        await using var desk = await Desk.Open();
        var a = Id(await desk.SaveOne(Weekly));
        var c = Id(await desk.SaveOne(With((await Occurrence(desk, "2026-12-07")).ToJsonString(), "\"title\":\"C\""), "this-and-following"));
        var b = Id(await desk.SaveOne(With((await Occurrence(desk, "2026-11-16")).ToJsonString(), "\"title\":\"B\""), "this-and-following"));
        Assert.Equal(b, (string)(await desk.Get(c))["series"]!["previous"]!);
        Assert.Equal(c, (string)(await desk.Get(b))["series"]!["next"]!);
        Assert.Equal(b, (string)(await desk.Get(a))["series"]!["next"]!);
    }

    [Theory]
    [InlineData(-7)]
    [InlineData(7)]
    public async Task Every_series_moved_by_a_week_keeps_its_changed_occurrences(int days)
    {
        await using var desk = await Desk.Open();
        await desk.SaveOne(Weekly);
        foreach (var (date, title) in new[] { ("2026-11-16", "C"), ("2026-11-23", "D"), ("2026-11-30", "E") })
        {
            await desk.SaveOne(With((await Occurrence(desk, date)).ToJsonString(), $"\"title\":\"{title}\""));
        }

        var at = await Occurrence(desk, "2026-12-07");
        await desk.SaveOne(With(at.ToJsonString(), $"\"start\":\"{new LocalDateTime(2026, 12, 7, 9, 0).PlusDays(days):uuuu-MM-dd'T'HH:mm:ss}\""), "all");
        var titles = (await desk.Entries("2026-11-01", "2026-12-20")).Select(entry => (string)entry.Appointment["title"]!).Where(title => title != "Standup");
        Assert.Equal(["C", "D", "E"], titles);
        await Sound(desk);
    }

    [Fact]
    public async Task A_split_is_refused_where_it_would_lose_the_phase_of_excluded_rules()
    {
        await using var desk = await Desk.Open();
        await desk.SaveOne(With(Weekly, """ "recurrence":{"rule":"FREQ=WEEKLY","excludedRules":["FREQ=WEEKLY;INTERVAL=3"]} """));
        var before = await desk.Starts("2026-11-01", "2027-02-01");
        var at = await Occurrence(desk, "2026-11-16");
        var refusal = await desk.RefusedSave(With(at.ToJsonString(), "\"title\":\"New\""), "this-and-following");
        Assert.Equal("/appointments/0/recurrence", Assert.Single(refusal.Errors).Pointer);
        Assert.Equal(before, await desk.Starts("2026-11-01", "2027-02-01"));
    }

    [Fact]
    public async Task A_split_is_refused_where_it_would_lose_the_phase_of_more_rules()
    {
        await using var desk = await Desk.Open();
        await desk.SaveOne(With(Weekly, """ "recurrence":{"rule":"FREQ=WEEKLY","moreRules":["FREQ=DAILY;INTERVAL=5"]} """));
        var before = await desk.Starts("2026-11-01", "2027-02-01");
        var at = await Occurrence(desk, "2026-11-16");
        var refusal = await desk.RefusedSave(With(at.ToJsonString(), "\"title\":\"New\""), "this-and-following");
        Assert.Equal("/appointments/0/recurrence", Assert.Single(refusal.Errors).Pointer);
        Assert.Equal(before, await desk.Starts("2026-11-01", "2027-02-01"));
    }
}
