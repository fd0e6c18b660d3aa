using Kalends.Messages;
using static Kalends.Tests.Conversations.Series.SeriesDesk;

namespace Kalends.Tests.Conversations.Series;

/// <summary>A series is saved once and lies on its calendars occurrence by occurrence, as far as anybody looks.</summary>
public class SeriesTests
{
    [Fact]
    public async Task A_series_is_stored_two_years_ahead_and_each_occurrence_is_an_appointment()
    {
        await using var desk = await Desk.Open();
        var saved = await desk.SaveOne(Weekly);
        Assert.Equal((true, 105), ((bool)saved["created"]!, (int)saved["occurrences"]!));

        var entries = await desk.Entries("2026-11-01", "2026-11-15", "user:ben");
        Assert.Equal(["2026-11-02T08:00:00Z", "2026-11-09T08:00:00Z"], entries.Select(entry => entry.From));
        var second = entries[1].Appointment;
        Assert.Equal(("Standup", "2026-11-09T09:00:00", (string)saved["id"]!, "2026-11-09T09:00:00", false, null),
            ((string)second["title"]!, (string)second["start"]!, (string)second["series"]!["id"]!, (string)second["series"]!["recurrenceId"]!,
                (bool)second["series"]!["detached"]!, second["recurrence"]));
        Assert.Equal(second.ToJsonString(), (await desk.Get((string)second["id"]!)).ToJsonString());

        var series = await desk.Get((string)saved["id"]!);
        Assert.Equal(("FREQ=WEEKLY", "2026-11-02T08:00:00Z", null), ((string)series["recurrence"]!["rule"]!, (string)series["span"]!["from"]!, series["series"]));
        Assert.Empty(await desk.FindBroken());
    }

    [Fact]
    public async Task Beyond_what_is_stored_queries_answer_from_the_rules()
    {
        await using var desk = await Desk.Open();
        await desk.SaveOne(Weekly);
        Assert.Equal(["2029-12-03T08:00:00Z", "2029-12-10T08:00:00Z"], await desk.Starts("2029-12-01", "2029-12-15"));
        var around = await desk.Starts("2028-10-20", "2028-11-15");
        Assert.Equal(["2028-10-23T07:00:00Z", "2028-10-30T08:00:00Z", "2028-11-06T08:00:00Z", "2028-11-13T08:00:00Z"], around);
        const string Far = """{"from":"2030-01-07T08:30:00Z","to":"2030-01-07T09:00:00Z"}""";
        var conflicts = await desk.Do("check-for-conflicts", $$"""{"timespan":{{Far}},"attendees":["user:ben"]}""");
        Assert.Equal("Standup", (string)conflicts["conflicts"]![0]!["busy"]![0]!["title"]!);
        var free = await desk.Do("get-free-busy", $$"""{"timespan":{{Far}},"attendees":["user:ana","user:ben"]}""");
        Assert.All(free["calendars"]!.AsArray(), calendar => Assert.Single(calendar!["busy"]!.AsArray()));
        var openings = await desk.Do("find-openings", $$"""{"timespan":{"from":"2030-01-07T00:00:00Z","to":"2030-01-08T00:00:00Z"},"attendees":["user:ana"]}""");
        Assert.Equal(["2030-01-07T00:00:00Z", "2030-01-07T09:00:00Z"], openings["openings"]!.AsArray().Select(opening => (string)opening!["from"]!));
    }

    [Fact]
    public async Task An_occurrence_has_the_same_id_before_it_is_stored_and_after()
    {
        await using var desk = await Desk.Open();
        await desk.SaveOne(Weekly);
        var before = (await desk.Entries("2029-01-01", "2029-02-01")).Select(entry => entry.Appointment.ToJsonString()).ToList();
        Assert.Equal(5, before.Count);
        desk.Clock.Now += NodaTime.Duration.FromDays(366);
        Assert.Equal((1, true), (await desk.Do("update-occurrences", "{}")) is var done ? ((int)done["series"]!, (int)done["occurrences"]! > 50) : default);
        Assert.Equal(before, (await desk.Entries("2029-01-01", "2029-02-01")).Select(entry => entry.Appointment.ToJsonString()));
        Assert.Empty(await desk.FindBroken());
    }

