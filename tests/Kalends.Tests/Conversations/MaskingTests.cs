using System.Text.Json.Nodes;
using Kalends.Messages;

namespace Kalends.Tests.Conversations;

/// <summary>Every query walked by one who may see all and one who may not: no hidden word may come out.</summary>
public class MaskingTests
{
    private const string Span = """{"from":"2026-11-23T00:00:00Z","to":"2026-11-24T00:00:00Z"}""";
    private static readonly Caller Stranger = Desk.As("user:zoe");

    private static string Meeting(string privacy, string start) => $$"""
        {"title":"Hidden-{{privacy}}","description":"Hidden","location":"Hidden","privacy":"{{privacy}}","start":"2026-11-23T{{start}}:00","timeZone":"UTC",
         "duration":"PT1H","metadata":{"deal":"Hidden"},"attendees":[{"calendar":"user:ana"},{"calendar":"user:ben","response":"accepted"}]}
        """;

    [Fact]
    public async Task No_query_shows_a_stranger_what_is_private_or_secret()
    {
        await using var desk = await Desk.Open();
        var ids = new[] { await desk.Save(Meeting("private", "09:00")), await desk.Save(Meeting("secret", "12:00")) };
        foreach (var (name, query) in Queries(ids))
        {
            var reply = await desk.Run(name, query, Stranger);
            var text = System.Text.Encoding.UTF8.GetString(reply.Refusal is { } refusal
                ? Kalends.Messages.Json.WireJson.Write(refusal)
                : Kalends.Messages.Json.WireJson.WriteAny(reply.Result!));
            Assert.DoesNotContain("Hidden", text, StringComparison.Ordinal);
            // An id may come back only to who sent it.
            Assert.DoesNotContain(ids, id => text.Contains(id, StringComparison.Ordinal) && !query.Contains(id, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_secret_appointment_changes_no_page_and_no_count()
    {
        await using var with = await Desk.Open();
        await using var without = await Desk.Open();
        foreach (var desk in new[] { with, without })
        {
            await desk.Save(Meeting("public", "08:00"));
        }

        await with.Save(Meeting("secret", "09:00"));
        foreach (var query in new[] { ("get-appointments", $$"""{"timespan":{{Span}},"attendees":["user:ana"],"limit":1}"""), ("get-changes", """{"calendar":"user:ana","limit":1}""") })
        {
            var (one, other) = (await with.Do(query.Item1, query.Item2, Stranger), await without.Do(query.Item1, query.Item2, Stranger));
            Assert.Equal(other["cursor"] is null, one["cursor"] is null);
            Assert.Equal(other["entries"]?.AsArray().Count, one["entries"]?.AsArray().Count);
            Assert.Equal(other["changes"]?.AsArray().Count, one["changes"]?.AsArray().Count);
        }
    }

    [Fact]
    public async Task Changes_are_told_under_the_names_a_stranger_may_know()
    {
        await using var desk = await Desk.Open();
        var id = await desk.Save(Meeting("public", "09:00"));
        var hidden = await desk.Save(Meeting("secret", "12:00"));
        var first = await desk.Do("get-changes", """{"calendar":"user:ana"}""", Stranger);
        Assert.Equal([(id, "created")], Changes(first));

        await desk.Save(Meeting("private", "10:00").Replace("{\"title\"", $"{{\"id\":\"{id}\",\"title\"", StringComparison.Ordinal));
        await desk.Do("delete-appointments", $$"""{"appointments":[{"id":"{{hidden}}"}]}""");
        var second = await desk.Do("get-changes", $$"""{"calendar":"user:ana","since":"{{first["token"]}}"}""", Stranger);
        var changes = Changes(second).ToList();
        Assert.Equal((id, "deleted"), changes[0]);
        Assert.Equal("created", changes[1].Kind);
        Assert.NotEqual(id, changes[1].Id);
        Assert.Equal(2, changes.Count);
    }

    [Fact]
    public async Task Answering_tells_a_stranger_nothing_of_what_is_secret()
    {
        await using var desk = await Desk.Open();
        var secret = await desk.Save(Meeting("secret", "12:00"));
        string Answer(string id) => $$"""{"appointments":[{"id":"{{id}}","calendar":"user:zoe","response":"accepted"}]}""";
        var known = await desk.Refused("respond-to-appointments", Answer(secret), Stranger);
        var unknown = await desk.Refused("respond-to-appointments", Answer("019ab0c2-6f00-7000-8000-000000000001"), Stranger);
        Assert.Equal(unknown.Errors[0].Detail.Length, known.Errors[0].Detail.Length);
        Assert.Equal((unknown.Code, unknown.Errors[0].Pointer), (known.Code, known.Errors[0].Pointer));
    }

    [Fact]
    public async Task The_owner_and_the_attendees_see_everything()
    {
        await using var desk = await Desk.Open();
        await desk.Save(Meeting("private", "09:00"));
        await desk.Save(Meeting("secret", "12:00"));
        foreach (var caller in new[] { Desk.As("user:ana"), Desk.As("user:ben") })
        {
            var found = await desk.Do("get-appointments", $$"""{"timespan":{{Span}},"attendees":["user:ana","user:ben"]}""", caller);
            Assert.Equal(["Hidden-private", "Hidden-secret"], found["appointments"]!.AsObject().Select(pair => (string)pair.Value!["title"]!).Order());
            Assert.Equal(4, found["entries"]!.AsArray().Count);
        }
    }

    [Fact]
    public async Task A_private_appointment_is_a_busy_block_under_another_id_in_each_calendar()
    {
        await using var desk = await Desk.Open();
        var id = await desk.Save(Meeting("private", "09:00"));
        await desk.Do(
            "respond-to-appointments", $$"""{"appointments":[{"id":"{{id}}","calendar":"user:ben","response":"accepted"}]}""", Desk.As("user:ben"));
        var found = await desk.Do("get-appointments", $$"""{"timespan":{{Span}},"attendees":["user:ana","user:ben"]}""", Stranger);
        var blocks = found["appointments"]!.AsObject().Select(pair => pair.Value!.ToJsonString()).ToList();
        Assert.Equal(2, blocks.Count);
        Assert.All(blocks, block => Assert.Equal(
            """{"span":{"from":"2026-11-23T09:00:00Z","to":"2026-11-23T10:00:00Z"},"freeBusyStatus":"busy","masked":true}""", block));
    }

    [Fact]
    public async Task A_secret_appointment_is_a_closed_time_to_others_and_still_blocks()
    {
        await using var desk = await Desk.Open();
        var id = await desk.Save(Meeting("secret", "12:00"));
        var query = $$"""{"timespan":{{Span}},"attendees":["user:ana"]}""";
        Assert.Empty((await desk.Do("get-appointments", query, Stranger))["entries"]!.AsArray());
        var calendar = (await desk.Do("get-free-busy", query, Stranger))["calendars"]![0]!;
        Assert.Empty(calendar["busy"]!.AsArray());
        Assert.Equal("""{"from":"2026-11-23T12:00:00Z","to":"2026-11-23T13:00:00Z"}""", calendar["closed"]![0]!.ToJsonString());
        Assert.Equal("outside-open-hours", Reason(await desk.Do("explain-availability", query, Stranger)));
        Assert.Equal("busy", Reason(await desk.Do("explain-availability", query)));
        Assert.Equal(2, (await desk.Do("find-openings", query, Stranger))["openings"]!.AsArray().Count);
        Assert.Equal(RefusalCode.NotFound, (await desk.Refused("get-appointment", $$"""{"id":"{{id}}"}""", Stranger)).Code);
        Assert.Equal(RefusalCode.NotFound, (await desk.Refused("delete-appointments", $$"""{"appointments":[{"id":"{{id}}"}]}""", Stranger)).Code);
    }

    private static IEnumerable<(string Id, string Kind)> Changes(JsonNode answer) =>
        answer["changes"]!.AsArray().Select(change => ((string)change!["id"]!, (string)change["kind"]!));

    private static string Reason(JsonNode explained) => (string)explained["calendars"]![0]!["stretches"]![1]!["reason"]!;

    private static IEnumerable<(string Name, string Query)> Queries(string[] ids)
    {
        var people = $$"""{"timespan":{{Span}},"attendees":["user:ana","user:ben"]}""";
        foreach (var name in new[] { "get-appointments", "check-for-conflicts", "find-openings", "explain-availability", "get-free-busy" })
        {
            yield return (name, people);
        }

        yield return ("get-appointments", people.Replace("]}", "],\"detail\":\"summary\"}", StringComparison.Ordinal));
        yield return ("find-openings", people.Replace("]}", "],\"nearMisses\":5,\"duration\":\"PT8H\"}", StringComparison.Ordinal));
        yield return ("get-appointments", people.Replace("]}", "],\"limit\":1}", StringComparison.Ordinal));
        yield return ("check-for-conflicts", people.Replace("]}", "],\"limit\":1}", StringComparison.Ordinal));
        yield return ("get-changes", """{"calendar":"user:ana"}""");
        yield return ("get-changes", """{"calendar":"user:ana","limit":1}""");
        yield return ("get-calendars", "{}");
        yield return ("get-history", """{"calendar":"user:ana"}""");
        yield return ("get-history", """{"person":"user:ana"}""");
        yield return ("export-calendar", """{"calendar":"user:ana"}""");
        foreach (var id in ids)
        {
            yield return ("get-appointment", $$"""{"id":"{{id}}"}""");
            yield return ("get-history", $$"""{"appointment":"{{id}}"}""");
        }
    }
}
