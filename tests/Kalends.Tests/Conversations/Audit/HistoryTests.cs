using System.Text.Json.Nodes;
using Kalends.Messages;
using NodaTime;
using static Kalends.Tests.Conversations.Series.SeriesDesk;

namespace Kalends.Tests.Conversations.Audit;

/// <summary>Who changed what, as it is asked for and as it is answered.</summary>
public class HistoryTests
{
    private const string Meeting = """
        {"title":"Budget","start":"2026-11-23T09:00:00","timeZone":"Europe/Paris","duration":"PT45M",
         "attendees":[{"calendar":"user:ana"},{"calendar":"user:ben"}]}
        """;

    private static readonly Caller AnasCrm = Desk.As("user:ana", app: "crm");

    [Fact]
    public async Task Everything_that_happened_to_an_appointment_is_told_newest_first()
    {
        await using var desk = await Desk.Open();
        var id = await desk.Save(Meeting);
        await Later(desk);
        await desk.SaveOne(With(Meeting, $"\"id\":\"{id}\",\"start\":\"2026-11-23T10:00:00\""), caller: AnasCrm);
        await Later(desk);
        await desk.Do("respond-to-appointments", $$"""{"appointments":[{"id":"{{id}}","calendar":"user:ben","response":"declined"}]}""", Desk.As("user:ben"));
        await Later(desk);
        await desk.Delete(id);
        var entries = await Entries(desk, $$"""{"appointment":"{{id}}"}""");
        Assert.Equal(
            [
                "2026-11-01T10:03:00Z user:ana web delete-appointments 3 deleted: deleted by user:ana through app web",
                "2026-11-01T10:02:00Z user:ben web respond-to-appointments 3 modified: user:ben declined through app web",
                "2026-11-01T10:01:00Z user:ana crm save-appointments 2 modified: "
                    + "moved from 2026-11-23 09:00 to 10:00 (Europe/Paris) by user:ana through app crm",
                "2026-11-01T10:00:00Z user:ana web save-appointments 1 created: created by user:ana through app web",
            ],
            entries.Select(Told));
        Assert.All(entries, entry => Assert.Equal(id, (string)entry["appointment"]!));
        Assert.Equal(["user:ana"], entries.Select(entry => (string?)entry["onBehalfOf"]).OfType<string>());
        Assert.Equal(4, entries.Select(entry => (string)entry["commandId"]!).Distinct().Count());
        Assert.Equal(entries[1]["after"]!.ToJsonString(), entries[0]["before"]!.ToJsonString());
        Assert.Null(entries[0]["after"]);
        Assert.Null(entries[3]["before"]);
    }

    [Fact]
    public async Task Pages_show_nothing_twice_and_miss_nothing_while_more_is_changed()
    {
        await using var desk = await Desk.Open();
        var id = await desk.Save(Meeting);
        for (var number = 2; number <= 7; number++)
        {
            await desk.SaveOne(With(Meeting, $"\"id\":\"{id}\",\"title\":\"{number}\""));
        }

        foreach (var query in new[] { $"\"appointment\":\"{id}\"", "\"calendar\":\"user:ben\"", "\"person\":\"user:ana\"" })
        {
            var whole = (await Entries(desk, $"{{{query}}}")).Select(entry => (long)entry["version"]!).ToList();
            var (cursor, found, pages) = ("", new List<long>(), 0);
            do
            {
                var page = await desk.Do("get-history", $"{{{query},\"limit\":2{cursor}}}");
                found.AddRange(page["entries"]!.AsArray().Select(entry => (long)entry!["version"]!));
                cursor = page["cursor"] is { } next ? $",\"cursor\":\"{next}\"" : "";
                await desk.SaveOne(With(Meeting, $"\"id\":\"{id}\",\"title\":\"page {++pages} of {whole.Count}\""));
            }
            while (cursor.Length > 0);

            Assert.Equal(whole, found);
            Assert.Equal(whole, whole.OrderDescending());
        }
    }

