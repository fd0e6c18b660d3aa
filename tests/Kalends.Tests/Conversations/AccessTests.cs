using System.Text.Json.Nodes;
using Kalends.Messages;

namespace Kalends.Tests.Conversations;

/// <summary>Who may do what, given, taken back, asked and explained.</summary>
public class AccessTests
{
    private const string Span = """{"from":"2026-11-23T00:00:00Z","to":"2026-11-24T00:00:00Z"}""";
    private static readonly Caller Ana = Desk.As("user:ana");
    private static readonly Caller Ben = Desk.As("user:ben");
    private static readonly Caller Cleo = Desk.As("user:cleo");
    private static readonly Caller Admin = Desk.As("user:root", scopes: Scopes.Read | Scopes.Write | Scopes.Admin);

    private static string Meeting(string title = "Budget") =>
        $$"""{"title":"{{title}}","owner":"user:ana","start":"2026-11-23T09:00:00","timeZone":"UTC","duration":"PT1H"}""";

    private static string Tuple(string tuple)
    {
        var (named, subject) = (tuple.Split('@')[0], tuple.Split('@')[1]);
        var at = named.LastIndexOf('#');
        return $$"""{"object":"{{named[..at]}}","relation":"{{named[(at + 1)..]}}","subject":"{{subject}}"}""";
    }

    private static string Tuples(params string[] tuples) => $$"""{"relationships":[{{string.Join(',', tuples.Select(Tuple))}}]}""";

    private static Task<JsonNode> Grant(Desk desk, Caller caller, params string[] tuples) => desk.Do("grant-access", Tuples(tuples), caller);

    private static Task<JsonNode> Revoke(Desk desk, Caller caller, params string[] tuples) => desk.Do("revoke-access", Tuples(tuples), caller);

    /// <summary>What a caller sees of Ana's day: a title, "busy" or nothing.</summary>
    private static async Task<string> Sees(Desk desk, Caller caller)
    {
        var found = await desk.Do("get-appointments", $$"""{"timespan":{{Span}},"attendees":["user:ana"]}""", caller);
        return (string?)found["unknown"]?[0]?["reason"]
            ?? string.Join(',', found["appointments"]!.AsObject().Select(pair => (string?)pair.Value!["title"] ?? "busy"));
    }

    private static async Task<string> Checked(Desk desk, string calendar, Caller caller, string? subject = null)
    {
        var other = subject is null ? "" : $",\"subject\":\"{subject}\"";
        var one = (await desk.Do("check-access", $$"""{"calendars":["{{calendar}}"]{{other}}}""", caller))["access"]![0]!;
        return $"{one["permission"]} {string.Join(' ', (one["path"]?.AsArray() ?? []).Select(tuple => (string)tuple!))}".Trim();
    }

    [Fact]
    public async Task Everyone_sees_details_until_the_tenant_says_otherwise()
    {
        await using var desk = await Desk.Open();
        await desk.Save(Meeting());
        Assert.Equal("Budget", await Sees(desk, Ben));
        await Revoke(desk, Admin, "tenant:acme#viewer@user:*");
        Assert.Equal("no-permission", await Sees(desk, Ben));
        Assert.Equal("Budget", await Sees(desk, Ana));
        await Grant(desk, Admin, "tenant:acme#free-busy-viewer@user:*");
        Assert.Equal("busy", await Sees(desk, Ben));
        await Grant(desk, Admin, "tenant:acme#viewer@user:*");
        Assert.Equal("Budget", await Sees(desk, Ben));
        Assert.Empty(await desk.FindBroken());
    }

    [Fact]
    public async Task A_restricted_calendar_is_seen_by_whom_it_is_granted_to_alone()
    {
        await using var desk = await Desk.Open();
        await desk.Save(Meeting());
        await Grant(desk, Ana, "calendar:user:ana#restricted@user:*", "calendar:user:ana#free-busy-viewer@user:cleo");
        Assert.Equal("no-permission", await Sees(desk, Ben));
        Assert.Equal("busy", await Sees(desk, Cleo));
        await Revoke(desk, Ana, "calendar:user:ana#restricted@user:*");
        Assert.Equal("Budget", await Sees(desk, Ben));
    }

