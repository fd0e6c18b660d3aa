using System.Text.Json.Nodes;
using Kalends.Messages;
using Kalends.Permissions;
using Kalends.Publications;
using Kalends.Storage;

namespace Kalends.Tests.Conversations;

/// <summary>What is heard live, by whom, and from where on.</summary>
public class FeedTests
{
    private const string Time = "\"start\":\"2026-11-23T09:00:00\",\"timeZone\":\"UTC\",\"duration\":\"PT1H\"";

    private static readonly Caller Ana = Desk.As("user:ana");

    private readonly SetTime time = new();

    [Fact]
    public async Task A_save_a_move_and_a_deletion_are_heard_with_span_and_cause()
    {
        await using var desk = await Desk.Open();
        await desk.Save($$"""{"title":"Before",{{Time}}}""");
        await using var feed = FeedOf(desk, time);
        await using var ear = await Ear.Open(feed, Ana);
        var id = await desk.Save($$"""{"title":"Budget",{{Time}}}""");
        await desk.Save($$"""{"id":"{{id}}","title":"Budget",{{Time.Replace("T09", "T10", StringComparison.Ordinal)}}}""");
        await desk.Do("delete-appointments", $$"""{"appointments":[{"id":"{{id}}"}]}""");
        var (created, moved, gone) = (await ear.Event(), await ear.Event(), await ear.Event());
        Assert.Equal(
            ["kalends.appointment.created.v1", "kalends.appointment.modified.v1", "kalends.appointment.deleted.v1"],
            new[] { created, moved, gone }.Select(heard => (string)heard["type"]!));
        Assert.All([created, moved, gone], heard => Assert.Equal(("1.0", id), ((string)heard["specversion"]!, (string)heard["subject"]!)));
        Assert.Equal(
            ("save-appointments", "web", "user:ana", "2026-11-23T09:00:00Z", "2026-11-23T10:00:00Z"),
            ((string)moved["kalendscommand"]!, (string)moved["kalendsapp"]!, (string)moved["kalendsperson"]!, (string)moved["data"]!["previousTimespan"]!["from"]!,
                (string)moved["data"]!["timespan"]!["from"]!));
        Assert.Null(created["data"]!["previousTimespan"]);
        Assert.Equal(3, new[] { created, moved, gone }.Select(heard => (string)heard["id"]!).Distinct().Count());
    }

    [Fact]
    public async Task Who_comes_back_hears_what_came_meanwhile_once_and_under_the_same_ids()
    {
        await using var desk = await Desk.Open();
        await using var feed = FeedOf(desk, time);
        var ids = new List<string>();
        string start, first;
        await using (var ear = await Ear.Open(feed, Ana))
        {
            start = ear.LastId;
            ids.Add(await desk.Save($$"""{{{Time}}}"""));
            first = (await ear.Event()).ToJsonString();
            ids.AddRange(await Some(desk, 30));
            await ear.Event();
            await using var again = await Ear.Open(feed, Ana, lastId: ear.LastId);
            ids.AddRange(await Some(desk, 10));
            Assert.Equal(ids.Skip(2), await Subjects(again, 39));
            Assert.Empty(await again.Rest(time));
        }

        // And by another process, from the very beginning.
        await using var other = FeedOf(desk, time);
        await using var all = await Ear.Open(other, Ana, lastId: start);
        Assert.Equal(first, (await all.Event()).ToJsonString());
        Assert.Equal(ids.Skip(1), await Subjects(all, 40));
    }

