using System.Text.Json.Nodes;
using Kalends.Audit;
using Kalends.Messages;
using Kalends.Tests.Audit;
using NodaTime;
using static Kalends.Tests.Conversations.Series.SeriesDesk;

namespace Kalends.Tests.Conversations.Audit;

/// <summary>The trail is kept from a moment on: what is older is answered clearly, and never wrongly; everything else goes on.</summary>
public class RetentionTests
{
    private const string Span = """ "timespan":{"from":"2026-11-01T00:00:00Z","to":"2026-12-31T00:00:00Z"} """;

    private const string Meeting = """{"title":"First","start":"2026-11-23T09:00:00","timeZone":"UTC","duration":"PT1H","attendees":[{"calendar":"user:ana"},{"calendar":"user:ben"}]}""";

    private static readonly Instant Early = Instant.FromUtc(2025, 1, 10, 10, 0), Later = Instant.FromUtc(2025, 5, 1, 10, 0), Today = Instant.FromUtc(2025, 6, 10, 10, 0);

    /// <summary>2025-03-12, between the two.</summary>
    private static readonly Instant KeptFrom = Retention.Before(Today, 90);

    private static readonly Caller Cleo = Desk.As("user:cleo");

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    [Fact]
    public async Task History_begins_where_the_trail_does_and_says_so()
    {
        await using var desk = await Open();
        var (quiet, busy, gone) = (await desk.Save(Meeting), await desk.Save(Meeting), await desk.Save(Meeting));
        await desk.Delete(gone);
        desk.Clock.Now = Later;
        await Retitle(desk, busy, "Second");
        Assert.Null((await desk.Do("get-history", $$"""{"appointment":"{{quiet}}"}"""))["keptFrom"]);
        await Trim(desk);

        var none = await desk.Do("get-history", $$"""{"appointment":"{{quiet}}"}""");
        Assert.Equal($$"""{"entries":[],"keptFrom":"{{KeptFrom}}"}""", none.ToJsonString());
        Assert.Equal(["modified 2 First Second"], await History(desk, $"\"appointment\":\"{busy}\""));
        Assert.Equal(["modified 2 First Second"], await History(desk, "\"calendar\":\"user:ana\""));
        Assert.Equal(["modified 2 First Second"], await History(desk, "\"person\":\"user:ana\""));
        Assert.Equal(RefusalCode.NotFound, (await desk.Refused("get-history", $$"""{"appointment":"{{gone}}"}""")).Code);
        Assert.Equal("First", (string)(await desk.Get(quiet))["title"]!);
    }

    [Fact]
    public async Task What_somebody_may_not_know_of_is_as_little_there_as_what_was_dropped()
    {
        await using var desk = await Open();
        var (secret, gone) = (await desk.Save(With(Meeting, "\"privacy\":\"secret\"")), await desk.Save(Meeting));
        await desk.Delete(gone);
        await Trim(desk);
        foreach (var id in new[] { secret, gone })
        {
            var history = await desk.Refused("get-history", $$"""{"appointment":"{{id}}"}""", Cleo);
            Assert.Equal($"there is no appointment {id}", history.Detail);
            foreach (var which in new[] { "", ",\"version\":1", $",\"asOf\":\"{Later}\"" })
            {
                var restoring = await desk.Refused("restore-appointments", $$"""{"appointments":[{"id":"{{id}}"{{which}}}]}""", Cleo);
                Assert.Equal((RefusalCode.NotFound, "/appointments/0/id"), (restoring.Code, Assert.Single(restoring.Errors).Pointer));
                Assert.Equal($"there is no appointment {id}, and none was changed under this id, or it was before the trail begins: the trail is kept from {KeptFrom} on", restoring.Detail);
            }
        }
    }

    [Fact]
    public async Task A_moment_before_the_trail_begins_is_refused_and_one_after_it_is_as_it_was()
    {
        await using var desk = await Open();
        var (quiet, busy, gone) = (await desk.Save(Meeting), await desk.Save(Meeting), await desk.Save(With(Meeting, "\"title\":\"Gone\"")));
        await desk.Delete(gone);
        var then = await Seen(desk);
        desk.Clock.Now = Later;
        await Retitle(desk, busy, "Second");
        await desk.Delete(quiet);
        var later = await Seen(desk);
        await Trim(desk);

        Assert.Equal(then, await Seen(desk, KeptFrom));
        Assert.Equal(then, await Seen(desk, Later - Duration.FromSeconds(1)));
        Assert.Equal(later, await Seen(desk, Later));
        foreach (var moment in new[] { Early, KeptFrom - Duration.FromSeconds(1) })
        {
            var refusal = await desk.Refused("get-appointments", $$"""{{{Span}},"attendees":["user:ana"],"asOf":"{{moment}}"}""");
            Assert.Equal(("/asOf", RefusalCode.Invalid), (Assert.Single(refusal.Errors).Pointer, refusal.Code));
            Assert.Equal($"is too long ago: the trail is kept from {KeptFrom} on", refusal.Detail);
        }
    }

