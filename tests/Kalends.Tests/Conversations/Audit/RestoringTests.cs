using System.Text.Json.Nodes;
using Kalends.Messages;
using NodaTime;
using static Kalends.Tests.Conversations.Series.SeriesDesk;

namespace Kalends.Tests.Conversations.Audit;

/// <summary>Putting appointments back, named, by command and by calendar, and who may.</summary>
public class RestoringTests
{
    private const string Meeting = """
        {"title":"Budget","start":"2026-11-23T09:00:00","timeZone":"Europe/Paris","duration":"PT45M",
         "attendees":[{"calendar":"user:ana"},{"calendar":"user:ben"}]}
        """;

    private const string InRoom = """
        {"title":"Room","start":"2026-11-23T09:00:00","timeZone":"Europe/Paris","duration":"PT45M",
         "attendees":[{"calendar":"user:ana"},{"calendar":"room:paris-3"}]}
        """;

    [Theory]
    [InlineData("\"version\":1", "Budget")]
    [InlineData("\"version\":2", "Second")]
    [InlineData("\"asOf\":\"2026-11-01T10:00:59Z\"", "Budget")]
    [InlineData("\"asOf\":\"2026-11-01T10:01:00Z\"", "Second")]
    [InlineData("", "Second")]
    public async Task A_named_appointment_is_what_it_was_and_that_is_a_new_version(string when, string title)
    {
        await using var desk = await Desk.Open();
        var id = await desk.Save(Meeting);
        await Change(desk, id, "\"title\":\"Second\",\"start\":\"2026-11-24T09:00:00\"");
        await Change(desk, id, "\"title\":\"Third\"");
        var answer = await Restore(desk, $$"""{"appointments":[{"id":"{{id}}"{{(when.Length > 0 ? "," : "")}}{{when}}}]}""");
        Assert.Equal($$"""{"saved":[{"id":"{{id}}","version":4,"created":false}],"deleted":[],"skipped":[]}""", answer.ToJsonString());
        Assert.Equal((title, 4), ((string)(await desk.Get(id))["title"]!, (int)(await desk.Get(id))["version"]!));
        await Sound(desk);
    }

    [Fact]
    public async Task What_was_deleted_comes_back_under_its_id_and_what_was_not_there_then_goes()
    {
        await using var desk = await Desk.Open();
        var gone = await desk.Save(Meeting);
        await desk.SaveOne(With(Meeting, $"\"id\":\"{gone}\",\"title\":\"Second\""));
        Later(desk);
        await desk.Delete(gone);
        var made = await desk.Save(With(Meeting, "\"title\":\"Made since\""));
        var answer = await Restore(desk, $$"""{"appointments":[{"id":"{{gone}}"},{"id":"{{made}}","asOf":"2026-11-01T10:00:00Z"}]}""");
        Assert.Equal(
            $$"""{"saved":[{"id":"{{gone}}","version":3,"created":true}],"deleted":[{"id":"{{made}}"}],"skipped":[]}""", answer.ToJsonString());
        Assert.Equal("Second", (string)(await desk.Get(gone))["title"]!);
        Assert.Equal(RefusalCode.NotFound, (await desk.Refused("get-appointment", $$"""{"id":"{{made}}"}""")).Code);
        var entries = (await desk.Do("get-history", $$"""{"appointment":"{{gone}}"}"""))["entries"]!.AsArray();
        Assert.Equal("restored by user:ana through app web", (string)entries[0]!["summary"]!);
        await Sound(desk);
    }