    [Fact]
    public async Task Pages_beyond_what_is_stored_are_whole_and_in_order()
    {
        await using var desk = await Desk.Open();
        await desk.SaveOne(Weekly);
        await desk.SaveOne(With(Weekly, """ "start":"2026-11-03T09:00:00","title":"Tuesdays" """));
        var (cursor, starts) = ("", new List<string>());
        do
        {
            var page = await desk.Do(
                "get-appointments",
                $$"""{"timespan":{"from":"2028-10-01T00:00:00Z","to":"2029-01-01T00:00:00Z"},"attendees":["user:ana","user:ben"],"limit":7{{cursor}}}""");
            starts.AddRange(page["entries"]!.AsArray().Select(entry => $"{entry!["calendar"]} {entry["from"]}"));
            cursor = page["cursor"] is { } next ? $",\"cursor\":\"{next}\"" : "";
        }
        while (cursor.Length > 0);
        Assert.Equal(2 * 26, starts.Count);
        Assert.Equal(starts.Order(StringComparer.Ordinal), starts);
        Assert.Equal(starts.Distinct(), starts);
    }

    [Fact]
    public async Task A_series_in_a_room_is_refused_where_any_occurrence_clashes_and_says_which()
    {
        await using var desk = await Desk.Open();
        var room = """ "attendees":[{"calendar":"user:ana"},{"calendar":"room:paris-3"}] """;
        var single = await desk.Save(With("""{"start":"2027-03-01T09:30:00","timeZone":"Europe/Paris","duration":"PT1H"}""", room));
        var refusal = await desk.RefusedSave(With(Weekly, room));
        var clash = Assert.Single(refusal.Conflicts);
        Assert.Equal((RefusalCode.Conflict, "room:paris-3", single, new NodaTime.LocalDateTime(2027, 3, 1, 9, 0)),
            (refusal.Code, clash.Calendar.Value, clash.Appointment.ToString(), clash.Occurrence));

        await desk.Delete(single);
        await desk.SaveOne(With(Weekly, room));
        Assert.Equal(RefusalCode.Conflict, (await desk.RefusedSave(
            With("""{"start":"2029-03-05T09:30:00","timeZone":"Europe/Paris","duration":"PT1H"}""", room))).Code);
        Assert.Equal(RefusalCode.Conflict, (await desk.RefusedSave(With(Weekly, room + ""","start":"2029-06-04T09:30:00" """))).Code);
    }

    [Fact]
    public async Task A_dry_run_says_which_occurrences_would_lie_on_something()
    {
        await using var desk = await Desk.Open();
        await desk.Save("""{"start":"2026-11-16T09:30:00","timeZone":"Europe/Paris","duration":"PT1H"}""");
        var answer = await desk.Do("save-appointments", $$"""{"appointments":[{{Weekly}}]}""", options: new() { DryRun = true });
        var clash = Assert.Single(answer["conflicts"]!.AsArray());
        Assert.Equal(("user:ana", "2026-11-16T09:00:00"), ((string)clash!["calendar"]!, (string)clash["occurrence"]!));
        Assert.Empty(await desk.Entries("2026-11-01", "2026-11-10"));
    }

