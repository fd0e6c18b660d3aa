using System.Text.Json.Nodes;
using NodaTime;
using static Kalends.Tests.Conversations.Series.SeriesDesk;

namespace Kalends.Tests.Conversations.Audit;

/// <summary>Series put back as wholes: rules, exceptions, and what was changed by itself.</summary>
public class RestoringSeriesTests
{
    private const string November = """ "calendar":"user:ana","timespan":{"from":"2026-11-01T00:00:00Z","to":"2026-12-31T00:00:00Z"} """;

    public static TheoryData<int> Deeds => [.. Enumerable.Range(0, 9)];

    [Theory]
    [MemberData(nameof(Deeds))]
    public async Task Whatever_is_done_to_a_series_is_undone_by_its_command(int deed)
    {
        await using var desk = await Desk.Open();
        var before = await Prepare(desk);
        await Do(desk, deed);
        Assert.NotEqual(before, await Seen(desk));
        var command = (await desk.Do("get-history", """{"person":"user:ana","limit":1}"""))["entries"]![0]!["commandId"]!;
        var answer = await desk.Do("restore-appointments", $$"""{"commandId":"{{command}}"}""");
        Assert.Equal("[]", answer["skipped"]!.ToJsonString());
        Assert.Equal(before, await Seen(desk));
        await Sound(desk);
    }

    [Theory]
    [MemberData(nameof(Deeds))]
    public async Task Whatever_is_done_to_a_series_is_undone_with_its_calendar(int deed)
    {
        await using var desk = await Desk.Open();
        var (before, then) = (await Prepare(desk), desk.Clock.Now);
        desk.Clock.Now += Duration.FromMinutes(1);
        await Do(desk, deed);
        desk.Clock.Now += Duration.FromMinutes(1);
        await Do(desk, (deed + 1) % Deeds.Count);
        var answer = await desk.Do("restore-appointments", "{" + November + $",\"asOf\":\"{then}\"}}");
        Assert.Equal("[]", answer["skipped"]!.ToJsonString());
        Assert.Equal(before, await Seen(desk));
        await Sound(desk);
    }

    [Fact]
    public async Task A_series_is_restored_to_one_of_its_versions_with_what_said_something_of_its_own_then()
    {
        await using var desk = await Desk.Open();
        var id = (string)(await desk.SaveOne(Weekly))["id"]!;
        await desk.SaveOne(With((await Occurrence(desk, "2026-11-16")).ToJsonString(), "\"title\":\"First note\""));
        await desk.SaveOne(With((await desk.Get(id)).ToJsonString(), "\"start\":\"2026-11-02T11:00:00\""));
        var second = await Seen(desk);
        await desk.SaveOne(With((await Occurrence(desk, "2026-11-16")).ToJsonString(), "\"title\":\"Second note\""));
        await desk.SaveOne(With((await desk.Get(id)).ToJsonString(), "\"title\":\"Third\""));
        await desk.Do("restore-appointments", $$"""{"appointments":[{"id":"{{id}}","version":2}]}""");
        Assert.Equal(second, await Seen(desk));
        await Sound(desk);
    }

    [Fact]
    public async Task An_occurrence_is_restored_alone_and_its_series_stays_as_it_is()
    {
        await using var desk = await Desk.Open();
        await desk.SaveOne(Weekly);
        var id = Id(await Occurrence(desk, "2026-11-16"));
        await desk.SaveOne(With((await desk.Get(id)).ToJsonString(), "\"title\":\"First note\""));
        await desk.SaveOne(With((await desk.Get(id)).ToJsonString(), "\"title\":\"Second note\",\"start\":\"2026-11-17T09:00:00\""));
        await desk.Do("restore-appointments", $$"""{"appointments":[{"id":"{{id}}"}]}""");
        Assert.Equal("First note", (string)(await Occurrence(desk, "2026-11-16"))["title"]!);
        Assert.Equal("Standup", (string)(await Occurrence(desk, "2026-11-23"))["title"]!);
        await Sound(desk);
    }

