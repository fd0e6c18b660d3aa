using System.Text.Json.Nodes;
using Kalends.Audit;
using Kalends.Messages;
using Kalends.Permissions;
using NodaTime;
using static Kalends.Tests.Conversations.Series.SeriesDesk;

namespace Kalends.Tests.Conversations.Audit;

/// <summary>Who views whose calendars, and what comes and goes.</summary>
public class EngagementTests
{
    private const string November = """ "timespan":{"from":"2026-11-01T00:00:00Z","to":"2026-12-01T00:00:00Z"} """;

    private const string Meeting = """ "start":"2026-11-23T09:00:00","timeZone":"UTC","duration":"PT1H" """;

    private static readonly Caller Ben = Desk.As("user:ben");

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Views_are_counted_by_day_calendar_and_viewer_and_written_later()
    {
        await using var desk = await Open();
        var counter = Counting(desk.Dispatcher);
        await Look(desk, Ben, "user:ana", "user:ben");
        await Look(desk, Ben, "user:ana");
        await Look(desk, Desk.As("user:ana"), "user:ana");
        desk.Clock.Now += Duration.FromDays(1);
        await Look(desk, Ben, "user:ana");
        Assert.Empty(await Views(desk));
        await counter.Write(desk.Store, Stopped);
        string[] written = ["2026-11-01 user:ana user:ana 1", "2026-11-01 user:ana user:ben 2", "2026-11-01 user:ben user:ben 1", "2026-11-02 user:ana user:ben 1"];
        Assert.Equal(written, await Views(desk));
        await counter.Write(desk.Store, Stopped);
        Assert.Equal(written, await Views(desk));
        Assert.Empty(await desk.FindBroken());
    }

    [Fact]
    public async Task What_several_processes_write_again_and_again_adds_up()
    {
        await using var desk = await Open();
        var other = new Dispatcher(desk.Store, new RelationPermissions(), desk.Clock);
        var counters = new[] { Counting(desk.Dispatcher), Counting(other) };
        for (var round = 0; round < 2; round++)
        {
            await Look(desk, Ben, "user:ana");
            await Catalogue.Entries.Single(entry => entry.Name == "get-appointments").Run(
                other, System.Text.Encoding.UTF8.GetBytes(Asked("user:ana")), Ben, new(), Stopped);
            await Task.WhenAll(counters.Select(counter => counter.Write(desk.Store, Stopped).AsTask()));
        }

        Assert.Equal(["2026-11-01 user:ana user:ben 4"], await Views(desk));
    }

    [Fact]
    public async Task Only_what_the_caller_may_see_is_viewed_and_each_answer_once()
    {
        await using var desk = await Open();
        await desk.Do("revoke-access", """{"relationships":[{"object":"tenant:acme","relation":"viewer","subject":"user:*"}]}""", Admin);
        var counter = Counting(desk.Dispatcher);
        await Look(desk, Ben, "user:ana", "user:ben", "user:nobody");
        await desk.Refused("get-changes", """{"calendar":"user:ana"}""", Ben);
        await desk.Refused("get-appointments", Asked("user:ben").Replace("2026-11-01", "2027-11-01", StringComparison.Ordinal), Ben);
        await counter.Write(desk.Store, Stopped);
        Assert.Equal(["2026-11-01 user:ben user:ben 1"], await Views(desk));
    }