    [Fact]
    public async Task Who_reads_slowly_is_dropped_and_goes_on_from_there()
    {
        await using var desk = await Desk.Open();
        await using var feed = FeedOf(desk, time, waiting: 3);
        var begun = (await feed.Listen(Ana, FeedFilter.All, null, TestContext.Current.CancellationToken)).Value!;
        await using var items = begun.Items(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await items.MoveNextAsync());
        var last = items.Current.Id;
        var moving = items.MoveNextAsync();
        await using var quick = await Ear.Open(feed, Desk.As("user:root", scopes: Scopes.Read | Scopes.Admin));
        var ids = new List<string>();
        for (var number = 0; number < 10; number++)
        {
            ids.Add(await desk.Save($$"""{{{Time}}}"""));
            await quick.Event();
        }

        var heard = new List<string>();
        for (var more = await moving; more; more = await items.MoveNextAsync())
        {
            heard.Add((string)JsonNode.Parse(items.Current.Json!)!["subject"]!);
            last = items.Current.Id;
        }

        begun.Dispose();
        Assert.InRange(heard.Count, 1, 9);
        await using var again = await Ear.Open(feed, Ana, lastId: last);
        Assert.Equal(ids, heard.Concat(await Subjects(again, 10 - heard.Count)));
    }

    [Fact]
    public async Task Nothing_is_heard_of_what_was_only_tried()
    {
        await using var desk = await Desk.Open();
        await using var feed = FeedOf(desk, time);
        await using var ear = await Ear.Open(feed, Ana);
        await desk.Do("save-appointments", $$"""{"appointments":[{{{Time}}}]}""", options: new() { DryRun = true });
        await desk.Refused("save-appointments", $$"""{"appointments":[{{{Time}}},{"start":"never"}]}""");
        var id = await desk.Save($$"""{{{Time}}}""");
        Assert.Equal([id], await Subjects(ear, 1));
        Assert.Empty(await ear.Rest(time));
    }

    [Fact]
    public async Task Calendars_and_types_are_heard_as_asked()
    {
        await using var desk = await Desk.Open();
        await using var feed = FeedOf(desk, time);
        var root = Desk.As("user:root", scopes: Scopes.Read | Scopes.Admin);
        await using var bens = await Ear.Open(feed, root, Filter(["user:ben"], []));
        await using var gone = await Ear.Open(feed, root, Filter([], [FeedFilter.Deleted]));
        await using var all = await Ear.Open(feed, root);
        var own = await desk.Save($$"""{{{Time}}}""");
        var both = await desk.Save($$"""{{{Time}},"attendees":[{"calendar":"user:ana"},{"calendar":"user:ben"}]}""");
        await desk.Save($$"""{"id":"{{both}}",{{Time}},"attendees":[{"calendar":"user:ana"}]}""");
        await desk.Do("delete-appointments", $$"""{"appointments":[{"id":"{{own}}"},{"id":"{{both}}"}]}""");
        await Subjects(all, 5);
        Assert.Equal([(both, "created"), (both, "modified")], (await bens.Rest(time)).Select(heard => ((string)heard["subject"]!, Kind(heard))));
        Assert.Equal([(own, "deleted"), (both, "deleted")], (await gone.Rest(time)).Select(heard => ((string)heard["subject"]!, Kind(heard))));
    }

    [Fact]
    public async Task Those_who_ask_for_the_same_all_hear_it_and_go_on_when_one_leaves()
    {
        await using var desk = await Desk.Open();
        await using var feed = FeedOf(desk, time);
        var filter = Filter(["user:ana", "user:ben"], []);
        var first = await Ear.Open(feed, Ana, filter);
        await using var second = await Ear.Open(feed, Ana, Filter(["user:ben", "user:ana"], []));
        await using var other = await Ear.Open(feed, Desk.As("user:zoe"), filter);
        await using var bens = await Ear.Open(feed, Ana, Filter(["user:ben"], []));
        var own = await desk.Save($$"""{{{Time}}}""");
        foreach (var ear in new[] { first, second, other })
        {
            Assert.Equal([own], await Subjects(ear, 1));
        }

        await first.DisposeAsync();
        var both = await desk.Save($$"""{{{Time}},"attendees":[{"calendar":"user:ana"},{"calendar":"user:ben"}]}""");
        foreach (var ear in new[] { second, other, bens })
        {
            Assert.Equal([both], await Subjects(ear, 1));
        }

        // An id that several were sent goes on for the one whose it is.
        await using var again = await Ear.Open(feed, Ana, lastId: second.LastId);
        var refused = await feed.Listen(Ana, FeedFilter.All, other.LastId, TestContext.Current.CancellationToken);
        Assert.Equal(RefusalCode.Invalid, refused.Refusal?.Code);
    }

