using System.Text.Json.Nodes;
using Kalends.Messages;
using NodaTime;
using static Kalends.Tests.Conversations.Series.SeriesDesk;

namespace Kalends.Tests.Conversations.Audit;

/// <summary>Calendars as they were at a moment, put back from the trail.</summary>
public class AsOfTests
{
    private const string Span = "\"timespan\":{\"from\":\"2026-11-23T00:00:00Z\",\"to\":\"2026-12-23T00:00:00Z\"},\"attendees\":[\"user:ana\",\"user:ben\"]";

    private const string Meeting = """
        {"title":"Budget","start":"2026-11-23T09:00:00","timeZone":"Europe/Paris","duration":"PT45M",
         "attendees":[{"calendar":"user:ana"},{"calendar":"user:ben"}]}
        """;

    [Fact]
    public async Task What_was_moved_deleted_and_created_since_is_as_it_was()
    {
        await using var desk = await Desk.Open();
        var moved = await desk.Save(Meeting);
        var deleted = await desk.Save(With(Meeting, "\"title\":\"Deleted\",\"start\":\"2026-11-24T09:00:00\""));
        await desk.Save(With(Meeting, "\"title\":\"Untouched\",\"start\":\"2026-11-25T09:00:00\""));
        var (then, answered) = (desk.Clock.Now, await Asked(desk));
        Later(desk);
        await desk.SaveOne(With(Meeting, $"\"id\":\"{moved}\",\"start\":\"2026-12-01T09:00:00\",\"title\":\"Moved\""));
        await desk.Delete(deleted);
        await desk.Save(With(Meeting, "\"title\":\"Created\",\"start\":\"2026-11-26T09:00:00\""));
        Assert.NotEqual(answered, await Asked(desk));
        Assert.Equal(answered, await Asked(desk, then));
        Assert.Equal(answered, await Asked(desk, desk.Clock.Now - Duration.FromSeconds(1)));
        Assert.Equal(await Asked(desk), await Asked(desk, desk.Clock.Now));
        Assert.Equal("""{"appointments":{},"entries":[]}""", await Asked(desk, then - Duration.FromSeconds(1)));
    }

    [Fact]
    public async Task A_moment_includes_all_that_was_begun_within_its_second()
    {
        await using var desk = await Desk.Open();
        var id = await desk.Save(Meeting);
        for (var version = 2; version < 5; version++)
        {
            await desk.SaveOne(With(Meeting, $"\"id\":\"{id}\",\"title\":\"{version}\""));
        }

        var (then, answered) = (desk.Clock.Now, await Asked(desk));
        desk.Clock.Now += Duration.FromSeconds(1);
        await desk.SaveOne(With(Meeting, $"\"id\":\"{id}\",\"title\":\"next second\""));
        Assert.Equal(answered, await Asked(desk, then));
    }

    [Fact]
    public async Task Pages_of_a_moment_are_of_that_moment_while_more_is_changed()
    {
        await using var desk = await Desk.Open();
        var ids = new List<string>();
        for (var day = 23; day < 31; day++)
        {
            ids.Add(await desk.Save(With(Meeting, $"\"title\":\"{day}\",\"start\":\"2026-11-{day}T09:00:00\"")));
        }

        var (then, answered) = (desk.Clock.Now, JsonNode.Parse(await Asked(desk))!["entries"]!.AsArray().Select(entry => entry!.ToJsonString()).ToList());
        Later(desk);
        await desk.Delete(ids[0]);
        var (cursor, found, step) = ("", new List<string>(), 0);
        do
        {
            var page = await desk.Do("get-appointments", $"{{{Span},\"asOf\":\"{then}\",\"limit\":3{cursor}}}");
            found.AddRange(page["entries"]!.AsArray().Select(entry => entry!.ToJsonString()));
            cursor = page["cursor"] is { } next ? $",\"cursor\":\"{next}\"" : "";
            await desk.SaveOne(With(Meeting, $"\"id\":\"{ids[++step]}\",\"start\":\"2026-12-{step + 10}T09:00:00\""));
        }
        while (cursor.Length > 0);

        Assert.Equal(answered, found);
    }

    [Fact]
    public async Task Series_are_as_they_were_with_their_occurrences()
    {
        await using var desk = await Desk.Open();
        var id = (string)(await desk.SaveOne(Weekly))["id"]!;
        var own = await Occurrence(desk, "2026-11-30");
        await desk.SaveOne(With(own.ToJsonString(), "\"title\":\"By itself\",\"start\":\"2026-12-01T09:00:00\""));
        var moments = new List<(Instant, string)> { (desk.Clock.Now, await Asked(desk)) };
        Func<Task>[] changes =
        [
            async () => await desk.SaveOne(With((await desk.Get(id)).ToJsonString(), "\"title\":\"New\",\"start\":\"2026-11-02T11:00:00\"")),
            async () => await desk.Delete(Id(await Occurrence(desk, "2026-12-14"))),
            async () => await desk.SaveOne(With((await Occurrence(desk, "2026-12-07")).ToJsonString(), "\"title\":\"From here\""), "this-and-following"),
            async () => await desk.Delete(id),
        ];
        foreach (var change in changes)
        {
            Later(desk);
            await change();
            moments.Add((desk.Clock.Now, await Asked(desk)));
        }

        Assert.Equal(moments.Count, moments.Select(moment => moment.Item2).Distinct().Count());
        foreach (var (then, answered) in moments)
        {
            Assert.Equal(answered, await Asked(desk, then));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_has_become_secret_since_is_not_shown_though_it_was_public_then(bool thenDeleted)
    {
        await using var desk = await Desk.Open();
        var id = await desk.Save(Meeting);
        await desk.Save(With(Meeting, "\"title\":\"Public\",\"start\":\"2026-11-24T09:00:00\""));
        var then = desk.Clock.Now;
        Later(desk);
        await desk.SaveOne(With(Meeting, $"\"id\":\"{id}\",\"privacy\":\"secret\""));
        if (thenDeleted)
        {
            await desk.Delete(id);
        }

        var seen = JsonNode.Parse(await Asked(desk, then, Desk.As("user:zoe")))!["appointments"]!.AsObject();
        Assert.Equal(["Public"], seen.Select(pair => (string)pair.Value!["title"]!));
        Assert.Contains("Budget", await Asked(desk, then), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_moment_to_come_is_refused()
    {
        await using var desk = await Desk.Open();
        var refusal = await desk.Refused("get-appointments", $"{{{Span},\"asOf\":\"2026-11-01T10:00:01Z\"}}");
        Assert.Equal((RefusalCode.Invalid, "/asOf"), (refusal.Code, refusal.Errors[0].Pointer));
    }

    private static void Later(Desk desk) => desk.Clock.Now += Duration.FromMinutes(1);

    private static async Task<string> Asked(Desk desk, Instant? asOf = null, Caller? caller = null)
    {
        var answer = (await desk.Do("get-appointments", $"{{{Span},\"limit\":20000{(asOf is null ? "" : $",\"asOf\":\"{asOf}\"")}}}", caller)).AsObject();
        var shown = answer["appointments"]!.AsObject().OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => KeyValuePair.Create(pair.Key, pair.Value?.DeepClone()));
        answer["appointments"] = new JsonObject(shown);
        return answer.ToJsonString();
    }
}