    [Fact]
    public async Task Groups_in_groups_pass_on_what_they_have_and_cycles_end()
    {
        await using var desk = await Desk.Open();
        await desk.Save(Meeting());
        await Grant(desk, Ana, "calendar:user:ana#restricted@user:*", "calendar:user:ana#editor@group:board#member");
        await Grant(
            desk, Admin, "group:board#member@group:staff#member", "group:staff#member@group:web#member", "group:web#member@group:board#member",
            "group:web#member@user:ben");
        Assert.Equal("Budget", await Sees(desk, Ben));
        Assert.Equal(
            "modify calendar:user:ana#editor@group:board#member group:board#member@group:staff#member group:staff#member@group:web#member "
            + "group:web#member@user:ben",
            await Checked(desk, "user:ana", Ben));
        await desk.Save(Meeting("By Ben"), Ben);
        Assert.Equal("no-permission", await Sees(desk, Cleo));

        await Revoke(desk, Admin, "group:staff#member@group:web#member");
        Assert.Equal("no-permission", await Sees(desk, Ben));
        Assert.Equal(RefusalCode.Forbidden, (await desk.Refused("save-appointments", $$"""{"appointments":[{{Meeting()}}]}""", Ben)).Code);
    }

    [Fact]
    public async Task Groups_are_followed_eight_deep_and_no_deeper()
    {
        await using var desk = await Desk.Open();
        await Grant(desk, Ana, "calendar:user:ana#restricted@user:*", "calendar:user:ana#viewer@group:g8#member");
        await Grant(desk, Admin, [.. Enumerable.Range(1, 7).Select(depth => $"group:g{depth + 1}#member@group:g{depth}#member"), "group:g1#member@user:ben"]);
        Assert.StartsWith("view-details", await Checked(desk, "user:ana", Ben), StringComparison.Ordinal);
        await Grant(desk, Admin, "group:g1#member@group:g0#member", "group:g0#member@user:cleo");
        Assert.Equal("none", await Checked(desk, "user:ana", Cleo));
    }

    [Fact]
    public async Task Only_who_owns_a_calendar_says_who_has_access_to_it()
    {
        await using var desk = await Desk.Open();
        await Grant(desk, Ana, "calendar:user:ana#editor@user:ben", "calendar:user:ana#owner@user:cleo");
        var refusal = await desk.Refused("grant-access", Tuples("calendar:user:ana#viewer@user:zoe", "calendar:nobodys#viewer@user:zoe"), Ben);
        Assert.Equal(RefusalCode.Forbidden, refusal.Code);
        Assert.Equal(["/relationships/0/object", "/relationships/1/object"], refusal.Errors.Select(error => error.Pointer));
        await Grant(desk, Cleo, "calendar:user:ana#viewer@user:zoe");
        foreach (var tuple in new[] { "group:eng#member@user:ben", "tenant:acme#editor@user:ben", "calendar:room:r#owner@user:ben" })
        {
            Assert.Equal(RefusalCode.Forbidden, (await desk.Refused("grant-access", Tuples(tuple), Ben)).Code);
            Assert.Equal(RefusalCode.Forbidden, (await desk.Refused("revoke-access", Tuples(tuple), Ben)).Code);
        }

        await Grant(desk, Admin, "group:eng#owner@user:ben", "calendar:room:r#owner@user:ben");
        await Grant(desk, Ben, "group:eng#member@user:zoe", "calendar:room:r#viewer@group:eng#member");
        Assert.Equal(RefusalCode.Forbidden, (await desk.Refused("get-access", """{"calendar":"user:ana"}""", Ben)).Code);
        Assert.Equal(RefusalCode.Forbidden, (await desk.Refused("get-access", """{"calendar":"user:nobody"}""", Ben)).Code);
        Assert.Equal(
            RefusalCode.Forbidden, (await desk.Refused("check-access", """{"calendars":["user:ana"],"subject":"user:zoe"}""", Ben)).Code);
    }

    [Theory]
    [InlineData("calendar:user:ana#member@user:ben", "relation")]
    [InlineData("calendar:user:ana#viewer@group:eng", "subject")]
    [InlineData("calendar:user:ana#restricted@user:ben", "subject")]
    [InlineData("calendar:#viewer@user:ben", "object")]
    [InlineData("room:r#viewer@user:ben", "object")]
    [InlineData("tenant:other#viewer@user:*", "object")]
    [InlineData("group:a#b#member@user:ben", "object")]
    public async Task What_is_no_relationship_is_refused_by_name(string tuple, string member)
    {
        await using var desk = await Desk.Open();
        foreach (var command in new[] { "grant-access", "revoke-access" })
        {
            var refusal = await desk.Refused(command, Tuples("calendar:user:ana#viewer@user:ben", tuple), Admin);
            Assert.Equal((RefusalCode.Invalid, $"/relationships/1/{member}"), (refusal.Code, refusal.Errors[0].Pointer));
        }

        Assert.Equal("view-details", await Checked(desk, "user:ana", Ben));
    }