    [Fact]
    public async Task Who_is_revoked_hears_nothing_more()
    {
        await using var desk = await Desk.Open();
        await using var feed = FeedOf(desk, time);
        const string Everyone = """{"relationships":[{"object":"tenant:acme","relation":"viewer","subject":"user:*"}]}""";
        const string Zoe = """{"relationships":[{"object":"calendar:user:ana","relation":"viewer","subject":"user:zoe"}]}""";
        await desk.Do("revoke-access", Everyone, AccessMatrixTests.Admin);
        await desk.Do("grant-access", Zoe, AccessMatrixTests.Admin);
        await using var zoe = await Ear.Open(feed, Desk.As("user:zoe"));
        await using var root = await Ear.Open(feed, AccessMatrixTests.Admin);
        var seen = await desk.Save($$"""{{{Time}}}""");
        Assert.Equal([seen], await Subjects(zoe, 1));
        await desk.Do("revoke-access", Zoe, AccessMatrixTests.Admin);
        await desk.Save($$"""{{{Time}}}""");
        await Subjects(root, 2);
        Assert.Empty(await zoe.Rest(time));
    }

    [Fact]
    public async Task Nobody_hears_more_than_they_may_see()
    {
        await using var desk = await Desk.Open();
        await using var feed = FeedOf(desk, time);
        var ears = new Dictionary<string, Ear>(StringComparer.Ordinal);
        foreach (var (who, (caller, _)) in AccessMatrixTests.Callers)
        {
            ears[who] = await Ear.Open(feed, caller);
        }

        var last = await Ear.Open(feed, AccessMatrixTests.Admin);
        var ids = await AccessMatrixTests.Fill(desk);
        foreach (var (kind, id) in ids)
        {
            await desk.Do("delete-appointments", $$"""{"appointments":[{"id":"{{id}}"}]}""", Desk.As("user:ana", app: kind == "managed" ? "crm" : "web"));
        }

        for (var gone = 0; gone < ids.Count;)
        {
            gone += ids.ContainsValue((string)(await last.Event())["subject"]!) && Kind(last) == "deleted" ? 1 : 0;
        }

        foreach (var (who, ear) in ears)
        {
            Check(who, AccessMatrixTests.Callers[who].Level, await ear.Rest(time), ear.All.ToString(), ids);
            await ear.DisposeAsync();
        }

        await last.DisposeAsync();
    }

    [Fact]
    public async Task An_id_is_good_for_its_listener_and_for_a_week()
    {
        await using var desk = await Desk.Open();
        await using var feed = FeedOf(desk, time);
        string id;
        await using (var ear = await Ear.Open(feed, Ana))
        {
            id = ear.LastId;
        }

        foreach (var (caller, text) in new[]
        {
            (Desk.As("user:ben"), id), (Desk.As("user:ana", tenant: "globex"), id), (Ana, id[..^4] + "AAAA"), (Ana, "x"), (Ana, new string('x', 9_000)),
        })
        {
            var refusal = (await feed.Listen(caller, FeedFilter.All, text, TestContext.Current.CancellationToken)).Refusal!;
            Assert.Equal((RefusalCode.Invalid, "/lastEventId"), (refusal.Code, refusal.Errors[0].Pointer));
        }

        desk.Clock.Now += NodaTime.Duration.FromDays(8);
        Assert.Equal(RefusalCode.CursorExpired, (await feed.Listen(Ana, FeedFilter.All, id, TestContext.Current.CancellationToken)).Refusal!.Code);
    }

