using System.Text.Json.Nodes;
using Kalends.Messages;
using static Kalends.Tests.Conversations.Series.SeriesDesk;

namespace Kalends.Tests.Conversations.Audit;

/// <summary>The trail keeps everything for ever; who asks sees no more of it than of the appointment itself, then and now.</summary>
public class HistoryMaskingTests
{
    private static readonly Caller Stranger = Desk.As("user:zoe");

    private static string Meeting(string privacy, string title = "Hidden") => $$"""
        {"title":"{{title}}","privacy":"{{privacy}}","start":"2026-11-23T09:00:00","timeZone":"UTC","duration":"PT1H",
         "attendees":[{"calendar":"user:ana"},{"calendar":"user:ben"}]}
        """;

    [Fact]
    public async Task What_is_private_comes_as_busy_blocks_that_say_nothing_else()
    {
        await using var desk = await Desk.Open();
        var id = await desk.Save(Meeting("private"));
        await desk.SaveOne(With(Meeting("private"), $"\"id\":\"{id}\",\"start\":\"2026-11-23T12:00:00\""));
        var page = await desk.Do("get-history", """{"calendar":"user:ben"}""", Stranger);
        var entries = page["entries"]!.AsArray();
        Assert.Equal(["modified", "created"], entries.Select(entry => (string)entry!["kind"]!));
        Assert.All(entries, entry => Assert.Equal(["after", "appointment", "at", "kind", "masked"], entry!.AsObject().Select(pair => pair.Key).Where(key => key != "before").Order()));
        Assert.Equal(
            """{"span":{"from":"2026-11-23T12:00:00Z","to":"2026-11-23T13:00:00Z"},"freeBusyStatus":"tentative","masked":true}""",
            entries[0]!["after"]!.ToJsonString());
        Assert.DoesNotContain(id, page.ToJsonString(), StringComparison.Ordinal);
        var found = await desk.Do(
            "get-appointments", """{"timespan":{"from":"2026-11-23T00:00:00Z","to":"2026-11-24T00:00:00Z"},"attendees":["user:ben"]}""", Stranger);
        Assert.Equal((string)found["entries"]![0]!["appointment"]!, (string)entries[0]!["appointment"]!);
    }

    [Fact]
    public async Task Who_did_it_and_with_which_command_tells_nothing_of_what_is_masked()
    {
        await using var desk = await Desk.Open();
        var id = await desk.Save(Meeting("private"));
        var command = (string)(await desk.Do("get-history", $$"""{"appointment":"{{id}}"}"""))["entries"]![0]!["commandId"]!;
        foreach (var query in new[] { "\"person\":\"user:ana\"", $"\"commandId\":\"{command}\"", "\"calendar\":\"user:ana\",\"person\":\"user:ana\"" })
        {
            Assert.Single((await desk.Do("get-history", $"{{{query}}}"))["entries"]!.AsArray());
            Assert.Empty((await desk.Do("get-history", $"{{{query}}}", Stranger))["entries"]!.AsArray());
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_secret_now_is_hidden_with_all_that_it_was(bool thenDeleted)
    {
        await using var desk = await Desk.Open();
        await using var without = await Desk.Open();
        var id = await desk.Save(Meeting("public"));
        Assert.Single((await desk.Do("get-history", $$"""{"appointment":"{{id}}"}""", Stranger))["entries"]!.AsArray());
        await desk.SaveOne(With(Meeting("secret"), $"\"id\":\"{id}\""));
        if (thenDeleted)
        {
            await desk.Delete(id);
        }

        var hidden = await desk.Refused("get-history", $$"""{"appointment":"{{id}}"}""", Stranger);
        var unknown = await without.Refused("get-history", $$"""{"appointment":"{{id}}"}""", Stranger);
        Assert.Equal((unknown.Code, unknown.Detail, unknown.Errors[0]), (hidden.Code, hidden.Detail, hidden.Errors[0]));
        Assert.Empty((await desk.Do("get-history", """{"calendar":"user:ana"}""", Stranger))["entries"]!.AsArray());
        Assert.Equal(thenDeleted ? 3 : 2, (await desk.Do("get-history", $$"""{"appointment":"{{id}}"}""", Desk.As("user:ben")))["entries"]!.AsArray().Count);
    }

    [Fact]
    public async Task What_was_secret_once_is_not_told_though_it_is_public_now()
    {
        await using var desk = await Desk.Open();
        var id = await desk.Save(Meeting("secret"));
        await desk.SaveOne(With(Meeting("public", "Open"), $"\"id\":\"{id}\""));
        await desk.SaveOne(With(Meeting("public", "Open"), $"\"id\":\"{id}\",\"start\":\"2026-11-23T12:00:00\""));
        var answer = await desk.Do("get-history", $$"""{"appointment":"{{id}}"}""", Stranger);
        Assert.DoesNotContain("Hidden", answer.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("modified", (string)answer["entries"]![0]!["kind"]!);
        Assert.Equal(("created", true), ((string)answer["entries"]![1]!["kind"]!, (bool)answer["entries"]![1]!["masked"]!));
        Assert.Equal(2, answer["entries"]!.AsArray().Count);
    }

    [Fact]
    public async Task Hidden_entries_take_no_place_on_a_page_and_make_no_cursor()
    {
        await using var with = await Desk.Open();
        await using var without = await Desk.Open();
        foreach (var desk in new[] { with, without })
        {
            await desk.Save(Meeting("public", "Open"));
        }

        for (var number = 0; number < 5; number++)
        {
            await with.Save(Meeting("secret"));
        }

        foreach (var query in new[] { """{"calendar":"user:ana","limit":1}""", """{"person":"user:ana","limit":1}""" })
        {
            var (one, other) = (await with.Do("get-history", query, Stranger), await without.Do("get-history", query, Stranger));
            Assert.Equal(other["cursor"] is null, one["cursor"] is null);
            Assert.Equal(Titles(other), Titles(one));
            Assert.Equal(["Open"], Titles(one));
        }
    }

    [Fact]
    public async Task An_occurrence_that_went_with_its_series_is_as_private_as_that()
    {
        await using var desk = await Desk.Open();
        var series = (string)(await desk.SaveOne(Weekly))["id"]!;
        var occurrence = await Occurrence(desk, "2026-11-16");
        await desk.Delete(Id(occurrence));
        await desk.SaveOne(With((await desk.Get(series)).ToJsonString(), "\"privacy\":\"secret\""));
        foreach (var id in new[] { Id(occurrence), series })
        {
            Assert.Equal(RefusalCode.NotFound, (await desk.Refused("get-history", $$"""{"appointment":"{{id}}"}""", Stranger)).Code);
        }

        await desk.Delete(series);
        Assert.Empty((await desk.Do("get-history", """{"calendar":"user:ana"}""", Stranger))["entries"]!.AsArray());
    }

    private static IEnumerable<string?> Titles(JsonNode answer) => answer["entries"]!.AsArray().Select(entry => (string?)entry!["after"]!["title"]);
}
