using System.Text.Json.Nodes;
using Kalends.Messages;
using static Kalends.Tests.Conversations.Series.SeriesDesk;

namespace Kalends.Tests.Conversations.Series;

/// <summary>This one, this and all that follow, all: what changes, what stays, and what the answer says was dropped.</summary>
public class SeriesEditTests
{
    [Fact]
    public async Task One_occurrence_is_moved_and_the_others_stay()
    {
        await using var desk = await Desk.Open();
        var series = await desk.SaveOne(Weekly);
        var second = await Occurrence(desk, "2026-11-09");
        var saved = await desk.SaveOne(With(second.ToJsonString(), """ "start":"2026-11-10T14:00:00","title":"Moved" """));
        Assert.Equal((Id(second), 2, false), (Id(saved), (int)saved["version"]!, (bool)saved["created"]!));

        Assert.Equal(["2026-11-02T08:00:00Z", "2026-11-10T13:00:00Z", "2026-11-16T08:00:00Z"], await desk.Starts("2026-11-01", "2026-11-20", "user:ben"));
        var moved = await desk.Get(Id(second));
        Assert.Equal(("Moved", "2026-11-09T09:00:00", true, Id(series)),
            ((string)moved["title"]!, (string)moved["series"]!["recurrenceId"]!, (bool)moved["series"]!["detached"]!, (string)moved["series"]!["id"]!));
        await Sound(desk);
    }

    [Fact]
    public async Task An_occurrence_beyond_what_is_stored_is_moved_and_never_made_again()
    {
        await using var desk = await Desk.Open();
        await desk.SaveOne(Weekly);
        var far = await Occurrence(desk, "2029-12-03");
        await desk.SaveOne(With(far.ToJsonString(), """ "start":"2029-12-04T10:00:00" """));
        await desk.Delete(Id(await Occurrence(desk, "2029-12-10")));
        string[] expected = ["2029-12-04T09:00:00Z", "2029-12-17T08:00:00Z"];
        Assert.Equal(expected, await desk.Starts("2029-12-01", "2029-12-20"));
        await Sound(desk);
        desk.Clock.Now += NodaTime.Duration.FromDays(800);
        await desk.Do("update-occurrences", "{}");
        Assert.Equal(expected, await desk.Starts("2029-12-01", "2029-12-20"));
        await Sound(desk);
    }

    [Fact]
    public async Task An_occurrence_is_saved_against_its_version()
    {
        await using var desk = await Desk.Open();
        await desk.SaveOne(Weekly);
        var second = await Occurrence(desk, "2026-11-09");
        await desk.SaveOne(With(second.ToJsonString(), "\"title\":\"One\""));
        Assert.Equal(RefusalCode.StaleVersion, (await desk.RefusedSave(With(second.ToJsonString(), "\"title\":\"Two\""))).Code);
    }

    [Fact]
    public async Task This_and_following_splits_the_series_and_links_both_halves()
    {
        await using var desk = await Desk.Open();
        var first = await desk.SaveOne(With(Weekly, """ "recurrence":{"rule":"FREQ=WEEKLY;COUNT=6","excluded":["2026-11-30T09:00:00"]} """));
        var third = await Occurrence(desk, "2026-11-16");
        var saved = await desk.SaveOne(With(third.ToJsonString(), """ "start":"2026-11-16T11:00:00","title":"Later" """), "this-and-following");
        Assert.Equal((true, 3), ((bool)saved["created"]!, (int)saved["occurrences"]!));
        Assert.Equal((Id(first), 2, 2), (Id(saved["previous"]!), (int)saved["previous"]!["version"]!, (int)saved["previous"]!["occurrences"]!));

        Assert.Equal(
            ["2026-11-02T08:00:00Z", "2026-11-09T08:00:00Z", "2026-11-16T10:00:00Z", "2026-11-23T10:00:00Z", "2026-12-07T10:00:00Z"],
            await desk.Starts("2026-11-01", "2027-06-01"));
        var (ended, second) = (await desk.Get(Id(first)), await desk.Get(Id(saved)));
        Assert.Equal(("FREQ=WEEKLY;COUNT=2", Id(saved)), ((string)ended["recurrence"]!["rule"]!, (string)ended["series"]!["next"]!));
        Assert.Equal(("FREQ=WEEKLY;COUNT=4", "2026-11-30T11:00:00", Id(first)),
            ((string)second["recurrence"]!["rule"]!, (string)second["recurrence"]!["excluded"]![0]!, (string)second["series"]!["previous"]!));
        Assert.NotEqual((string)ended["uid"]!, (string)second["uid"]!);
        await Sound(desk);
    }