    [Fact]
    public async Task A_cursor_that_needs_what_was_dropped_is_refused_and_others_go_on()
    {
        await using var desk = await Open();
        for (var number = 0; number < 4; number++)
        {
            await desk.Save(With(Meeting, $"\"title\":\"{number}\""));
        }

        var then = desk.Clock.Now;
        desk.Clock.Now += Duration.FromDays(1);
        await Retitle(desk, await desk.Save(Meeting), "Changed");
        desk.Clock.Now = Later;
        await desk.Save(Meeting);
        desk.Clock.Now = Today;
        string Page(Instant asOf) => $$"""{{{Span}},"attendees":["user:ana"],"limit":2,"asOf":"{{asOf}}"MORE}""";
        var (old, kept) = (await First(Page(then)), await First(Page(Later - Duration.FromDays(1))));
        await Trim(desk);
        var refusal = await desk.Refused("get-appointments", Page(then).Replace("MORE", $",\"cursor\":\"{old}\"", StringComparison.Ordinal));
        Assert.Equal((RefusalCode.CursorExpired, "/cursor"), (refusal.Code, Assert.Single(refusal.Errors).Pointer));
        var next = await desk.Do("get-appointments", Page(Later - Duration.FromDays(1)).Replace("MORE", $",\"cursor\":\"{kept}\"", StringComparison.Ordinal));
        Assert.Equal(2, next["entries"]!.AsArray().Count);

        async Task<string> First(string page) => (string)(await desk.Do("get-appointments", page.Replace("MORE", "", StringComparison.Ordinal)))["cursor"]!;
    }

    [Fact]
    public async Task A_sync_token_from_before_what_was_dropped_is_refused_and_one_from_after_it_tells_all()
    {
        await using var desk = await Open();
        var (one, two) = (await desk.Save(Meeting), await desk.Save(Meeting));
        var old = await Token(desk);
        await Retitle(desk, one, "Second");
        var last = await Token(desk);
        desk.Clock.Now = Later;
        await desk.Delete(one);
        var made = await desk.Save(Meeting);
        await Retitle(desk, two, "Second");
        await Trim(desk);

        var refusal = await desk.Refused("get-changes", $$"""{"calendar":"user:ana","since":"{{old}}"}""");
        Assert.Equal((RefusalCode.SyncTokenExpired, "/since"), (refusal.Code, Assert.Single(refusal.Errors).Pointer));
        Assert.Equal([$"{one} deleted", $"{made} created", $"{two} modified"], await Changes(desk, last));
        Assert.Equal([$"{made} created", $"{two} created"], await Changes(desk, null));
        var fresh = await Token(desk);
        Assert.Empty(await Changes(desk, fresh));
        await Retitle(desk, two, "Third");
        Assert.Equal([$"{two} modified"], await Changes(desk, fresh));
    }