    [Fact]
    public async Task A_command_is_undone_but_for_what_was_changed_since()
    {
        await using var desk = await Desk.Open();
        var ids = new[] { await desk.Save(Meeting), await desk.Save(Meeting), await desk.Save(Meeting) };
        Later(desk);
        await desk.Do("save-appointments", $$"""{"appointments":[{{string.Join(',', ids[..2].Select(id => With(Meeting, $"\"id\":\"{id}\",\"title\":\"Wrong\"")))}},{{Meeting}}]}""");
        var entry = (await desk.Do("get-history", $$"""{"appointment":"{{ids[0]}}"}"""))["entries"]![0]!;
        Later(desk);
        await desk.Do("respond-to-appointments", $$"""{"appointments":[{"id":"{{ids[1]}}","calendar":"user:ben","response":"accepted"}]}""", Desk.As("user:ben"));
        var undo = $$"""{"commandId":"{{entry["commandId"]}}"}""";
        var preview = await desk.Do("restore-appointments", undo, options: new() { DryRun = true });
        Assert.Equal("Wrong", (string)(await desk.Get(ids[0]))["title"]!);
        var answer = await Restore(desk, undo);
        Assert.Equal(preview.ToJsonString(), answer.ToJsonString());
        Assert.Equal([ids[0]], answer["saved"]!.AsArray().Select(saved => (string)saved!["id"]!));
        Assert.Single(answer["deleted"]!.AsArray());
        Assert.Equal(
            $$"""[{"id":"{{ids[1]}}","reason":"changed since by user:ben at 2026-11-01T10:02:00Z"}]""", answer["skipped"]!.ToJsonString());
        Assert.Equal("Budget", (string)(await desk.Get(ids[0]))["title"]!);
        Assert.Equal("Wrong", (string)(await desk.Get(ids[1]))["title"]!);
        var again = await Restore(desk, undo);
        Assert.Empty(again["saved"]!.AsArray());
        Assert.Empty(again["deleted"]!.AsArray());
        await Sound(desk);
    }

    [Fact]
    public async Task A_calendar_is_as_it_was_in_a_timespan_and_elsewhere_as_it_is()
    {
        await using var desk = await Desk.Open();
        var (moved, away) = (await desk.Save(Meeting), await desk.Save(With(Meeting, "\"start\":\"2026-12-23T09:00:00\"")));
        var bens = await desk.Save(With(Meeting, "\"attendees\":[{\"calendar\":\"user:ben\"}]"), Desk.As("user:ben"));
        Later(desk);
        await desk.SaveOne(With(Meeting, $"\"id\":\"{moved}\",\"start\":\"2027-01-15T09:00:00\""));
        await desk.SaveOne(With(Meeting, $"\"id\":\"{away}\",\"start\":\"2026-12-24T09:00:00\""));
        var made = await desk.Save(With(Meeting, "\"title\":\"Made since\""));
        await desk.SaveOne(With(Meeting, $"\"id\":\"{bens}\",\"title\":\"Bens\",\"attendees\":[{{\"calendar\":\"user:ben\"}}]"), caller: Desk.As("user:ben"));
        var november = """{"calendar":"user:ana","timespan":{"from":"2026-11-01T00:00:00Z","to":"2026-12-01T00:00:00Z"},"asOf":"2026-11-01T10:00:00Z"}""";
        var answer = await Restore(desk, november);
        Assert.Equal([moved], answer["saved"]!.AsArray().Select(saved => (string)saved!["id"]!));
        Assert.Equal([made], answer["deleted"]!.AsArray().Select(deleted => (string)deleted!["id"]!));
        Assert.Equal("2026-11-23T09:00:00", (string)(await desk.Get(moved))["start"]!);
        Assert.Equal("2026-12-24T09:00:00", (string)(await desk.Get(away))["start"]!);
        Assert.Equal("Bens", (string)(await desk.Get(bens))["title"]!);
        Assert.Equal("""{"saved":[],"deleted":[],"skipped":[]}""", (await Restore(desk, november)).ToJsonString());
        Assert.Equal("""{"saved":[],"deleted":[],"skipped":[]}""", (await Restore(desk, november.Replace("user:ana", "user:nobody", StringComparison.Ordinal))).ToJsonString());
        await Sound(desk);
    }