    [Fact]
    public async Task What_was_changed_by_itself_goes_with_the_half_it_lies_in()
    {
        await using var desk = await Desk.Open();
        await desk.SaveOne(Weekly);
        await desk.SaveOne(With((await Occurrence(desk, "2026-11-09")).ToJsonString(), "\"title\":\"Early one\""));
        await desk.SaveOne(With((await Occurrence(desk, "2026-11-23")).ToJsonString(), "\"title\":\"Late one\""));
        var third = await Occurrence(desk, "2026-11-16");
        var saved = await desk.SaveOne(With(third.ToJsonString(), "\"location\":\"Room 3\""), "this-and-following");
        Assert.Null(saved["dropped"]);
        var entries = await desk.Entries("2026-11-01", "2026-12-01");
        Assert.Equal(["Standup", "Early one", "Standup", "Late one", "Standup"], entries.Select(entry => (string)entry.Appointment["title"]!));
        Assert.Equal([null, null, "Room 3", "Room 3", "Room 3"], entries.Select(entry => (string?)entry.Appointment["location"]));
        Assert.Equal(Id(saved), (string)entries[3].Appointment["series"]!["id"]!);
        await Sound(desk);
    }

    [Fact]
    public async Task Changing_the_whole_series_keeps_what_was_changed_by_itself_and_takes_on_the_rest()
    {
        await using var desk = await Desk.Open();
        var id = Id(await desk.SaveOne(Weekly));
        var second = await Occurrence(desk, "2026-11-09");
        await desk.SaveOne(With(second.ToJsonString(), """ "start":"2026-11-10T14:00:00","title":"Moved" """));
        var third = Id(await Occurrence(desk, "2026-11-16"));
        await desk.Do(
            "respond-to-appointments", $$"""{"appointments":[{"id":"{{third}}","calendar":"user:ben","response":"declined"}]}""", Desk.As("user:ben"));
        var series = await desk.Get(id);
        var all = With(series.ToJsonString(), """ "title":"New","location":"Room 3","attendees":[{"calendar":"user:ana"},{"calendar":"user:ben"},{"calendar":"user:carla"}] """);
        var saved = await desk.SaveOne(all);
        Assert.Equal((2, null), ((int)saved["version"]!, saved["dropped"]));

        var entries = await desk.Entries("2026-11-01", "2026-11-30", "user:carla");
        Assert.Equal(["New", "Moved", "New", "New"], entries.Select(entry => (string)entry.Appointment["title"]!));
        Assert.All(entries, entry => Assert.Equal("Room 3", (string)entry.Appointment["location"]!));
        Assert.Equal("2026-11-10T13:00:00Z", entries[1].From);
        Assert.Equal("declined", (string)entries[2].Appointment["attendees"]![1]!["response"]!);
        await Sound(desk);
    }

    [Fact]
    public async Task A_series_moved_by_an_hour_takes_its_exceptions_along()
    {
        await using var desk = await Desk.Open();
        var id = Id(await desk.SaveOne(Weekly));
        await desk.SaveOne(With((await Occurrence(desk, "2026-11-09")).ToJsonString(), "\"title\":\"Special\""));
        await desk.Delete(Id(await Occurrence(desk, "2026-11-16")));
        var series = JsonNode.Parse((await desk.Get(id)).ToJsonString())!;
        series["start"] = "2026-11-02T10:00:00";
        series["recurrence"]!.AsObject().Remove("excluded");
        var saved = await desk.SaveOne(series.ToJsonString());
        Assert.Null(saved["dropped"]);
        var entries = await desk.Entries("2026-11-01", "2026-11-30");
        Assert.Equal(["2026-11-02T09:00:00Z", "2026-11-09T09:00:00Z", "2026-11-23T09:00:00Z"], entries.Select(entry => entry.From));
        Assert.Equal("Special", (string)entries[1].Appointment["title"]!);
        await Sound(desk);
    }

    [Fact]
    public async Task What_a_new_rule_leaves_no_place_for_is_dropped_and_named()
    {
        await using var desk = await Desk.Open();
        var id = Id(await desk.SaveOne(With(Weekly, """ "recurrence":{"rule":"FREQ=DAILY"} """)));
        var tuesday = await Occurrence(desk, "2026-11-03");
        await desk.SaveOne(With(tuesday.ToJsonString(), "\"title\":\"Special\""));
        await desk.Delete(Id(await Occurrence(desk, "2026-11-04")));
        var saved = await desk.SaveOne(With((await desk.Get(id)).ToJsonString(), """ "recurrence":{"rule":"FREQ=WEEKLY"} """));
        Assert.Equal([null, Id(tuesday)], saved["dropped"]!.AsArray().Select(dropped => (string?)dropped!["id"]));
        Assert.Equal(["2026-11-04T09:00:00", "2026-11-03T09:00:00"], saved["dropped"]!.AsArray().Select(dropped => (string)dropped!["recurrenceId"]!));
        Assert.Equal(["2026-11-02T08:00:00Z", "2026-11-09T08:00:00Z"], await desk.Starts("2026-11-01", "2026-11-10"));
        await Sound(desk);
    }

