using System.Text.Json.Nodes;
using Kalends.Messages;
using NodaTime;

namespace Kalends.Tests.Conversations;

public sealed class ReadingTests
{
    private const string November = """{"from":"2026-11-01T00:00:00Z","to":"2026-12-01T00:00:00Z"}""";

    private static string At(int day, int hour, string more = "") =>
        $$"""{"start":"2026-11-{{day:00}}T{{hour:00}}:00:00","timeZone":"UTC","duration":"PT1H"{{more}}}""";

    [Fact]
    public async Task Pages_show_everything_once_and_in_order()
    {
        await using var desk = await Desk.Open();
        await desk.Do("save-appointments", $$"""{"appointments":[{{string.Join(',', Enumerable.Range(0, 60).Select(n => At(1 + (n % 28), n % 24)))}}]}""");
        var all = await desk.Do("get-appointments", $$"""{"timespan":{{November}},"attendees":["user:ana"]}""");
        var paged = new List<string>();
        string? cursor = null;
        do
        {
            var page = await desk.Do("get-appointments", Page(7, cursor));
            paged.AddRange(page["entries"]!.AsArray().Select(entry => entry!.ToJsonString()));
            cursor = (string?)page["cursor"];
        }
        while (cursor is not null);
        Assert.Equal(all["entries"]!.AsArray().Select(entry => entry!.ToJsonString()), paged);
        Assert.Equal(60, paged.Count);
    }

    [Fact]
    public async Task Pages_show_what_was_there_at_the_first_however_much_is_added_moved_and_deleted()
    {
        await using var desk = await Desk.Open();
        var moving = new List<string>();
        var there = new HashSet<string>();
        for (var n = 0; n < 40; n++)
        {
            there.Add(await desk.Save(At(1 + (n % 28), n % 20)));
            moving.Add(await desk.Save(At(1 + (n * 5 % 28), n % 23)));
        }

        there.UnionWith(moving);

        var shown = new List<string>();
        string? cursor = null;
        var random = new Random(7);
        do
        {
            var page = await desk.Do("get-appointments", Page(5, cursor));
            shown.AddRange(page["entries"]!.AsArray().Select(entry => (string)entry!["appointment"]!));
            cursor = (string?)page["cursor"];
            var moved = string.Join(',', moving.Select(id => At(random.Next(1, 29), random.Next(0, 23), $",\"id\":\"{id}\"")));
            var added = string.Join(',', Enumerable.Range(0, 20).Select(_ => At(random.Next(1, 29), random.Next(0, 23))));
            await desk.Do("save-appointments", $$"""{"appointments":[{{moved}},{{added}}]}""");
            if (moving.Count > 20)
            {
                await desk.Do("delete-appointments", $$"""{"appointments":[{"id":"{{moving[^1]}}"}]}""");
                moving.RemoveAt(moving.Count - 1);
            }
        }
        while (cursor is not null && shown.Count < 5_000);
        Assert.Equal(there.Order(), shown.Order());
    }

    [Fact]
    public async Task A_cursor_belongs_to_its_query_and_lasts_a_day()
    {
        await using var desk = await Desk.Open();
        await desk.Do("save-appointments", $$"""{"appointments":[{{At(1, 9)}},{{At(2, 9)}}]}""");
        string Query(string who, string cursor) => $$"""{"timespan":{{November}},"attendees":["{{who}}"],"limit":1{{cursor}}}""";
        var cursor = (string)(await desk.Do("get-appointments", Query("user:ana", "")))["cursor"]!;
        var use = $",\"cursor\":\"{cursor}\"";
        Assert.Single((await desk.Do("get-appointments", Query("user:ana", use)))["entries"]!.AsArray());
        Assert.Equal(RefusalCode.Invalid, (await desk.Refused("get-appointments", Query("user:ben", use))).Code);
        Assert.Equal(RefusalCode.Invalid, (await desk.Refused("check-for-conflicts", Query("user:ana", use))).Code);
        Assert.Equal(RefusalCode.Invalid, (await desk.Refused("get-appointments", Query("user:ana", use), Desk.As("user:ana", tenant: "globex"))).Code);
        Assert.Equal(RefusalCode.Invalid, (await desk.Refused("get-appointments", Query("user:ana", ",\"cursor\":\"AAAA\""))).Code);
        desk.Clock.Now += Duration.FromHours(25);
        Assert.Equal(RefusalCode.CursorExpired, (await desk.Refused("get-appointments", Query("user:ana", use))).Code);
    }