    [Fact]
    public async Task A_start_that_does_not_fit_its_rule_is_refused_with_the_nearest_that_does()
    {
        await using var desk = await Desk.Open();
        var refusal = await desk.RefusedSave(With(Weekly, """ "recurrence":{"rule":"FREQ=WEEKLY;BYDAY=TU"} """));
        var error = Assert.Single(refusal.Errors);
        Assert.Equal("/appointments/0/start", error.Pointer);
        Assert.Contains("2026-11-03T09:00:00", error.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"rule":"FREQ=WEEKLY;BYMONTHDAY=3"}""", "/appointments/0/recurrence/rule", "BYMONTHDAY")]
    [InlineData("""{"rule":"FREQ=NEVER"}""", "/appointments/0/recurrence/rule", "FREQ")]
    [InlineData("""{"rule":"FREQ=SECONDLY"}""", "/appointments/0/recurrence/rule", "20000 times")]
    [InlineData("""{"rule":"FREQ=MINUTELY;COUNT=1000000000"}""", "/appointments/0/recurrence/rule", "20000 times")]
    [InlineData("""{"rule":"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}""", "/appointments/0/recurrence/rule", "never occurs")]
    [InlineData("""{"rule":"FREQ=DAILY;INTERVAL=0"}""", "/appointments/0/recurrence/rule", "INTERVAL")]
    [InlineData("""{"rule":"FREQ=DAILY","excludedRules":["FREQ=DAILY"]}""", "/appointments/0/recurrence", "never occurs")]
    [InlineData("""{"rule":"FREQ=DAILY;UNTIL=20200101"}""", "/appointments/0/recurrence/rule", "never occurs")]
    [InlineData("""{}""", "/appointments/0/recurrence/rule", "required")]
    public async Task A_recurrence_that_cannot_be_meant_is_refused_naming_the_part(string recurrence, string pointer, string says)
    {
        await using var desk = await Desk.Open();
        var refusal = await desk.RefusedSave(With(Weekly, $"\"recurrence\":{recurrence}"));
        var error = Assert.Single(refusal.Errors);
        Assert.Equal(pointer, error.Pointer);
        Assert.Contains(says, error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_all_day_series_lies_in_each_calendars_own_days_also_beyond_what_is_stored()
    {
        await using var desk = await Desk.Open();
        await desk.Do("save-calendars", """{"calendars":[{"calendar":"user:ana","kind":"user","timeZone":"Asia/Tokyo"}]}""");
        await desk.SaveOne("""{"allDay":true,"start":"2026-11-05","recurrence":{"rule":"FREQ=YEARLY"},"attendees":[{"calendar":"user:ana"},{"calendar":"user:ben"}]}""");
        foreach (var year in new[] { 2027, 2029 })
        {
            Assert.Equal([$"{year}-11-04T15:00:00Z"], await desk.Starts($"{year}-11-01", $"{year}-11-10"));
            Assert.Equal([$"{year}-11-05T00:00:00Z"], await desk.Starts($"{year}-11-01", $"{year}-11-10", "user:ben"));
        }

        Assert.Empty(await desk.FindBroken());
    }

    [Fact]
    public async Task Changes_tell_of_a_series_once_and_of_an_occurrence_when_it_was_changed_by_itself()
    {
        await using var desk = await Desk.Open();
        var first = await desk.Do("get-changes", """{"calendar":"user:ben"}""");
        var id = (string)(await desk.SaveOne(Weekly))["id"]!;
        var second = await desk.Do("get-changes", $$"""{"calendar":"user:ben","since":"{{first["token"]}}"}""");
        Assert.Equal([(id, "created")], second["changes"]!.AsArray().Select(change => ((string)change!["id"]!, (string)change["kind"]!)));
        var occurrence = (await desk.Entries("2026-11-09", "2026-11-10"))[0].Appointment;
        await desk.SaveOne(With(occurrence.ToJsonString(), "\"title\":\"Other\""));
        var third = await desk.Do("get-changes", $$"""{"calendar":"user:ben","since":"{{second["token"]}}"}""");
        Assert.Equal([((string)occurrence["id"]!, "modified")], third["changes"]!.AsArray().Select(change => ((string)change!["id"]!, (string)change["kind"]!)));
        await desk.Delete((string)occurrence["id"]!);
        var fourth = await desk.Do("get-changes", $$"""{"calendar":"user:ben","since":"{{third["token"]}}"}""");
        Assert.Equivalent(new[] { (id, "modified"), ((string)occurrence["id"]!, "deleted") },
            fourth["changes"]!.AsArray().Select(change => ((string)change!["id"]!, (string)change["kind"]!)));
    }

    [Fact]
    public async Task A_whole_series_is_checked_before_it_is_booked()
    {
        await using var desk = await Desk.Open();
        await desk.SaveOne(With(Weekly, """ "start":"2026-11-03T09:30:00","title":"Tuesdays","recurrence":{"rule":"FREQ=MONTHLY;BYMONTHDAY=3"} """));
        await desk.Save("""{"start":"2026-11-16T08:30:00","timeZone":"Europe/Paris","duration":"PT45M","title":"One"}""");
        const string Query = """
            "timespan":{"from":"2026-11-02T08:00:00Z","to":"2026-11-02T09:00:00Z"},"attendees":["user:ana","user:ben"],"timeZone":"Europe/Paris"
            """;
        var found = await desk.Do("check-for-conflicts", $"{{{Query},\"rule\":\"FREQ=DAILY;COUNT=40\"}}");
        Assert.Equal(
            ["user:ana 2026-11-03T09:00:00 Tuesdays", "user:ana 2026-11-16T09:00:00 One", "user:ana 2026-12-03T09:00:00 Tuesdays",
                "user:ben 2026-11-03T09:00:00 Tuesdays", "user:ben 2026-12-03T09:00:00 Tuesdays"],
            found["conflicts"]!.AsArray().SelectMany(calendar => calendar!["busy"]!.AsArray().Select(busy =>
                $"{calendar["calendar"]} {busy!["occurrence"]} {busy["title"]}")));
        Assert.Null(found["checkedUntil"]);

        var (cursor, all) = ("", 0);
        do
        {
            found = await desk.Do("check-for-conflicts", $"{{{Query},\"rule\":\"FREQ=DAILY\",\"limit\":7{cursor}}}");
            all += found["conflicts"]!.AsArray().Sum(calendar => calendar!["busy"]!.AsArray().Count);
            cursor = found["cursor"] is { } next ? $",\"cursor\":\"{next}\"" : "";
        }
        while (cursor.Length > 0);
        Assert.Equal((123, "2031-11-06T08:00:00Z"), (all, (string)found["checkedUntil"]!));
        var unfit = await desk.Refused("check-for-conflicts", $"{{{Query},\"rule\":\"FREQ=WEEKLY;BYDAY=FR\"}}");
        Assert.Contains("2026-10-30T09:00:00", unfit.Errors[0].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_private_or_secret_of_a_series_is_so_in_every_occurrence()
    {
        await using var desk = await Desk.Open();
        await desk.SaveOne(With(Weekly, """ "privacy":"private","title":"Doctor","attendees":[{"calendar":"user:ana"}] """));
        await desk.SaveOne(With(Weekly, """ "privacy":"secret","title":"Secret","start":"2026-11-03T09:00:00","attendees":[{"calendar":"user:ana"}] """));
        var carla = Desk.As("user:carla");
        foreach (var month in new[] { "2026-11", "2029-11" })
        {
            var seen = await desk.Entries($"{month}-01", $"{month}-30", caller: carla);
            Assert.Equal(4, seen.Count);
            Assert.All(seen, entry => Assert.Equal(["freeBusyStatus", "masked", "span"], entry.Appointment.Select(member => member.Key).Order()));
            var secret = (await desk.Entries($"{month}-01", $"{month}-30")).First(entry => (string)entry.Appointment["title"]! == "Secret").Appointment;
            Assert.Equal(RefusalCode.NotFound, (await desk.Refused("get-appointment", $$"""{"id":"{{secret["id"]}}"}""", carla)).Code);
            Assert.Equal(RefusalCode.NotFound, (await desk.Refused("get-appointment", $$"""{"id":"{{secret["series"]!["id"]}}"}""", carla)).Code);
            Assert.Equal(RefusalCode.NotFound, (await desk.Refused("delete-appointments", $$"""{"appointments":[{"id":"{{secret["id"]}}"}]}""", carla)).Code);
        }

        var changes = await desk.Do("get-changes", """{"calendar":"user:ana"}""", carla);
        Assert.Single(changes["changes"]!.AsArray());
        Assert.DoesNotContain("Doctor", (await desk.Do("check-for-conflicts", """
            {"timespan":{"from":"2026-11-01T00:00:00Z","to":"2026-11-30T00:00:00Z"},"attendees":["user:ana"]}
            """, carla)).ToJsonString(), StringComparison.Ordinal);
    }
}