    [Fact]
    public async Task A_room_that_was_taken_meanwhile_stays_with_who_took_it()
    {
        await using var desk = await Desk.Open();
        var (moved, other) = (await desk.Save(InRoom), await desk.Save(Meeting));
        Later(desk);
        await Change(desk, moved, "\"start\":\"2026-11-23T12:00:00\"", InRoom);
        await Change(desk, other, "\"title\":\"Other\"");
        var taking = await desk.Save(With(InRoom, "\"title\":\"Took it\""), Desk.As("user:ben"));
        var named = await desk.Refused("restore-appointments", $$"""{"appointments":[{"id":"{{moved}}","version":1},{"id":"{{other}}","version":1}]}""");
        Assert.Equal((RefusalCode.Conflict, "room:paris-3"), (named.Code, named.Conflicts[0].Calendar.Value));
        Assert.Equal("Other", (string)(await desk.Get(other))["title"]!);
        var answer = await Restore(
            desk, """{"calendar":"user:ana","timespan":{"from":"2026-11-01T00:00:00Z","to":"2026-12-01T00:00:00Z"},"asOf":"2026-11-01T10:01:00Z"}""");
        Assert.Equal([other], answer["saved"]!.AsArray().Select(saved => (string)saved!["id"]!));
        Assert.Equal(
            $$"""[{"id":"{{taking}}","reason":"user:ana may not change the calendar user:ben"},{"id":"{{moved}}","reason":"its time is taken in room:paris-3"}]""",
            answer["skipped"]!.ToJsonString());
        await Sound(desk);
    }

    [Fact]
    public async Task Two_that_changed_places_in_a_room_change_back()
    {
        await using var desk = await Desk.Open();
        var (one, two) = (await desk.Save(InRoom), await desk.Save(With(InRoom, "\"start\":\"2026-11-23T10:00:00\"")));
        Later(desk);
        await desk.Do("save-appointments", $$"""{"appointments":[{{With(InRoom, $"\"id\":\"{one}\",\"start\":\"2026-11-23T10:00:00\"")}},{{With(InRoom, $"\"id\":\"{two}\"")}}]}""");
        var third = await desk.Save(With(Meeting, "\"title\":\"Leaves the room\",\"start\":\"2026-11-23T14:00:00\""));
        var command = (await desk.Do("get-history", $$"""{"appointment":"{{one}}"}"""))["entries"]![0]!["commandId"]!;
        Assert.Equal(2, (await Restore(desk, $$"""{"commandId":"{{command}}"}"""))["saved"]!.AsArray().Count);
        Assert.Equal("2026-11-23T09:00:00", (string)(await desk.Get(one))["start"]!);

        // One leaves the room for good, another comes to where it was: both are put back at once.
        Later(desk);
        await desk.Do("save-appointments", $$"""{"appointments":[{{With(Meeting, $"\"id\":\"{one}\"")}}]}""");
        await desk.Do("save-appointments", $$"""{"appointments":[{{With(InRoom, $"\"id\":\"{third}\"")}}]}""");
        var answer = await Restore(desk, $$"""{"appointments":[{"id":"{{third}}"},{"id":"{{one}}"}]}""");
        Assert.Equal(2, answer["saved"]!.AsArray().Count);
        await Sound(desk);
    }

    [Fact]
    public async Task What_an_application_manages_is_put_back_by_that_application()
    {
        await using var desk = await Desk.Open();
        var crm = Desk.As("user:ana", app: "crm");
        var id = await desk.Save(With(Meeting, "\"managedByApp\":true"), crm);
        await desk.SaveOne(With(Meeting, $"\"id\":\"{id}\",\"title\":\"New\",\"managedByApp\":true"), caller: crm);
        Assert.Equal(RefusalCode.ManagedByApp, (await desk.Refused("restore-appointments", $$"""{"appointments":[{"id":"{{id}}"}]}""")).Code);
        var command = (await desk.Do("get-history", $$"""{"appointment":"{{id}}"}"""))["entries"]![0]!["commandId"]!;
        var answer = await Restore(desk, $$"""{"commandId":"{{command}}"}""");
        Assert.Equal("only the application crm may change this appointment", (string)answer["skipped"]![0]!["reason"]!);
        Assert.Single((await desk.Do("restore-appointments", $$"""{"commandId":"{{command}}"}""", crm))["saved"]!.AsArray());
    }