    [Fact]
    public async Task A_token_tells_what_changed_since()
    {
        await using var desk = await Desk.Open();
        var kept = await desk.Save(At(1, 9));
        var moved = await desk.Save(At(2, 9));
        var first = await desk.Do("get-changes", """{"calendar":"user:ana"}""");
        Assert.Equal([(kept, "created"), (moved, "created")], Changes(first));

        var added = await desk.Save(At(4, 9));
        await desk.Save(At(3, 9, $",\"id\":\"{moved}\""));
        await desk.Do("delete-appointments", $$"""{"appointments":[{"id":"{{kept}}"}]}""");
        var since = $$"""{"calendar":"user:ana","since":"{{first["token"]}}"}""";
        var second = await desk.Do("get-changes", since);
        Assert.Equal([(added, "created"), (moved, "modified"), (kept, "deleted")], Changes(second));
        Assert.Empty(Changes(await desk.Do("get-changes", $$"""{"calendar":"user:ana","since":"{{second["token"]}}"}""")));
        Assert.Equal(RefusalCode.Invalid, (await desk.Refused("get-changes", since.Replace("user:ana", "user:ben", StringComparison.Ordinal))).Code);
    }

    [Fact]
    public async Task Who_is_taken_off_an_appointment_sees_it_deleted()
    {
        await using var desk = await Desk.Open();
        var id = await desk.Save(At(1, 9, ""","attendees":[{"calendar":"user:ana"},{"calendar":"user:ben"}]"""));
        var first = await desk.Do("get-changes", """{"calendar":"user:ben"}""");
        await desk.Save(At(1, 9, $$""","id":"{{id}}","attendees":[{"calendar":"user:ana"}]"""));
        Assert.Equal([(id, "deleted")], Changes(await desk.Do("get-changes", $$"""{"calendar":"user:ben","since":"{{first["token"]}}"}""")));
    }

    [Fact]
    public async Task A_busy_person_is_named_with_what_they_do()
    {
        await using var desk = await Desk.Open();
        var id = await desk.Save(At(3, 9, ""","title":"Review","attendees":[{"calendar":"user:ana"},{"calendar":"user:ben"}]"""));
        var found = await desk.Do("check-for-conflicts", $$"""{"timespan":{{November}},"attendees":["user:zoe","user:ben","user:ana"]}""");
        Assert.Equal(["user:ben", "user:ana"], found["conflicts"]!.AsArray().Select(person => (string)person!["calendar"]!));
        Assert.Equal(
            $$"""{"from":"2026-11-03T09:00:00Z","to":"2026-11-03T10:00:00Z","appointment":"{{id}}","title":"Review"}""",
            found["conflicts"]![0]!["busy"]![0]!.ToJsonString());
        var ignored = await desk.Do("check-for-conflicts", $$"""{"timespan":{{November}},"attendees":["user:ben"],"ignore":["{{id}}"]}""");
        Assert.Empty(ignored["conflicts"]!.AsArray());
    }

    [Fact]
    public async Task Openings_name_free_rooms_missing_people_and_near_misses()
    {
        await using var desk = await Desk.Open();
        await desk.Save(At(3, 9, ""","attendees":[{"calendar":"user:ana"},{"calendar":"room:a"}]"""));
        await desk.Save(At(3, 11, ""","attendees":[{"calendar":"user:ben","response":"accepted"}]"""), Desk.As("user:ben"));
        var found = await desk.Do("find-openings", """
            {"timespan":{"from":"2026-11-03T09:00:00Z","to":"2026-11-03T12:00:00Z"},"attendees":["user:ana"],"optional":["user:ben"],
             "groups":[{"members":["room:a","room:b"],"required":1}],"duration":"PT1H","step":"PT1H","nearMisses":1}
            """);
        Assert.Equal(
            [
                """{"from":"2026-11-03T10:00:00Z","to":"2026-11-03T11:00:00Z","free":[["room:a","room:b"]],"missing":[]}""",
                """{"from":"2026-11-03T11:00:00Z","to":"2026-11-03T12:00:00Z","free":[["room:a","room:b"]],"missing":["user:ben"]}""",
            ],
            found["openings"]!.AsArray().Select(opening => opening!.ToJsonString()));
        Assert.Equal(
            """[{"from":"2026-11-03T09:00:00Z","to":"2026-11-03T10:00:00Z","blockedBy":[{"calendar":"user:ana","reason":"busy"}]}]""",
            found["nearMisses"]!.ToJsonString());
    }

    [Fact]
    public async Task Openings_keep_clear_of_buffers_beyond_the_timespan()
    {
        await using var desk = await Desk.Open();
        await desk.Save(At(3, 8));
        var found = await desk.Do("find-openings", """
            {"timespan":{"from":"2026-11-03T09:00:00Z","to":"2026-11-03T12:00:00Z"},"attendees":["user:ana"],"bufferBefore":"PT30M"}
            """);
        Assert.Equal("2026-11-03T09:30:00Z", (string)found["openings"]![0]!["from"]!);
    }

    private static string Page(int limit, string? cursor) => $$"""
        {"timespan":{{November}},"attendees":["user:ana"],"limit":{{limit}}{{(cursor is null ? "" : $",\"cursor\":\"{cursor}\"")}}}
        """;

    private static IEnumerable<(string, string)> Changes(JsonNode answer) =>
        answer["changes"]!.AsArray().Select(change => ((string)change!["id"]!, (string)change["kind"]!));
}