    [Fact]
    public async Task An_occurrence_saved_for_all_moves_the_whole_series_and_its_weekday()
    {
        await using var desk = await Desk.Open();
        var id = Id(await desk.SaveOne(With(Weekly, """ "recurrence":{"rule":"FREQ=WEEKLY;BYDAY=MO,WE"} """)));
        var third = await Occurrence(desk, "2026-11-09");
        var saved = await desk.SaveOne(With(third.ToJsonString(), """ "start":"2026-11-10T08:00:00" """), "all");
        Assert.Equal((id, 2), (Id(saved), (int)saved["version"]!));
        Assert.Equal(["2026-11-03T07:00:00Z", "2026-11-05T07:00:00Z", "2026-11-10T07:00:00Z"], await desk.Starts("2026-11-01", "2026-11-11"));
        Assert.Equal("FREQ=WEEKLY;BYDAY=TU,TH", (string)(await desk.Get(id))["recurrence"]!["rule"]!);
        await Sound(desk);
    }

    [Fact]
    public async Task A_series_of_every_other_week_moves_with_its_weeks()
    {
        await using var desk = await Desk.Open();
        var id = Id(await desk.SaveOne(With(Weekly, """ "recurrence":{"rule":"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU"} """)));
        await desk.SaveOne(With((await Occurrence(desk, "2026-11-02")).ToJsonString(), """ "start":"2026-11-03T09:00:00" """), "all");
        Assert.Equal(
            ["2026-11-03T08:00:00Z", "2026-11-09T08:00:00Z", "2026-11-17T08:00:00Z", "2026-11-23T08:00:00Z"], await desk.Starts("2026-11-01", "2026-11-30"));
        Assert.Equal("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU;WKST=TU", (string)(await desk.Get(id))["recurrence"]!["rule"]!);
        await Sound(desk);
    }

    [Fact]
    public async Task A_series_keeps_its_wall_time_in_a_new_zone()
    {
        await using var desk = await Desk.Open();
        var id = Id(await desk.SaveOne(Weekly));
        await desk.SaveOne(With((await desk.Get(id)).ToJsonString(), """ "timeZone":"America/New_York" """));
        Assert.Equal(["2026-11-02T14:00:00Z", "2027-03-15T13:00:00Z"], [.. (await desk.Starts("2026-11-02", "2026-11-03")), .. (await desk.Starts("2027-03-15", "2027-03-16"))]);
        await Sound(desk);
    }

    [Fact]
    public async Task A_single_appointment_becomes_a_series_and_a_single_one_again()
    {
        await using var desk = await Desk.Open();
        var single = JsonNode.Parse(Weekly)!.AsObject();
        single.Remove("recurrence");
        var id = Id(await desk.SaveOne(single.ToJsonString()));
        var saved = await desk.SaveOne(With(Weekly, $"\"id\":\"{id}\""));
        Assert.Equal((2, false, 105), ((int)saved["version"]!, (bool)saved["created"]!, (int)saved["occurrences"]!));
        Assert.Equal(2, (await desk.Entries("2026-11-01", "2026-11-10")).Count);
        await desk.SaveOne(With((await Occurrence(desk, "2026-11-09")).ToJsonString(), "\"title\":\"Special\""));
        await Sound(desk);

        single["id"] = id;
        saved = await desk.SaveOne(single.ToJsonString());
        Assert.Equal((3, "2026-11-09T09:00:00"), ((int)saved["version"]!, (string)saved["dropped"]![0]!["recurrenceId"]!));
        Assert.Equal(["2026-11-02T08:00:00Z"], await desk.Starts("2026-11-01", "2030-01-01"));
        await Sound(desk);
    }

    [Fact]
    public async Task Deleting_takes_one_or_what_follows_or_all()
    {
        await using var desk = await Desk.Open();
        var id = Id(await desk.SaveOne(Weekly));
        await desk.Delete(Id(await Occurrence(desk, "2026-11-09")));
        Assert.Equal(["2026-11-02T08:00:00Z", "2026-11-16T08:00:00Z"], await desk.Starts("2026-11-01", "2026-11-20"));
        Assert.Equal("2026-11-09T09:00:00", (string)(await desk.Get(id))["recurrence"]!["excluded"]![0]!);
        await Sound(desk);

        await desk.SaveOne(With((await Occurrence(desk, "2026-12-07")).ToJsonString(), "\"title\":\"Special\""));
        await desk.Delete(Id(await Occurrence(desk, "2026-11-23")), "this-and-following");
        Assert.Equal(["2026-11-02T08:00:00Z", "2026-11-16T08:00:00Z"], await desk.Starts("2026-11-01", "2031-01-01"));
        await Sound(desk);

        var gone = await desk.Delete(Id(await Occurrence(desk, "2026-11-16")), "all");
        Assert.Equal(2, (int)gone["deleted"]![0]!["occurrences"]!);
        Assert.Empty(await desk.Starts("2026-11-01", "2031-01-01"));
        Assert.Equal(RefusalCode.NotFound, (await desk.Refused("get-appointment", $$"""{"id":"{{id}}"}""")).Code);
        await Sound(desk);
    }