    [Theory]
    [InlineData("get-free-busy", """{"timespan":{"from":"2026-11-23T00:00:00Z","to":"2026-11-24T00:00:00Z"},"attendees":["user:ana"]}""")]
    [InlineData("explain-availability", """{"timespan":{"from":"2026-11-23T00:00:00Z","to":"2026-11-24T00:00:00Z"},"attendees":["user:ana"]}""")]
    [InlineData("check-for-conflicts", """{"timespan":{"from":"2026-11-23T00:00:00Z","to":"2026-11-24T00:00:00Z"},"attendees":["user:ana"]}""")]
    [InlineData("find-openings", """{"timespan":{"from":"2026-11-23T00:00:00Z","to":"2026-11-24T00:00:00Z"},"optional":["user:ana"],"attendees":["user:nobody"]}""")]
    [InlineData("get-changes", """{"calendar":"user:ana"}""")]
    [InlineData("export-calendar", """{"calendar":"user:ana"}""")]
    public async Task Whatever_shows_a_calendar_is_a_view_of_it(string name, string request)
    {
        await using var desk = await Open();
        var counter = Counting(desk.Dispatcher);
        await desk.Do(name, request, Ben);
        await counter.Write(desk.Store, Stopped);
        Assert.StartsWith("2026-11-01 user:ana user:ben ", Assert.Single(await Views(desk)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_further_page_is_no_further_view()
    {
        await using var desk = await Open();
        await desk.Save($"{{{Meeting}}}");
        var counter = Counting(desk.Dispatcher);
        var request = Asked("user:ana").Replace("{\"timespan", "{\"limit\":1,\"timespan", StringComparison.Ordinal);
        var cursor = (string)(await desk.Do("get-appointments", request))["cursor"]!;
        await desk.Do("get-appointments", request.Replace("{\"limit", $"{{\"cursor\":\"{cursor}\",\"limit", StringComparison.Ordinal));
        await counter.Write(desk.Store, Stopped);
        Assert.Equal(["2026-11-01 user:ana user:ana 1"], await Views(desk));
    }

    [Fact]
    public async Task Pages_go_through_the_views_and_the_first_has_the_changes()
    {
        await using var desk = await Open();
        var counter = Counting(desk.Dispatcher);
        await Look(desk, Ben, "user:ana", "user:ben");
        await Look(desk, Desk.As("user:ana"), "user:ana");
        await counter.Write(desk.Store, Stopped);
        var whole = await Views(desk);
        var (cursor, found, changes) = ("", new List<string>(), new List<bool>());
        do
        {
            var page = await desk.Do("get-engagement", $"{{{November},\"limit\":1{cursor}}}", Admin);
            found.AddRange(Told(page));
            changes.Add(page["changes"] is not null);
            cursor = page["cursor"] is { } next ? $",\"cursor\":\"{next}\"" : "";
        }
        while (cursor.Length > 0);

        Assert.Equal(3, whole.Length);
        Assert.Equal(whole, found);
        Assert.Equal([true, false, false], changes);
    }

    [Fact]
    public async Task Administrators_are_told_of_everything_and_others_of_what_they_may_modify()
    {
        await using var desk = await Open();
        var counter = Counting(desk.Dispatcher);
        await Look(desk, Ben, "user:ana", "user:ben");
        await counter.Write(desk.Store, Stopped);
        var refusal = await desk.Refused("get-engagement", $"{{{November}}}");
        Assert.Equal((RefusalCode.Forbidden, "/calendars"), (refusal.Code, refusal.Errors[0].Pointer));
        refusal = await desk.Refused("get-engagement", $"{{{November},\"calendars\":[\"user:ana\",\"user:ben\"]}}");
        Assert.Equal((RefusalCode.Forbidden, "/calendars/1"), (refusal.Code, Assert.Single(refusal.Errors).Pointer));

        var own = await desk.Do("get-engagement", $"{{{November},\"calendars\":[\"user:ana\"]}}");
        Assert.Equal(["2026-11-01 user:ana user:ben 1"], Told(own));
        Assert.Equal(["2026-11-01 people web single +1 -0"], Changed(own));
        Assert.Equal("2026-11-01T09:59:40Z", (string)own["countedUntil"]!);
        Assert.Equal(2, (await Views(desk)).Length);
        Assert.Equal(["2026-11-01 user:ben user:ben 1"], Told(await desk.Do("get-engagement", $"{{{November},\"calendars\":[\"user:ben\",\"user:nobody\"]}}", Admin)));
        var nothing = await desk.Do("get-engagement", $"{{{November},\"calendars\":[\"user:nobody\"]}}", Admin);
        Assert.Equal((0, 0), (Told(nothing).Length, Changed(nothing).Length));
        var others = await desk.Do("get-engagement", $"{{{November}}}", Admin with { Tenant = "globex" });
        Assert.Equal((0, 0), (Told(others).Length, Changed(others).Length));
    }

    [Fact]
    public async Task What_comes_and_goes_is_told_by_day_by_people_and_services_by_app_and_by_kind()
    {
        await using var desk = await Desk.Open();
        var sync = Desk.As("service:sync", app: "sync");
        var first = await desk.Save($$$"""{ {{{Meeting}}},"metadata":{"recurrence":"{"} }""");
        await desk.Save($$"""{ {{Meeting}} }""", Desk.As("user:ana", app: "crm"));
        await desk.Save($$"""{ {{Meeting}},"attendees":[{"calendar":"user:ben"}] }""", sync);
        var series = await desk.Save($$$"""{ {{{Meeting}}},"title":"\"recurrence\":{","recurrence":{"rule":"FREQ=DAILY;COUNT=3"} }""");
        await desk.Save($$$"""{ {{{Meeting}}},"title":"\"recurrence\":{" }""");
        desk.Clock.Now += Duration.FromDays(1);
        await desk.Do("save-appointments", $$"""{"appointments":[{"id":"{{first}}","title":"Changed",{{Meeting}}}]}""");
        await desk.Do("delete-appointments", $$"""{"appointments":[{"id":"{{first}}"},{"id":"{{series}}"}]}""");
        Assert.Equal(
            [
                "2026-11-01 people crm single +1 -0", "2026-11-01 people web recurring +1 -0", "2026-11-01 people web single +2 -0",
                "2026-11-01 services sync single +1 -0", "2026-11-02 people web recurring +0 -1", "2026-11-02 people web single +0 -1",
            ],
            Changed(await desk.Do("get-engagement", $"{{{November}}}", Admin)));
        Assert.Equal(["2026-11-01 services sync single +1 -0"], Changed(await desk.Do("get-engagement", $"{{{November},\"calendars\":[\"user:ben\"]}}", Ben)));
        const string Evening = """ "timespan":{"from":"2026-11-02T23:00:00Z","to":"2026-11-02T23:00:01Z"} """;
        Assert.Equal(2, Changed(await desk.Do("get-engagement", $"{{{Evening}}}", Admin)).Length);
    }

    [Fact]
    public async Task An_occurrence_that_goes_by_itself_counts_as_recurring()
    {
        await using var desk = await Desk.Open();
        await desk.SaveOne(Weekly);
        desk.Clock.Now += Duration.FromDays(1);
        await desk.Delete(Id(await Occurrence(desk, "2026-11-16")));
        Assert.Equal(
            ["2026-11-01 people web recurring +1 -0", "2026-11-02 people web recurring +0 -1"],
            Changed(await desk.Do("get-engagement", $"{{{November}}}", Admin)));
    }

    [Theory]
    [InlineData(""" "timespan":{"from":"2026-11-01T00:00:00Z","to":"2027-02-01T00:00:01Z"} """, "/timespan")]
    [InlineData(""" "timespan":{"from":"2026-11-01T00:00:00Z","to":"2026-11-01T00:00:00Z"} """, "/timespan")]
    [InlineData(November + ",\"calendars\":[]", "/calendars")]
    [InlineData(November + ",\"limit\":5001", "/limit")]
    [InlineData(November + ",\"cursor\":\"x\"", "/cursor")]
    public async Task What_cannot_be_answered_is_refused_where_it_stands(string members, string pointer)
    {
        await using var desk = await Desk.Open();
        var refusal = await desk.Refused("get-engagement", $"{{{members}}}", Admin);
        Assert.Equal((RefusalCode.Invalid, pointer), (refusal.Code, refusal.Errors[0].Pointer));
    }

    [Fact]
    public async Task What_could_not_be_written_is_written_the_next_time()
    {
        await using var desk = await Open();
        var counter = Counting(desk.Dispatcher);
        await Look(desk, Ben, "user:ana");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await counter.Write(desk.Store, new(canceled: true)));
        await Look(desk, Ben, "user:ana");
        await counter.Write(desk.Store, Stopped);
        Assert.Equal(["2026-11-01 user:ana user:ben 2"], await Views(desk));
    }

    /// <summary>Ana's and Ben's calendars are there.</summary>
    private static async Task<Desk> Open()
    {
        var desk = await Desk.Open();
        await desk.Save($"{{{Meeting}}}");
        await desk.Save($"{{{Meeting}}}", Ben);
        return desk;
    }

    private static ViewCounter Counting(Dispatcher dispatcher)
    {
        var counter = new ViewCounter();
        dispatcher.Viewed = counter.Count;
        return counter;
    }

    private static Task<JsonNode> Look(Desk desk, Caller viewer, params string[] calendars) => desk.Do("get-appointments", Asked(calendars), viewer);

    private static string Asked(params string[] calendars) =>
        $$"""{"timespan":{"from":"2026-11-01T00:00:00Z","to":"2026-12-24T00:00:00Z"},"attendees":["{{string.Join("\",\"", calendars)}}"]}""";

    private static async Task<string[]> Views(Desk desk) => Told(await desk.Do("get-engagement", $"{{{November}}}", Admin));

    private static string[] Told(JsonNode answer) =>
        [.. answer["views"]!.AsArray().Select(view => $"{view!["day"]} {view["calendar"]} {view["viewer"]} {view["views"]}")];

    private static string[] Changed(JsonNode answer) => [.. answer["changes"]!.AsArray().Select(change =>
        $"{change!["day"]} {change["by"]} {change["app"]} {((bool)change["recurring"]! ? "recurring" : "single")} +{change["added"]} -{change["removed"]}").Order(StringComparer.Ordinal)];
}