    [Fact]
    public async Task An_occurrence_that_its_series_has_no_more_is_skipped_and_says_what_to_restore()
    {
        await using var desk = await Desk.Open();
        var series = (string)(await desk.SaveOne(Weekly))["id"]!;
        var id = Id(await Occurrence(desk, "2026-11-16"));
        await desk.SaveOne(With((await desk.Get(id)).ToJsonString(), "\"title\":\"Note\""));
        await desk.Delete(id);
        var answer = await desk.Do("restore-appointments", $$"""{"appointments":[{"id":"{{id}}"}]}""");
        Assert.Equal($"its series does not occur then any more: restore the series {series}", (string)answer["skipped"]![0]!["reason"]!);
        await desk.Do("restore-appointments", $$"""{"appointments":[{"id":"{{series}}"}]}""");
        Assert.Equal("Note", (string)(await Occurrence(desk, "2026-11-16"))["title"]!);
        await Sound(desk);
    }

    private static async Task<string> Prepare(Desk desk)
    {
        await desk.SaveOne(Weekly);
        await desk.SaveOne(With((await Occurrence(desk, "2026-11-16")).ToJsonString(), "\"title\":\"By itself\",\"start\":\"2026-11-16T15:00:00\""));
        await desk.SaveOne("""
            {"title":"Other","start":"2026-11-03T15:00:00","timeZone":"UTC","duration":"PT30M","recurrence":{"rule":"FREQ=WEEKLY;COUNT=6"},
             "attendees":[{"calendar":"user:ana"}]}
            """);
        await desk.Delete(Id(await Occurrence(desk, "2026-11-24")));
        await desk.Save("""{"title":"Single","start":"2026-11-05T15:00:00","timeZone":"UTC","duration":"PT30M","attendees":[{"calendar":"user:ana"}]}""");
        return await Seen(desk);
    }

    /// <summary>On the series of Mondays, whatever was done to it before.</summary>
    private static async Task Do(Desk desk, int deed)
    {
        var monday = (await desk.Entries("2026-11-09", "2026-11-10")).FirstOrDefault().Appointment
            ?? (await desk.Entries("2026-11-10", "2026-11-11"))[0].Appointment;
        var series = await desk.Get((string?)monday["series"]?["id"] ?? Id(monday));
        await (deed switch
        {
            0 => desk.SaveOne(With(series.ToJsonString(), "\"title\":\"Renamed\"")),
            1 => desk.SaveOne(With(series.ToJsonString(), "\"start\":\"2026-11-02T11:00:00\"")),
            2 => desk.Delete(Id(monday)),
            3 => desk.SaveOne(With(monday.ToJsonString(), "\"title\":\"From here\""), "this-and-following"),
            4 => desk.Delete(Id(monday), "this-and-following"),
            5 => desk.SaveOne(With(monday.ToJsonString(), "\"start\":\"2026-11-10T08:00:00\"")),
            6 => desk.SaveOne(With(series.ToJsonString(), "\"recurrence\":null,\"series\":null")),
            7 => desk.SaveOne(With(series.ToJsonString(), "\"recurrence\":{\"rule\":\"FREQ=WEEKLY;INTERVAL=2\"}")),
            _ => desk.Delete(Id(series)),
        });
    }

    /// <summary>What is shown for two months and of one far ahead, without what counts and dates versions.</summary>
    private static async Task<string> Seen(Desk desk)
    {
        var found = await desk.Entries("2026-11-01", "2027-01-01");
        found.AddRange(await desk.Entries("2030-03-01", "2030-04-01"));
        return string.Join('\n', found.Select(entry => $"{entry.From} {Told(entry.Appointment)}"));
    }

    private static string Told(JsonObject appointment)
    {
        var told = appointment.DeepClone().AsObject();
        told.Remove("version");
        told.Remove("updatedAt");
        (told["series"] as JsonObject)?.Remove("detached");
        return told.ToJsonString();
    }
}