    [Fact]
    public async Task A_heartbeat_comes_by_time_alone_and_its_id_goes_on_from_there()
    {
        await using var desk = await Desk.Open();
        await using var feed = FeedOf(desk, time);
        await using var stranger = await Ear.Open(feed, Desk.As("user:zoe"), Filter(["user:nobody"], []));
        await using var root = await Ear.Open(feed, AccessMatrixTests.Admin);
        await desk.Save($$"""{{{Time}}}""");
        await root.Event();
        var before = stranger.LastId;
        Assert.Empty(await stranger.Rest(time));
        Assert.NotEqual(before, stranger.LastId);
        Assert.Equal(before.Length, stranger.LastId.Length);
        await using var after = await Ear.Open(feed, Desk.As("user:zoe"), lastId: stranger.LastId);
        var id = await desk.Save($$"""{{{Time}}}""");
        Assert.Equal([id], await Subjects(after, 1));
    }

    [Fact]
    public async Task Where_others_ring_it_looks_by_itself_now_and_then_alone()
    {
        await using var desk = await Desk.Open();
        var looks = 0;
        await using var feed = new Feed(desk.Store, new RelationPermissions(), desk.Clock, TimeProvider.System, new(50, 100))
        {
            // Asked once each look.
            HearsOthers = () => Interlocked.Increment(ref looks) > 0,
        };
        await using var ear = await Ear.Open(feed, Desk.As("user:ana"));
        await Task.Delay(500, TestContext.Current.CancellationToken);
        Assert.InRange(Volatile.Read(ref looks), 1, 3);
        var id = await desk.Save($$"""{{{Time}}}""");
        feed.Ring("acme");
        Assert.Equal(id, (string)(await ear.Event())["subject"]!);
    }

    private static void Check(string who, Permission level, List<JsonNode> heard, string all, Dictionary<string, string> ids)
    {
        if (level == Permission.None)
        {
            Assert.True(heard.Count == 0, $"{who} heard {all}");
        }

        foreach (var (kind, id) in ids)
        {
            var sees = level == Permission.Modify || (level == Permission.ViewDetails && kind is not ("private" or "secret"));
            Assert.False(all.Contains($"Hidden-{kind}", StringComparison.Ordinal), $"{who} heard what {kind} says: {all}");
            Assert.True(sees == all.Contains(id, StringComparison.Ordinal), $"{who} and {kind}: {all}");
        }

        var masked = heard.Where(one => (bool?)one["data"]!["masked"] == true).ToList();
        Assert.Equal(level switch { Permission.ViewFreeBusy => 8, Permission.ViewDetails => 2, _ => 0 }, masked.Count);
        Assert.All(masked, one => Assert.Equal(
            ["data", "datacontenttype", "id", "source", "specversion", "subject", "type"], one.AsObject().Select(pair => pair.Key).Order(StringComparer.Ordinal)));
        Assert.All(masked, one => Assert.Equal(
            ["id", "masked", "timespan"], one["data"]!.AsObject().Select(pair => pair.Key).Order(StringComparer.Ordinal)));
    }

    private static Feed FeedOf(Desk desk, TimeProvider time, int waiting = 1_000)
    {
        var feed = new Feed(desk.Store, new RelationPermissions(), desk.Clock, time, new(50, 100, waiting));
        desk.Dispatcher.OnCommitted(feed.Ring);
        return feed;
    }

    private static FeedFilter Filter(string[] calendars, string[] types)
    {
        var errors = new Errors();
        var filter = FeedFilter.Of(calendars, types, errors);
        Assert.False(errors.Any);
        return filter;
    }

    private static async Task<List<string>> Some(Desk desk, int count)
    {
        var ids = new List<string>();
        for (var number = 0; number < count; number++)
        {
            ids.Add(await desk.Save($$"""{{{Time}}}"""));
        }

        return ids;
    }

    private static async Task<List<string>> Subjects(Ear ear, int count)
    {
        var subjects = new List<string>();
        for (var number = 0; number < count; number++)
        {
            subjects.Add((string)(await ear.Event())["subject"]!);
        }

        return subjects;
    }

    private static string Kind(JsonNode heard) => ((string)heard["type"]!).Split('.')[2];

    private static string Kind(Ear ear) => ear.All.ToString().TrimEnd('\n').Split('\n')[^1].Split('.')[2];
}
