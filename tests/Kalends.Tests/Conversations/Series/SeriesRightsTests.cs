using System.Globalization;
using System.Text.Json.Nodes;
using Kalends.Appointments;
using Kalends.Messages;
using NodaTime;
using static Kalends.Tests.Conversations.Series.SeriesDesk;

namespace Kalends.Tests.Conversations.Series;

/// <summary>Who may change a series through one of its occurrences, and what others learn of it.</summary>
public class SeriesRightsTests
{
    [Fact]
    public async Task Who_owns_one_occurrence_may_not_change_the_whole_series()
    {
        await using var desk = await Desk.Open();
        var id = Id(await desk.SaveOne(Weekly));
        var second = await Occurrence(desk, "2026-11-09");
        await desk.SaveOne(With(second.ToJsonString(), "\"owner\":\"user:ben\""), null, Admin);
        var bens = await desk.Get(Id(second));
        var reply = await desk.Run("save-appointments", $$"""{"scope":"all","appointments":[{{With(bens.ToJsonString(), "\"title\":\"Taken over\"")}}]}""", Desk.As("user:ben"));
        var series = await desk.Get(id);
        Assert.Equal(("user:ana", "Standup", RefusalCode.Forbidden), ((string)series["owner"]!, (string)series["title"]!, reply.Refusal?.Code));
    }

    [Fact]
    public async Task Who_owns_one_occurrence_may_not_delete_the_whole_series()
    {
        await using var desk = await Desk.Open();
        var id = Id(await desk.SaveOne(Weekly));
        var second = await Occurrence(desk, "2026-11-09");
        await desk.SaveOne(With(second.ToJsonString(), "\"owner\":\"user:ben\""), null, Admin);
        var reply = await desk.Run("delete-appointments", $$"""{"scope":"all","appointments":[{"id":"{{Id(second)}}"}]}""", Desk.As("user:ben"));
        Assert.Equal(RefusalCode.Forbidden, reply.Refusal?.Code);
    }

    [Fact]
    public async Task What_an_application_manages_is_not_changed_through_one_free_occurrence()
    {
        await using var desk = await Desk.Open();
        var crm = Desk.As("user:ana", app: "crm");
        var id = Id(await desk.SaveOne(With(Weekly, "\"managedByApp\":true"), null, crm));
        var second = await Occurrence(desk, "2026-11-09");
        await desk.SaveOne(With(second.ToJsonString(), "\"managedByApp\":false"), null, crm);
        var free = await desk.Get(Id(second));
        var reply = await desk.Run("save-appointments", $$"""{"scope":"all","appointments":[{{With(free.ToJsonString(), "\"title\":\"By web\"")}}]}""");
        var gone = await desk.Run("delete-appointments", $$"""{"scope":"this-and-following","appointments":[{"id":"{{Id(second)}}"}]}""");
        Assert.Equal((RefusalCode.ManagedByApp, RefusalCode.ManagedByApp), (reply.Refusal?.Code, gone.Refusal?.Code));
    }

    [Fact]
    public async Task An_occurrence_that_an_application_manages_is_not_deleted_or_changed_with_its_series()
    {
        await using var desk = await Desk.Open();
        var id = Id(await desk.SaveOne(Weekly));
        var second = await Occurrence(desk, "2026-11-09");
        await desk.SaveOne(With(second.ToJsonString(), "\"managedByApp\":true"), null, Desk.As("user:ana", app: "crm"));
        var reply = await desk.Run("delete-appointments", $$"""{"appointments":[{"id":"{{id}}"}]}""");
        Assert.Equal(RefusalCode.ManagedByApp, reply.Refusal?.Code);
    }

    [Fact]
    public async Task An_import_does_not_change_occurrences_that_another_application_manages()
    {
        await using var desk = await Desk.Open();
        string Text(string title) => ICalendar.Reading.Event(
            "DTSTART;TZID=Europe/Paris:20261102T090000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY", $"SUMMARY:{title}");
        async Task<JsonNode> Import(string title) => await desk.Do("import-calendar", $$"""{"calendar":"user:ana","text":{{JsonValue.Create(Text(title)).ToJsonString()}}}""");
        await Import("One");
        var second = await Occurrence(desk, "2026-11-09");
        await desk.SaveOne(With(second.ToJsonString(), """ "managedByApp":true,"title":"Managed" """), null, Desk.As("user:ana", app: "crm"));
        await Import("Two");
        Assert.Equal("Managed", (string)(await desk.Get(Id(second)))["title"]!);
    }

    [Fact]
    public async Task Later_pages_do_not_show_what_a_split_has_made_secret()
    {
        await using var desk = await Desk.Open();
        var stranger = Desk.As("user:zoe");
        await desk.SaveOne(With(Weekly, """ "title":"Hidden" """));
        const string Query = """ "timespan":{"from":"2026-11-01T00:00:00Z","to":"2026-12-12T00:00:00Z"},"attendees":["user:ana"],"limit":1 """;
        var page = await desk.Do("get-appointments", $"{{{Query}}}", stranger);
        await desk.SaveOne(With((await Occurrence(desk, "2026-11-09")).ToJsonString(), """ "privacy":"secret" """), "this-and-following");
        while (page["cursor"] is { } cursor)
        {
            page = await desk.Do("get-appointments", $$"""{{{Query}},"cursor":"{{cursor}}"}""", stranger);
            Assert.DoesNotContain("Hidden", page.ToJsonString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Export_shows_a_private_occurrence_of_a_public_series_once()
    {
        await using var desk = await Desk.Open();
        await desk.SaveOne(Weekly);
        var second = await Occurrence(desk, "2026-11-09");
        await desk.SaveOne(With(second.ToJsonString(), """ "privacy":"private","start":"2026-11-10T14:00:00" """));
        var text = (string)(await desk.Do("export-calendar", """{"calendar":"user:ana"}""", Desk.As("user:zoe")))["text"]!;
        await desk.Do("import-calendar", $$"""{"calendar":"user:zoe","text":{{JsonValue.Create(text).ToJsonString()}}}""", Desk.As("user:zoe"));
        Assert.Equal(["2026-11-02T08:00:00Z", "2026-11-10T13:00:00Z", "2026-11-16T08:00:00Z"], await desk.Starts("2026-11-01", "2026-11-20", "user:zoe"));
    }
}
