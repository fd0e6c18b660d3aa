using System.Text.Json.Nodes;
using Kalends.Messages;
using NodaTime;

namespace Kalends.Tests.Conversations;

public class ReadingTests
{
    [Fact]
    public async Task Who_comes_and_goes_again_between_two_looks_is_told_as_gone()
    {
        await using var desk = await Desk.Open();
        var id = await desk.Save(Among("user:ben"));
        var first = await desk.Do("get-changes", """{"calendar":"user:ben"}""");
        Assert.Equal([(id, "created")], Changes(first));
        foreach (var with in new[] { "user:carla", "user:ben", "user:carla" })
        {
            await desk.Save(Among(with, id));
        }

        var second = await desk.Do("get-changes", $$"""{"calendar":"user:ben","since":"{{first["token"]}}"}""");
        Assert.Equal([(id, "deleted")], Changes(second));

        static string Among(string person, string? id = null) => $$"""
            {{{(id is null ? "" : $"\"id\":\"{id}\",")}}"start":"2026-11-05T09:00:00","timeZone":"UTC","duration":"PT1H","attendees":[{"calendar":"user:ana"},{"calendar":"{{person}}"}]}
            """;
    }

    /// <summary>Appointments come to Ben's calendar and leave it, over and over, while he reads on by small pages that never catch up.</summary>
    [Fact]
    public async Task Whoever_reads_changes_page_by_page_misses_nothing_that_comes_and_goes_meanwhile()
    {
        await using var desk = await Desk.Open();
        for (var seed = 1; seed <= 150; seed++)
        {
            await ReadOn(desk, seed);
        }
    }

    /// <summary>A calendar for each seed, and a day: on one and the same each save would look at all those before it.</summary>
    private static async Task ReadOn(Desk desk, int seed)
    {
        const int Rounds = 6;
        var (random, ids, on) = (new Random(seed), new List<string>(), new bool[5]);
        var day = new NodaTime.LocalDate(2026, 11, 5).PlusDays(seed).ToString("uuuu-MM-dd", null);
        for (var number = 0; number < on.Length; number++)
        {
            ids.Add(await desk.Save(Of(number, null)));
        }

        var (known, since, more) = (new HashSet<string>(), (string?)null, true);
        for (var round = 0; round < Rounds || more; round++)
        {
            for (var changes = round < Rounds ? random.Next(6) : 0; changes > 0; changes--)
            {
                var number = random.Next(on.Length);
                on[number] = !on[number];
                await desk.Save(Of(number, ids[number]));
            }

            var token = since is null ? "" : $",\"since\":\"{since}\"";
            var answer = await desk.Do("get-changes", $$"""{"calendar":"user:ben-{{seed}}","limit":1{{token}}}""");
            foreach (var (id, kind) in Changes(answer))
            {
                _ = kind == "deleted" ? known.Remove(id) : known.Add(id);
            }

            (since, more) = ((string)answer["token"]!, (bool)answer["more"]!);
            Assert.True(round < 100);
        }

        Assert.True(ids.Where((_, number) => on[number]).ToHashSet().SetEquals(known), $"seed {seed}");

        string Of(int number, string? id) => $$"""
            {{{(id is null ? "" : $"\"id\":\"{id}\",")}}"start":"{{day}}T{{8 + number:00}}:00:00","timeZone":"UTC","duration":"PT1H",
             "attendees":[{"calendar":"user:ana"}{{(on[number] ? $$$""",{"calendar":"user:ben-{{{seed}}}"}""" : "")}}]}
            """;
    }

    [Fact]
    public async Task What_is_deleted_while_the_first_pages_are_read_is_told_as_gone()
    {
        await using var desk = await Desk.Open();
        var ids = new List<string>();
        for (var hour = 8; hour < 14; hour++)
        {
            ids.Add(await desk.Save($$"""{"start":"2026-11-05T{{hour:00}}:00:00","timeZone":"UTC","duration":"PT1H"}"""));
        }

        var (known, since, more) = (new HashSet<string>(), "", true);
        for (var page = 0; more; page++)
        {
            var answer = await desk.Do("get-changes", $$"""{"calendar":"user:ana","limit":2{{since}}}""");
            foreach (var (id, kind) in Changes(answer))
            {
                _ = kind == "deleted" ? known.Remove(id) : known.Add(id);
            }

            (since, more) = ($",\"since\":\"{answer["token"]}\"", (bool)answer["more"]!);
            if (page == 0)
            {
                await desk.Do("delete-appointments", $$"""{"appointments":[{"id":"{{ids[0]}}"},{"id":"{{ids[5]}}"}]}""");
            }
        }

        Assert.Equal(ids[1..5].Order(), known.Order());
    }

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