    [Fact]
    public async Task Who_may_not_change_it_may_not_put_it_back_and_learns_of_nothing_hidden()
    {
        await using var desk = await Desk.Open();
        var (open, secret) = (await desk.Save(Meeting), await desk.Save(With(Meeting, "\"privacy\":\"secret\"")));
        var both = new[] { With(Meeting, $"\"id\":\"{open}\",\"title\":\"New\""), With(Meeting, $"\"id\":\"{secret}\",\"privacy\":\"secret\",\"title\":\"New\"") };
        var saved = await desk.Do("save-appointments", $$"""{"appointments":[{{string.Join(',', both)}}]}""");
        Assert.Equal(2, saved["saved"]!.AsArray().Count);
        var zoe = Desk.As("user:zoe");
        Assert.Equal(RefusalCode.Forbidden, (await desk.Refused("restore-appointments", $$"""{"appointments":[{"id":"{{open}}"}]}""", zoe)).Code);
        var hidden = await desk.Refused("restore-appointments", $$"""{"appointments":[{"id":"{{secret}}","version":7}]}""", zoe);
        Assert.Equal((RefusalCode.NotFound, "/appointments/0/id"), (hidden.Code, hidden.Errors[0].Pointer));
        var command = (await desk.Do("get-history", $$"""{"appointment":"{{secret}}"}"""))["entries"]![0]!["commandId"]!;
        var answer = await desk.Do("restore-appointments", $$"""{"commandId":"{{command}}"}""", zoe);
        Assert.Equal($$"""[{"id":"{{open}}","reason":"user:zoe may not change the calendar user:ana"}]""", answer["skipped"]!.ToJsonString());
        Assert.Empty(answer["saved"]!.AsArray());
        Assert.Equal(2, (await Restore(desk, $$"""{"commandId":"{{command}}"}"""))["saved"]!.AsArray().Count);
        var alone = (await desk.Do("get-history", $$"""{"appointment":"{{secret}}"}"""))["entries"]![0]!["commandId"]!;
        Assert.NotEqual((string)command!, (string)alone!);
    }

    [Theory]
    [InlineData("{}", "")]
    [InlineData("""{"commandId":"019ab0c2-6f00-7000-8000-000000000001","appointments":[]}""", "")]
    [InlineData("""{"calendar":"user:ana"}""", "/timespan")]
    [InlineData("""{"appointments":[{"id":"019ab0c2-6f00-7000-8000-000000000001","version":1,"asOf":"2026-11-01T09:00:00Z"}]}""", "/appointments/0/asOf")]
    [InlineData("""{"appointments":[{"id":"019ab0c2-6f00-7000-8000-000000000001","asOf":"2026-11-02T09:00:00Z"}]}""", "/appointments/0/asOf")]
    [InlineData("""{"appointments":[{"id":"019ab0c2-6f00-7000-8000-000000000001"}]}""", "/appointments/0/id")]
    [InlineData("""{"commandId":"019ab0c2-6f00-7000-8000-000000000001"}""", "/commandId")]
    [InlineData("""{"calendar":"user:ana","timespan":{"from":"2026-11-01T00:00:00Z","to":"2026-12-01T00:00:00Z"},"asOf":"2026-11-02T10:00:00Z"}""", "/asOf")]
    public async Task What_makes_no_sense_is_refused_with_its_place(string request, string pointer)
    {
        await using var desk = await Desk.Open();
        Assert.Equal(pointer, (await desk.Refused("restore-appointments", request)).Errors[0].Pointer);
    }

    private static async Task Change(Desk desk, string id, string members, string appointment = Meeting)
    {
        Later(desk);
        await desk.SaveOne(With(With(appointment, $"\"id\":\"{id}\""), members));
    }

    private static void Later(Desk desk) => desk.Clock.Now += Duration.FromMinutes(1);

    private static Task<JsonNode> Restore(Desk desk, string request) => desk.Do("restore-appointments", request);
}