    [Fact]
    public async Task Who_may_is_told_with_the_way_to_each_page_by_page()
    {
        await using var desk = await Desk.Open();
        await Grant(desk, Ana, "calendar:user:ana#viewer@group:eng#member", "calendar:user:ana#editor@user:cleo");
        await Grant(desk, Admin, "group:eng#member@user:ben", "group:eng#member@group:web#member", "group:web#member@user:zoe");
        var (all, cursor) = (new List<string>(), (string?)null);
        do
        {
            var page = await desk.Do("get-access", $$"""{"calendar":"user:ana","limit":2{{(cursor is null ? "" : $",\"cursor\":\"{cursor}\"")}}}""");
            all.AddRange(page["access"]!.AsArray().Select(one => $"{one!["subject"]} {one["permission"]} {one["path"]!.AsArray().Count}"));
            cursor = (string?)page["cursor"];
        }
        while (cursor is not null);
        Assert.Equal(
            [
                "group:eng#member view-details 1", "group:web#member view-details 2", "user:* view-details 1", "user:ana modify 0", "user:ben view-details 2",
                "user:cleo modify 1", "user:zoe view-details 3",
            ],
            all);
        Assert.Equal("view-details calendar:user:ana#viewer@group:eng#member group:eng#member@user:ben", await Checked(desk, "user:ana", Ana, "user:ben"));
    }

    [Fact]
    public async Task Granting_what_is_granted_and_revoking_what_is_not_changes_nothing()
    {
        await using var desk = await Desk.Open();
        Assert.Equal(1, (int)(await Grant(desk, Ana, "calendar:user:ana#editor@user:ben"))["changed"]!);
        var again = await Grant(desk, Ana, "calendar:user:ana#editor@user:ben");
        Assert.Equal(0, (int)again["changed"]!);
        Assert.NotNull(again["position"]);
        Assert.Equal(0, (int)(await Revoke(desk, Ana, "calendar:user:ana#viewer@user:ben"))["changed"]!);
        await desk.Run("revoke-access", Tuples("calendar:user:ana#editor@user:ben"), Ana, new() { DryRun = true });
        Assert.Equal("modify calendar:user:ana#editor@user:ben", await Checked(desk, "user:ana", Ben));
    }

    [Fact]
    public async Task A_replayed_grant_answers_a_position_too()
    {
        await using var desk = await Desk.Open();
        var key = new RunOptions { IdempotencyKey = "grant-1" };
        var first = await desk.Do("grant-access", Tuples("calendar:user:ana#editor@user:ben"), Ana, key);
        var second = await desk.Do("grant-access", Tuples("calendar:user:ana#editor@user:ben"), Ana, key);
        Assert.Equal(((int)first["changed"]!, true), ((int)second["changed"]!, second["position"] is not null));
    }

    [Fact]
    public async Task An_app_has_what_it_was_granted_when_it_calls_for_itself_and_not_through_a_person()
    {
        await using var desk = await Desk.Open();
        await Grant(desk, Ana, "calendar:user:ana#restricted@user:*", "calendar:user:ana#viewer@app:crm");
        await desk.Save(Meeting());
        Assert.Equal("Budget", await Sees(desk, Desk.As("service:crm", app: "crm")));
        Assert.Equal("no-permission", await Sees(desk, Desk.As("user:ben", app: "crm")));
        Assert.Equal("no-permission", await Sees(desk, Desk.As("service:crm", app: "web")));
    }

    [Fact]
    public async Task Relations_of_one_tenant_mean_nothing_in_another()
    {
        await using var desk = await Desk.Open();
        await desk.Save(Meeting());
        await Grant(desk, Ana, "calendar:user:ana#editor@user:ben");
        await Revoke(desk, Admin, "tenant:acme#viewer@user:*");
        var other = Desk.As("user:ben", tenant: "other");
        Assert.Equal("view-details", await Checked(desk, "user:ana", other));
        Assert.Equal("", await Sees(desk, other));
    }

    [Fact]
    public async Task What_somebody_had_does_not_hold_a_moment_longer_whichever_server_is_asked()
    {
        await using var desk = await Desk.Open();
        await desk.Save(Meeting());
        var servers = new[] { desk.Dispatcher, new Dispatcher(desk.Store, new Permissions.RelationPermissions(), desk.Clock) };
        await Grant(desk, Ana, "calendar:user:ana#restricted@user:*");
        for (var round = 0; round < 20; round++)
        {
            await (round % 2 == 0 ? Grant(desk, Ana, "calendar:user:ana#viewer@user:ben") : Revoke(desk, Ana, "calendar:user:ana#viewer@user:ben"));
            foreach (var server in servers)
            {
                var reply = await Catalogue.Entries.Single(entry => entry.Name == "get-free-busy").Run(
                    server, System.Text.Encoding.UTF8.GetBytes($$"""{"timespan":{{Span}},"attendees":["user:ana"]}"""), Ben, new(), TestContext.Current.CancellationToken);
                var unknown = JsonNode.Parse(Kalends.Messages.Json.WireJson.WriteAny(reply.Result!))!["unknown"];
                Assert.Equal(round % 2 == 0, unknown is null);
            }
        }
    }
}