    [Fact]
    public async Task What_is_kept_is_restored_though_what_was_before_it_is_gone()
    {
        await using var desk = await Open();
        var (quiet, busy, command) = (await desk.Save(Meeting), await desk.Save(Meeting), "");
        command = (string)(await desk.Do("get-history", $$"""{"appointment":"{{busy}}"}"""))["entries"]![0]!["commandId"]!;
        desk.Clock.Now = Later;
        await Retitle(desk, busy, "Second");
        desk.Clock.Now += Duration.FromDays(1);
        await Retitle(desk, busy, "Third");
        await Trim(desk);

        await Refused("""{"appointments":[{"id":"ID","version":1}]}""", "/appointments/0/version", RefusalCode.NotFound);
        await Refused($$"""{"appointments":[{"id":"ID","asOf":"{{Early}}"}]}""", "/appointments/0/asOf", RefusalCode.Invalid);
        await Refused($$"""{"commandId":"{{command}}"}""", "/commandId", RefusalCode.NotFound);
        await Refused($$"""{"calendar":"user:ana",{{Span}},"asOf":"{{Early}}"}""", "/asOf", RefusalCode.Invalid);

        await Restore($$"""{"appointments":[{"id":"ID","version":2}]}""", "Second");
        await Restore($$"""{"appointments":[{"id":"ID"}]}""", "Third");
        await Restore($$"""{"appointments":[{"id":"ID","asOf":"{{KeptFrom}}"},{"id":"{{quiet}}","asOf":"{{KeptFrom}}"}]}""", "First");
        await Restore($$"""{"calendar":"user:ana",{{Span}},"asOf":"{{Later}}"}""", "Second");
        await Restore($$"""{"calendar":"user:ana",{{Span}},"asOf":"{{KeptFrom}}"}""", "First");
        await desk.Delete(busy);
        await Restore($$"""{"appointments":[{"id":"ID"}]}""", "First");
        await desk.Delete(quiet);
        await Trim(desk);

        async Task Refused(string json, string pointer, RefusalCode code)
        {
            var refusal = await desk.Refused("restore-appointments", json.Replace("ID", busy, StringComparison.Ordinal));
            Assert.Equal((code, pointer), (refusal.Code, Assert.Single(refusal.Errors).Pointer));
            Assert.Contains($"the trail is kept from {KeptFrom} on", refusal.Detail, StringComparison.Ordinal);
        }

        async Task Restore(string json, string title)
        {
            desk.Clock.Now += Duration.FromSeconds(1);
            var answer = await desk.Do("restore-appointments", json.Replace("ID", busy, StringComparison.Ordinal));
            Assert.Equal(busy, (string)Assert.Single(answer["saved"]!.AsArray())!["id"]!);
            Assert.Equal("[][]", answer["deleted"]!.ToJsonString() + answer["skipped"]!.ToJsonString());
            Assert.Equal(title, (string)(await desk.Get(busy))["title"]!);
            await IsSound(desk);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_series_is_put_back_with_what_was_changed_of_it_before_the_trail_begins(int form)
    {
        await using var desk = await Open();
        var series = (string)(await desk.SaveOne(Weekly))["id"]!;
        var (own, moved) = (Id(await Occurrence(desk, "2026-11-16")), Id(await Occurrence(desk, "2026-11-23")));
        await desk.SaveOne(With((await desk.Get(own)).ToJsonString(), "\"title\":\"Own\""));
        await desk.SaveOne(With((await desk.Get(moved)).ToJsonString(), "\"title\":\"Moved once\""));
        var before = await Seen(desk);
        desk.Clock.Now = Later;
        await desk.SaveOne(With((await desk.Get(moved)).ToJsonString(), "\"title\":\"Moved twice\""));
        var last = desk.Clock.Now += Duration.FromDays(1);
        var middle = await Seen(desk);
        await desk.SaveOne(With((await desk.Get(series)).ToJsonString(), "\"title\":\"Other\""));
        var command = (string)(await desk.Do("get-history", """{"person":"user:ana","limit":1}"""))["entries"]![0]!["commandId"]!;
        await Trim(desk);

        await desk.Do("restore-appointments", form switch
        {
            0 => $$"""{"appointments":[{"id":"{{series}}"}]}""",
            1 => $$"""{"commandId":"{{command}}"}""",
            _ => $$"""{"calendar":"user:ana",{{Span}},"asOf":"{{last - Duration.FromSeconds(1)}}"}""",
        });
        Assert.Equal(RestoringSimulationTests.Told(middle), RestoringSimulationTests.Told(await Seen(desk)));
        await IsSound(desk);
        desk.Clock.Now += Duration.FromSeconds(1);
        await desk.Do("restore-appointments", $$"""{"calendar":"user:ana",{{Span}},"asOf":"{{KeptFrom}}"}""");
        Assert.Equal(RestoringSimulationTests.Told(before), RestoringSimulationTests.Told(await Seen(desk)));
        await IsSound(desk);
        await desk.Do("update-occurrences", "{}", Admin);
        await desk.Delete(series);
        await IsSound(desk);
    }

    [Fact]
    public async Task Everything_is_dropped_and_calendars_live_on()
    {
        await using var desk = await Open();
        const string Hours = """{"calendar":"user:ana","openHours":[{"rule":"FREQ=DAILY","start":"08:00","end":"17:00"}],"timeZone":"UTC"}""";
        await desk.Do("set-open-hours", Hours);
        var (one, two) = (await desk.Save(Meeting), await desk.Save(Meeting));
        var series = (string)(await desk.SaveOne(Weekly))["id"]!;
        await desk.SaveOne(With((await Occurrence(desk, "2026-11-16")).ToJsonString(), "\"title\":\"Own\""));
        desk.Clock.Now += Duration.FromDays(1);
        await desk.Delete(two);
        await Trim(desk);
        Assert.Empty(await History(desk, "\"calendar\":\"user:ana\""));
        await Retitle(desk, one, "Second");
        await desk.Do("set-open-hours", Hours);
        await desk.SaveOne(With((await Occurrence(desk, "2026-11-16")).ToJsonString(), "\"title\":\"Own again\""));
        await desk.SaveOne(With((await desk.Get(series)).ToJsonString(), "\"start\":\"2026-11-02T10:00:00\""));
        await desk.Do("rezone-appointments", $$"""{"appointments":["{{one}}"]}""", Admin);
        await IsSound(desk);
        await desk.Delete(one);
        await desk.Delete(series);
        await IsSound(desk);
        Assert.Equal(["deleted 2 Second ", "modified 2 First Second"], (await History(desk, $"\"appointment\":\"{one}\""))[^2..]);
    }

    [Fact]
    public async Task Engagement_counts_from_where_the_trail_begins_and_says_so()
    {
        await using var desk = await Open();
        desk.Clock.Now = KeptFrom - Duration.FromHours(1);
        await desk.Save(Meeting);
        var views = new ViewCounter();
        views.Count(new("acme", new("user:ben"), [new("user:ana")], desk.Clock.Now));
        views.Count(new("acme", new("user:cleo"), [new("user:ana")], KeptFrom));
        await views.Write(desk.Store, Stopped);
        desk.Clock.Now = KeptFrom + Duration.FromHours(1);
        await desk.Save(Meeting);
        await Trim(desk);
        var counted = await desk.Do("get-engagement", """{"timespan":{"from":"2025-03-01T00:00:00Z","to":"2025-04-01T00:00:00Z"}}""", Admin);
        Assert.Equal("2025-03-12T00:00:00Z", (string)counted["keptFrom"]!);
        Assert.Equal("user:cleo", (string)Assert.Single(counted["views"]!.AsArray())!["viewer"]!);
        Assert.Equal(1, (int)Assert.Single(counted["changes"]!.AsArray())!["added"]!);
        Assert.Null((await desk.Do("get-engagement", """{"timespan":{"from":"2025-03-12T00:00:00Z","to":"2025-04-01T00:00:00Z"}}""", Admin))["keptFrom"]);
    }

    [Fact]
    public async Task What_an_erasure_left_is_known_though_some_of_it_is_dropped_and_then_all()
    {
        await using var desk = await Open();
        var administrator = Desk.As("user:ana", scopes: Scopes.Read | Scopes.Write | Scopes.Admin);
        var one = await desk.Save(Meeting);
        desk.Clock.Now = Later;
        await Retitle(desk, one, "Second");
        await desk.Do("erase-titles", """{"calendar":"user:ana"}""", administrator);
        await Trim(desk);
        Assert.Equal(["modified 2  "], await History(desk, $"\"appointment\":\"{one}\""));
        await Trim(desk, Later + Duration.FromDays(1));
        Assert.Empty(await History(desk, $"\"appointment\":\"{one}\""));
        Assert.Equal("Second", (string)(await desk.Get(one))["title"]!);
    }

    private static async Task<Desk> Open()
    {
        var desk = await Desk.Open();
        desk.Clock.Now = Early;
        return desk;
    }

    /// <summary>Drops what is older, some at a time, and looks each time whether all is sound.</summary>
    private static async Task Trim(Desk desk, Instant? before = null)
    {
        await Chain.SealWhole(desk.Store, "acme", perSeal: 2);
        desk.Clock.Now = desk.Clock.Now > Today ? desk.Clock.Now : Today;
        await Retention.Run(desk.Store, "acme", before ?? KeptFrom, null, Stopped, perBatch: 3);
        await IsSound(desk);
    }

    private static async Task IsSound(Desk desk)
    {
        Assert.Empty(await desk.FindBroken());
        Assert.Empty((await Chain.Of(desk.Store, "acme")).Findings);
    }

    private static Task<JsonNode> Retitle(Desk desk, string id, string title) => desk.SaveOne(With(Meeting, $"\"id\":\"{id}\",\"title\":\"{title}\""));

    /// <summary>What changed appointments, newest first.</summary>
    private static async Task<List<string>> History(Desk desk, string members)
    {
        var answer = await desk.Do("get-history", $"{{{members}}}", Admin);
        Assert.StartsWith("2025-", (string)answer["keptFrom"]!, StringComparison.Ordinal);
        return [.. answer["entries"]!.AsArray().Where(entry => entry!["kind"] is not null)
            .Select(entry => $"{entry!["kind"]} {entry["version"]} {entry["before"]?["title"]} {entry["after"]?["title"]}")];
    }

    private static async Task<string> Seen(Desk desk, Instant? asOf = null) => (await desk.Do(
        "get-appointments", $$"""{{{Span}},"attendees":["user:ana","user:ben"]{{(asOf is null ? "" : $",\"asOf\":\"{asOf}\"")}}}""")).ToJsonString();

    private static async Task<string> Token(Desk desk) => (string)(await desk.Do("get-changes", """{"calendar":"user:ana"}"""))["token"]!;

    private static async Task<List<string>> Changes(Desk desk, string? since)
    {
        var answer = await desk.Do("get-changes", $$"""{"calendar":"user:ana"{{(since is null ? "" : $",\"since\":\"{since}\"")}}}""");
        return [.. answer["changes"]!.AsArray().Select(change => $"{change!["id"]} {change["kind"]}")];
    }
}