    [Fact]
    public async Task One_commands_entries_are_asked_for_by_its_id()
    {
        await using var desk = await Desk.Open();
        var ids = (await desk.Do("save-appointments", $$"""{"appointments":[{{Meeting}},{{Meeting}},{{Meeting}}]}"""))["saved"]!.AsArray()
            .Select(saved => (string)saved!["id"]!).ToList();
        await desk.Save(Meeting);
        var command = (string)(await Entries(desk, $$"""{"appointment":"{{ids[0]}}"}"""))[0]["commandId"]!;
        var entries = await Entries(desk, $$"""{"commandId":"{{command}}"}""");
        Assert.Equal(ids.Order(), entries.Select(entry => (string)entry["appointment"]!).Order());
        Assert.Empty(await Entries(desk, """{"commandId":"019ab0c2-6f00-7000-8000-000000000001"}"""));
    }

    [Fact]
    public async Task What_a_person_did_is_told_of_all_calendars_and_of_nobody_else()
    {
        await using var desk = await Desk.Open();
        await desk.Save(Meeting);
        await desk.Save(Meeting, Desk.As("user:ben"));
        var entries = await Entries(desk, """{"person":"user:ben"}""");
        Assert.Equal(["user:ben"], entries.Select(entry => (string)entry["by"]!));
        Assert.Empty(await Entries(desk, """{"person":"user:nobody"}"""));
        var both = await Entries(desk, """{"person":"user:ben","calendar":"user:ana"}""");
        Assert.Equal(entries.Select(Told), both.Select(Told));
    }

    [Fact]
    public async Task A_calendars_history_goes_on_to_what_has_left_it()
    {
        await using var desk = await Desk.Open();
        var id = await desk.Save(Meeting);
        await desk.SaveOne(With(Meeting, $"\"id\":\"{id}\",\"attendees\":[{{\"calendar\":\"user:ana\"}}]"));
        await desk.SaveOne(With(Meeting, $"\"id\":\"{id}\",\"attendees\":[{{\"calendar\":\"user:ana\"}}],\"title\":\"Alone\""));
        Assert.Equal([2, 1], (await Entries(desk, """{"calendar":"user:ben"}""")).Select(entry => (int)entry["version"]!));
        Assert.Equal([3, 2, 1], (await Entries(desk, """{"calendar":"user:ana"}""")).Select(entry => (int)entry["version"]!));
        Assert.Empty(await Entries(desk, """{"calendar":"user:nobody"}"""));
    }

    [Fact]
    public async Task A_timespan_means_when_it_was_done()
    {
        await using var desk = await Desk.Open();
        var id = await desk.Save(Meeting);
        await Later(desk);
        await desk.SaveOne(With(Meeting, $"\"id\":\"{id}\",\"title\":\"Later\""));
        foreach (var query in new[] { $"\"appointment\":\"{id}\"", "\"calendar\":\"user:ben\"", "\"person\":\"user:ana\"" })
        {
            string Within(string from, string to) =>
                "{" + query + $$""","timespan":{"from":"2026-11-01T{{from}}Z","to":"2026-11-01T{{to}}Z"}""" + "}";
            Assert.Equal([2], (await Entries(desk, Within("10:00:01", "10:01:01"))).Select(entry => (int)entry["version"]!));
            Assert.Equal([1], (await Entries(desk, Within("10:00:00", "10:01:00"))).Select(entry => (int)entry["version"]!));
            Assert.Empty(await Entries(desk, Within("10:02:00", "10:03:00")));
        }
    }

    [Fact]
    public async Task What_changed_no_appointment_is_for_who_did_it_who_may_modify_the_calendar_and_who_administers()
    {
        await using var desk = await Desk.Open();
        const string Calendar = """{"calendars":[{"calendar":"user:ben","kind":"user","timeZone":"Europe/Paris"}]}""";
        await desk.Do("save-calendars", Calendar, Desk.As("user:root", scopes: Scopes.Read | Scopes.Write | Scopes.Admin));
        foreach (var caller in new[] { Admin, Desk.As("user:ben") })
        {
            var entry = Assert.Single(await Entries(desk, """{"calendar":"user:ben"}""", caller));
            Assert.Equal(("user:root", "save-calendars"), ((string)entry["by"]!, (string)entry["command"]!));
            Assert.Equal("Europe/Paris", (string)entry["data"]!["calendars"]![0]!["timeZone"]!);
            Assert.Null(entry["appointment"]);
            Assert.Single(await Entries(desk, """{"person":"user:root"}""", caller));
        }

        Assert.Empty(await Entries(desk, """{"calendar":"user:ben"}"""));
        Assert.Empty(await Entries(desk, """{"person":"user:root"}"""));
    }

