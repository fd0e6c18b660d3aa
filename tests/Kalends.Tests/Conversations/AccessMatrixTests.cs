using System.Text.RegularExpressions;
using Kalends.Messages;
using Kalends.Messages.Json;

namespace Kalends.Tests.Conversations;

/// <summary>
/// Every message of the catalogue, asked by callers of each level about Ana's calendar and what lies there: public, private and secret, managed by an
/// application, and a series. Nobody is told a word, an id or that there is anything beyond what they may see, and nobody changes what they may not.
/// </summary>
public partial class AccessMatrixTests
{
    internal static readonly Caller Admin = Desk.As("user:root", scopes: Scopes.Read | Scopes.Write | Scopes.Admin);

    internal static readonly Dictionary<string, (Caller Caller, Permission Level)> Callers = new(StringComparer.Ordinal)
    {
        ["own"] = (Desk.As("user:ana"), Permission.Modify),
        ["administrator"] = (Admin, Permission.Modify),
        ["granted editor"] = (Desk.As("user:editor"), Permission.Modify),
        ["editor by groups in groups"] = (Desk.As("user:grouped"), Permission.Modify),
        ["granted viewer"] = (Desk.As("user:viewer"), Permission.ViewDetails),
        ["viewer by a group"] = (Desk.As("user:member"), Permission.ViewDetails),
        ["app that was granted to view"] = (Desk.As("service:sync", app: "sync"), Permission.ViewDetails),
        ["free/busy viewer"] = (Desk.As("user:busy"), Permission.ViewFreeBusy),
        ["revoked editor"] = (Desk.As("user:revoked"), Permission.None),
        ["former member"] = (Desk.As("user:former"), Permission.None),
        ["stranger"] = (Desk.As("user:stranger"), Permission.None),
        ["stranger through the managing app"] = (Desk.As("user:other", app: "crm"), Permission.None),
        ["other tenant's Ana"] = (Desk.As("user:ana", tenant: "globex"), Permission.None),
        ["other tenant's administrator"] = (Admin with { Tenant = "globex" }, Permission.None),
    };

    public static TheoryData<string> Messages => [.. Catalogue.Entries.Select(entry => entry.Name)];

    [Theory]
    [MemberData(nameof(Messages))]
    public async Task Nobody_learns_or_changes_more_than_they_may(string message)
    {
        await using var full = await Desk.Open();
        await using var empty = await Desk.Open();
        var ids = await Fill(full);
        await Grants(empty);
        var entry = Catalogue.Entries.Single(one => one.Name == message);
        foreach (var (who, (caller, level)) in Callers)
        {
            var asked = new HashSet<string>(StringComparer.Ordinal);
            foreach (var (kind, id) in ids.Prepend(new("nothing", "0190a2f4-1c3b-7def-8123-456789abcdef")))
            {
                // What names no appointment is asked once.
                foreach (var request in AnyMessage.Of(entry, "user:ana", id).Where(asked.Add))
                {
                    var place = $"{who} sends {message} {request} ({kind})";
                    var before = await State(full);
                    // What may be changed is only worked out, so that all find the same.
                    var options = new RunOptions { DryRun = entry.IsCommand && level == Permission.Modify };
                    var answer = Text(await full.Run(message, request, caller, options));
                    Check(answer, request, level, ids, place);
                    Assert.True(before == await State(full), $"{place}: what lies there has changed");
                    if (level == Permission.None && !message.StartsWith("update-", StringComparison.Ordinal))
                    {
                        var other = Text(await empty.Run(message, request, caller, options));
                        Assert.True(Alike(answer) == Alike(other), $"{place}:\n{answer}\nand where there is nothing\n{other}");
                    }
                }
            }
        }
    }

    [Fact]
    public async Task What_an_application_manages_is_changed_by_it_alone()
    {
        await using var desk = await Desk.Open();
        var ids = await Fill(desk);
        var managed = ids["managed"];
        foreach (var name in new[] { "save-appointments", "delete-appointments" })
        {
            foreach (var caller in new[] { Desk.As("user:ana"), Admin, Desk.As("user:editor") })
            {
                var refusal = await desk.Refused(name, AnyMessage.Of(Catalogue.Entries.Single(one => one.Name == name), "user:ana", managed).First(), caller);
                Assert.Equal(RefusalCode.ManagedByApp, refusal.Code);
                Assert.Contains("crm", refusal.Errors[0].Detail, StringComparison.Ordinal);
                Assert.Contains("https://crm.example/deals/4711", refusal.Errors[0].Detail, StringComparison.Ordinal);
            }

            await desk.Run(name, "{}", Desk.As("user:ana", app: "crm"));
        }

        await desk.Do("respond-to-appointments", $$"""{"appointments":[{"id":"{{managed}}","calendar":"user:ana","response":"declined"}]}""");
        await desk.Do("delete-appointments", $$"""{"appointments":[{"id":"{{managed}}"}]}""", Desk.As("user:ana", app: "crm"));
    }