    [Fact]
    public async Task A_series_of_which_every_occurrence_was_deleted_is_gone()
    {
        await using var desk = await Desk.Open();
        var id = Id(await desk.SaveOne(With(Weekly, """ "recurrence":{"rule":"FREQ=WEEKLY;COUNT=2"} """)));
        await desk.SaveOne(With((await Occurrence(desk, "2026-11-02")).ToJsonString(), "\"title\":\"Special\""));
        await desk.Delete(Id(await Occurrence(desk, "2026-11-02")));
        await desk.Delete(Id(await Occurrence(desk, "2026-11-09")));
        Assert.Equal(RefusalCode.NotFound, (await desk.Refused("get-appointment", $$"""{"id":"{{id}}"}""")).Code);
        await Sound(desk);
    }

    [Fact]
    public async Task An_answer_to_the_series_is_an_answer_to_every_occurrence()
    {
        await using var desk = await Desk.Open();
        var id = Id(await desk.SaveOne(Weekly));
        string Answer(string response) => $$"""{"appointments":[{"id":"{{id}}","calendar":"user:ben","response":"{{response}}"}]}""";
        await desk.Do("respond-to-appointments", Answer("declined"), Desk.As("user:ben"));
        var free = await desk.Do("get-free-busy", """{"timespan":{"from":"2026-11-01T00:00:00Z","to":"2030-01-01T00:00:00Z"},"attendees":["user:ben"]}""");
        Assert.Empty(free["calendars"]![0]!["busy"]!.AsArray());
        await Sound(desk);
        await desk.Do("respond-to-appointments", Answer("accepted"), Desk.As("user:ben"));
        free = await desk.Do("get-free-busy", """{"timespan":{"from":"2026-11-01T00:00:00Z","to":"2026-11-15T00:00:00Z"},"attendees":["user:ben"]}""");
        Assert.Equal(["busy", "busy"], free["calendars"]![0]!["busy"]!.AsArray().Select(busy => (string)busy!["freeBusyStatus"]!));
        await Sound(desk);
    }

    [Fact]
    public async Task Two_items_of_one_request_do_not_pull_at_the_same_series()
    {
        await using var desk = await Desk.Open();
        var id = Id(await desk.SaveOne(Weekly));
        var (first, second) = (await Occurrence(desk, "2026-11-02"), await Occurrence(desk, "2026-11-09"));
        var both = $$"""{"appointments":[{{first.ToJsonString()}},{{second.ToJsonString()}}],"scope":"all"}""";
        Assert.Equal("/appointments/1/id", (await desk.Refused("save-appointments", both)).Errors[0].Pointer);
        var mixed = $$"""{"appointments":[{{first.ToJsonString()}},{{(await desk.Get(id)).ToJsonString()}}]}""";
        Assert.Equal("/appointments/1/id", (await desk.Refused("save-appointments", mixed)).Errors[0].Pointer);
        await desk.Do("save-appointments", $$"""{"appointments":[{{first.ToJsonString()}},{{second.ToJsonString()}}]}""");
        await Sound(desk);
    }

    [Fact]
    public async Task Pages_show_a_series_as_it_was_at_the_first_of_them()
    {
        await using var desk = await Desk.Open();
        var id = Id(await desk.SaveOne(With(Weekly, """ "recurrence":{"rule":"FREQ=DAILY"} """)));
        await desk.SaveOne(With((await Occurrence(desk, "2026-11-05")).ToJsonString(), """ "start":"2026-11-05T15:00:00" """));
        const string Query = """ "timespan":{"from":"2026-11-01T00:00:00Z","to":"2026-11-12T00:00:00Z"},"attendees":["user:ana"],"limit":3 """;
        var page = await desk.Do("get-appointments", $"{{{Query}}}");
        var before = await desk.Starts("2026-11-01", "2026-11-12");
        await desk.SaveOne(With((await desk.Get(id)).ToJsonString(), """ "start":"2026-11-02T12:00:00","title":"New" """));
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

        Assert.Equal(before, starts);
    }
}