    [Fact]
    public async Task A_series_tells_of_its_occurrences_and_an_occurrence_of_its_series()
    {
        await using var desk = await Desk.Open();
        var series = (string)(await desk.SaveOne(Weekly))["id"]!;
        var occurrence = await Occurrence(desk, "2026-11-16");
        await desk.SaveOne(With(occurrence.ToJsonString(), "\"title\":\"By itself\""));
        var other = Id(await Occurrence(desk, "2026-11-23"));
        Assert.Equal(["modified", "created"], Kinds(await Entries(desk, $$"""{"appointment":"{{series}}"}""")));
        Assert.Equal(["modified", "created"], Kinds(await Entries(desk, $$"""{"appointment":"{{Id(occurrence)}}"}""")));
        Assert.Equal(["created"], Kinds(await Entries(desk, $$"""{"appointment":"{{other}}"}""")));
        await desk.Delete(Id(occurrence));
        Assert.Equal(["created", "deleted", "modified", "modified"], Kinds(await Entries(desk, $$"""{"appointment":"{{Id(occurrence)}}"}""")).Order());
    }

    [Fact]
    public async Task Something_must_be_asked_for()
    {
        await using var desk = await Desk.Open();
        Assert.Equal(RefusalCode.Invalid, (await desk.Refused("get-history", "{}")).Code);
        Assert.Equal(RefusalCode.Invalid, (await desk.Refused(
            "get-history", """{"timespan":{"from":"2026-11-01T00:00:00Z","to":"2026-11-02T00:00:00Z"}}""")).Code);
        var unknown = await desk.Refused("get-history", """{"appointment":"019ab0c2-6f00-7000-8000-000000000001"}""");
        Assert.Equal((RefusalCode.NotFound, "/appointment"), (unknown.Code, unknown.Errors[0].Pointer));
    }

    [Fact]
    public async Task A_calendars_pages_are_its_appointments_entries_in_order()
    {
        await using var desk = await Desk.Open();
        desk.WatchesVersions = false;
        var (random, ids) = (new Random(7), new List<string>());
        for (var step = 0; step < 120; step++)
        {
            desk.Clock.Now += Duration.FromSeconds(random.Next(3));
            if (ids.Count == 0 || random.Next(4) == 0)
            {
                ids.Add(await desk.Save(With(Meeting, $"\"title\":\"{step}\"")));
            }
            else
            {
                var people = random.Next(3) == 0 ? """[{"calendar":"user:ana"}]""" : """[{"calendar":"user:ana"},{"calendar":"user:ben"}]""";
                await desk.SaveOne(With(Meeting, $"\"id\":\"{ids[random.Next(ids.Count)]}\",\"title\":\"{step}\",\"attendees\":{people}"));
            }
        }

        foreach (var limit in new[] { 3, 50 })
        {
            var (cursor, found) = ("", new List<string>());
            do
            {
                var page = await desk.Do("get-history", $"{{\"calendar\":\"user:ana\",\"limit\":{limit}{cursor}}}");
                found.AddRange(page["entries"]!.AsArray().Select(entry => (string)entry!["after"]!["title"]!));
                cursor = page["cursor"] is { } next ? $",\"cursor\":\"{next}\"" : "";
            }
            while (cursor.Length > 0);

            Assert.Equal(Enumerable.Range(0, 120).Reverse().Select(step => $"{step}"), found);
        }
    }

    private static Task Later(Desk desk)
    {
        desk.Clock.Now += Duration.FromMinutes(1);
        return Task.CompletedTask;
    }

    private static string Told(JsonNode entry) =>
        $"{entry["at"]} {entry["by"]} {entry["app"]} {entry["command"]} {entry["version"]} {entry["kind"]}: {entry["summary"]}";

    private static IEnumerable<string> Kinds(IEnumerable<JsonNode> entries) => entries.Select(entry => (string)entry["kind"]!);

    private static async Task<List<JsonNode>> Entries(Desk desk, string query, Caller? caller = null) =>
        [.. (await desk.Do("get-history", query, caller))["entries"]!.AsArray().Select(entry => entry!)];
}