    [Fact]
    public async Task Who_may_not_know_an_appointment_cannot_take_it_over_by_its_id()
    {
        await using var desk = await Desk.Open();
        var ids = await Fill(desk);
        foreach (var (kind, id) in ids)
        {
            var (request, before) = ($$"""{"appointments":[{"id":"{{id}}","title":"Mine","start":"2026-11-23T08:00:00","duration":"PT1H"}]}""", await State(desk));
            foreach (var who in new[] { "stranger", "revoked editor", "free/busy viewer" })
            {
                Assert.Equal(RefusalCode.NotFound, (await desk.Refused("save-appointments", request, Callers[who].Caller)).Code);
            }

            var known = kind is "private" or "secret" ? RefusalCode.NotFound : RefusalCode.Forbidden;
            Assert.Equal(known, (await desk.Refused("save-appointments", request, Callers["granted viewer"].Caller)).Code);
            Assert.Equal(before, await State(desk));
            await desk.Do("save-appointments", request, Callers["other tenant's Ana"].Caller);
            Assert.Equal(before, await State(desk));
        }
    }

    private static void Check(string answer, string request, Permission level, IReadOnlyDictionary<string, string> ids, string place)
    {
        foreach (var (kind, id) in ids)
        {
            var sees = level == Permission.Modify || (level == Permission.ViewDetails && kind is not ("private" or "secret"));
            if (!sees)
            {
                Assert.False(answer.Contains($"Hidden-{kind}", StringComparison.Ordinal), $"{place} shows what is {kind}:\n{answer}");
                // An id may come back only to who sent it.
                Assert.False(
                    answer.Contains(id, StringComparison.Ordinal) && !request.Contains(id, StringComparison.Ordinal), $"{place} names what is {kind}:\n{answer}");
            }
        }
    }

    internal static async Task<Dictionary<string, string>> Fill(Desk desk)
    {
        desk.WatchesVersions = false;
        await Grants(desk);
        var ids = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (kind, start, more, app) in new[]
        {
            ("public", "09:00", "", "web"), ("private", "11:00", "\"privacy\":\"private\",", "web"), ("secret", "13:00", "\"privacy\":\"secret\",", "web"),
            ("managed", "15:00", "\"managedByApp\":true,\"links\":[{\"uri\":\"https://crm.example/deals/4711\"}],", "crm"),
            ("series", "17:00", "\"recurrence\":{\"rule\":\"FREQ=DAILY;COUNT=3\"},", "web"),
        })
        {
            ids[kind] = await desk.Save(
                $$"""
                {"title":"Hidden-{{kind}}","description":"Hidden-{{kind}}","location":"Hidden-{{kind}}","uid":"uid-Hidden-{{kind}}",{{more}}
                 "metadata":{"deal":"Hidden-{{kind}}"},"start":"2026-11-23T{{start}}:00","timeZone":"UTC","duration":"PT1H"}
                """,
                Desk.As("user:ana", app: app));
        }

        return ids;
    }

    private static async Task Grants(Desk desk)
    {
        foreach (var tenant in new[] { "acme", "globex" })
        {
            await desk.Do("revoke-access", Tuples($"tenant:{tenant}#viewer@user:*"), Admin with { Tenant = tenant });
        }

        await desk.Do("grant-access", Tuples(
            "calendar:user:ana#editor@user:editor", "calendar:user:ana#editor@group:board#member", "group:board#member@group:staff#member",
            "group:staff#member@group:web#member", "group:web#member@user:grouped", "calendar:user:ana#viewer@user:viewer",
            "calendar:user:ana#viewer@group:eng#member", "group:eng#member@user:member", "group:eng#member@user:former",
            "calendar:user:ana#viewer@app:sync", "calendar:user:ana#free-busy-viewer@user:busy", "calendar:user:ana#editor@user:revoked"), Admin);
        await desk.Do("revoke-access", Tuples("calendar:user:ana#editor@user:revoked", "group:eng#member@user:former"), Admin);
    }

    /// <summary>All that an administrator is shown of Ana's calendar, and who may see it.</summary>
    private static async Task<string> State(Desk desk)
    {
        var shown = await desk.Do(
            "get-appointments", """{"timespan":{"from":"2026-11-01T00:00:00Z","to":"2026-12-24T00:00:00Z"},"attendees":["user:ana"]}""", Admin);
        var access = await desk.Do("get-access", """{"calendar":"user:ana"}""", Admin);
        var hours = await desk.Do("get-open-hours", """{"calendars":["user:ana"]}""", Admin);
        return $"{shown.ToJsonString()} {access.ToJsonString()} {hours.ToJsonString()}";
    }

    private static string Text(Reply reply) => System.Text.Encoding.UTF8.GetString(
        reply.Refusal is { } refusal ? WireJson.Write(refusal) : reply.Replayed is { } kept ? kept.ToArray() : WireJson.WriteAny(reply.Result!));

    /// <summary>Without what is made anew each time: ids, positions, and what is sealed.</summary>
    private static string Alike(string answer) => MadeAnew().Replace(answer, "…");

    private static string Tuples(params string[] tuples) => $$"""{"relationships":[{{string.Join(',', tuples.Select(tuple =>
    {
        var (named, subject) = (tuple.Split('@')[0], tuple.Split('@')[1]);
        return $$"""{"object":"{{named.Split('#')[0]}}","relation":"{{named.Split('#')[1]}}","subject":"{{subject}}"}""";
    }))}}]}""";

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f-]{27}|\"(position|token|cursor|secret)\":\"[^\"]*\"")]
    private static partial Regex MadeAnew();
}