    /// <summary>As when the first page was answered by another server, or what it named was put out of the cache meanwhile.</summary>
    [Fact]
    public async Task A_later_page_of_conflicts_needs_none_of_those_before_it()
    {
        await using var desk = await Desk.Open();
        foreach (var hour in new[] { 9, 10, 11, 12 })
        {
            await desk.Save(At(3, hour));
        }

        const string Asked = $$"""{"timespan":{{November}},"attendees":["user:ana"],"limit":2""";
        var first = await desk.Do("check-for-conflicts", Asked + "}");
        // At the new version only those from ten on are named.
        await desk.Save(At(30, 9));
        await desk.Do("check-for-conflicts", """{"timespan":{"from":"2026-11-03T10:00:00Z","to":"2026-11-04T00:00:00Z"},"attendees":["user:ana"]}""");
        var second = await desk.Do("check-for-conflicts", $$"""{{Asked}},"cursor":"{{first["cursor"]}}"}""");
        Assert.Equal(
            ["2026-11-03T11:00:00Z", "2026-11-03T12:00:00Z"], second["conflicts"]![0]!["busy"]!.AsArray().Select(time => (string)time!["from"]!));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(200)]
    public async Task What_is_ignored_takes_no_place_on_a_page(int limit)
    {
        await using var desk = await Desk.Open();
        const string All = ""","attendees":[{"calendar":"user:ana"},{"calendar":"user:ben"},{"calendar":"user:carla"},{"calendar":"user:dora"}]""";
        string[] ignored = [await desk.Save(At(3, 9, All)), await desk.Save(At(3, 10, All))];
        await desk.Save(At(3, 12, ""","attendees":[{"calendar":"user:dora"}]"""));
        var found = await desk.Do("check-for-conflicts", $$"""
            {"timespan":{{November}},"attendees":["user:ana","user:ben","user:carla","user:dora"],"ignore":["{{ignored[0]}}","{{ignored[1]}}"],"limit":{{limit}}}
            """);
        Assert.Equal("user:dora", (string)Assert.Single(found["conflicts"]!.AsArray())!["calendar"]!);
    }

    [Fact]
    public async Task Entries_are_in_order_of_their_timespans()
    {
        await using var desk = await Desk.Open();
        foreach (var length in new[] { "PT3H", "PT1H", "PT2H" })
        {
            await desk.Save(At(3, 9).Replace("PT1H", length, StringComparison.Ordinal));
        }

        var found = await desk.Do("get-appointments", Page(2, null));
        Assert.Equal(["2026-11-03T10:00:00Z", "2026-11-03T11:00:00Z"], found["entries"]!.AsArray().Select(entry => (string)entry!["to"]!));
    }

    [Fact]
    public async Task A_first_synchronisation_shows_what_there_is_as_created_page_by_page()
    {
        await using var desk = await Desk.Open();
        List<string> ids = [];
        for (var n = 0; n < 4; n++)
        {
            ids.Add(await desk.Save(At(1 + n, 9)));
        }

        await desk.Save(At(9, 9, $",\"id\":\"{ids[0]}\""));
        await desk.Do("delete-appointments", $$"""{"appointments":[{"id":"{{ids[3]}}"}]}""");
        var first = await desk.Do("get-changes", """{"calendar":"user:ana","limit":2}""");
        Assert.Equal([(ids[1], "created"), (ids[2], "created")], Changes(first));
        var second = await desk.Do("get-changes", $$"""{"calendar":"user:ana","limit":2,"since":"{{first["token"]}}"}""");
        Assert.Equal([(ids[0], "created")], Changes(second));
        Assert.False((bool)second["more"]!);
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
