using Kalends.Messages;

namespace Kalends.Tests.Conversations;

public class SavingTests
{
    private const string Budget = """{"title":"Budget","start":"2026-11-23T09:00:00","timeZone":"Europe/Paris","duration":"PT45M"}""";

    private const string AnasNovember = """{"timespan":{"from":"2026-11-01T00:00:00Z","to":"2026-12-01T00:00:00Z"},"attendees":["user:ana"]}""";

    [Fact]
    public async Task An_appointment_is_answered_complete()
    {
        await using var desk = await Desk.Open();
        var id = await desk.Save(Budget);
        var one = (await desk.Do("get-appointment", $$"""{"id":"{{id}}"}"""));
        Assert.Equal("user:ana", (string)one["owner"]!);
        Assert.Equal(1, (int)one["version"]!);
        Assert.Equal("2026-11-23T08:00:00Z", (string)one["span"]!["from"]!);
        Assert.Equal("2026-11-23T08:45:00Z", (string)one["span"]!["to"]!);
        Assert.Equal("""[{"calendar":"user:ana","role":"chair","response":"accepted"}]""", one["attendees"]!.ToJsonString());
        Assert.Equal(("busy", "public", "confirmed", "web", "user:ana"),
            ((string)one["freeBusyStatus"]!, (string)one["privacy"]!, (string)one["status"]!, (string)one["app"]!, (string)one["originator"]!));
        Assert.Equal("2026-11-01T10:00:00Z", (string)one["createdAt"]!);
    }

    [Fact]
    public async Task An_answer_can_be_edited_and_sent_back()
    {
        await using var desk = await Desk.Open();
        var id = await desk.Save(Budget);
        var one = (await desk.Do("get-appointment", $$"""{"id":"{{id}}"}"""));
        one["title"] = "Budget, second round";
        var saved = (await desk.Do("save-appointments", $$"""{"appointments":[{{one.ToJsonString()}}]}"""))["saved"]![0]!;
        Assert.Equal((2, false), ((int)saved["version"]!, (bool)saved["created"]!));
    }

    [Fact]
    public async Task A_stale_version_is_refused_and_named()
    {
        await using var desk = await Desk.Open();
        var id = await desk.Save(Budget);
        var change = $$"""{"appointments":[{"id":"{{id}}","version":1,"title":"B","start":"2026-11-23T10:00:00","timeZone":"UTC","duration":"PT1H"}]}""";
        await desk.Do("save-appointments", change);
        var refusal = await desk.Refused("save-appointments", change);
        Assert.Equal(RefusalCode.StaleVersion, refusal.Code);
        Assert.Equal("/appointments/0/version", refusal.Errors[0].Pointer);
    }

    [Fact]
    public async Task All_of_a_save_happens_or_none()
    {
        await using var desk = await Desk.Open();
        var id = await desk.Save(Budget);
        var refusal = await desk.Refused("save-appointments", $$"""
            {"appointments":[
              {"title":"New","start":"2026-11-24T09:00:00","timeZone":"UTC","duration":"PT1H"},
              {"id":"{{id}}","version":7,"title":"Old","start":"2026-11-24T09:00:00","timeZone":"UTC","duration":"PT1H"}]}
            """);
        Assert.Equal(RefusalCode.StaleVersion, refusal.Code);
        var all = await desk.Do("get-appointments", AnasNovember);
        Assert.Single(all["entries"]!.AsArray());
        Assert.Empty(await desk.FindBroken());
    }

    [Fact]
    public async Task Every_fault_of_a_request_is_told_at_once()
    {
        await using var desk = await Desk.Open();
        var refusal = await desk.Refused("save-appointments", """
            {"appointments":[
              {"start":"2026-11-23T09:00:00","timeZone":"Mars/Olympus","duration":"PT1H"},
              {"start":"1200-01-01T00:00:00","duration":"PT1H"},
              null,
              {"allDay":true,"start":"2026-11-23T09:00:00","duration":"PT1H"}]}
            """);
        Assert.Equal(
            ["/appointments/0/timeZone", "/appointments/1/start", "/appointments/2", "/appointments/3/start", "/appointments/3/duration"],
            refusal.Errors.Select(error => error.Pointer));
    }

    [Fact]
    public async Task Faults_of_form_are_told_at_once_with_pointers()
    {
        await using var desk = await Desk.Open();
        var refusal = await desk.Refused("save-appointments", """
            {"appointments":[{"start":"soon","duration":"-PT1H","tittle":"x","attendees":[{"role":"boss"}]}],"conflicts":1}
            """);
        Assert.Equal(
            [
                "/appointments/0/attendees/0/calendar", "/appointments/0/attendees/0/role", "/appointments/0/duration", "/appointments/0/start",
                "/appointments/0/tittle", "/conflicts",
            ],
            refusal.Errors.Select(error => error.Pointer).Order(StringComparer.Ordinal));
        Assert.Contains(refusal.Errors, error => error.Detail.Contains("did you mean title?", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Null_is_as_good_as_absent_also_where_something_is_required()
    {
        await using var desk = await Desk.Open();
        var refusal = await desk.Refused("respond-to-appointments", """{"appointments":null}""");
        Assert.Equal(new FieldError("/appointments", "is required"), Assert.Single(refusal.Errors));
        await desk.Save("""{"start":"2026-11-23T09:00:00","duration":"PT1H","title":null,"attendees":null,"metadata":null}""");
    }

    [Fact]
    public async Task Nobody_changes_another_persons_appointments()
    {
        await using var desk = await Desk.Open();
        var id = await desk.Save(Budget);
        var ben = Desk.As("user:ben");
        Assert.Equal(RefusalCode.Forbidden, (await desk.Refused(
            "save-appointments", """{"appointments":[{"owner":"user:ana","start":"2026-11-23T09:00:00","duration":"PT1H"}]}""", ben)).Code);
        Assert.Equal(RefusalCode.Forbidden, (await desk.Refused("delete-appointments", $$"""{"appointments":[{"id":"{{id}}"}]}""", ben)).Code);
        Assert.Equal(RefusalCode.Forbidden, (await desk.Refused(
            "save-appointments", $$"""{"appointments":[{"id":"{{id}}","start":"2026-11-23T09:00:00","duration":"PT1H"}]}""", ben)).Code);
    }

    [Fact]
    public async Task Tenants_never_meet()
    {
        await using var desk = await Desk.Open();
        var id = await desk.Save(Budget);
        var stranger = Desk.As("user:ana", tenant: "globex");
        Assert.Equal(RefusalCode.NotFound, (await desk.Refused("get-appointment", $$"""{"id":"{{id}}"}""", stranger)).Code);
        Assert.Equal(RefusalCode.NotFound, (await desk.Refused("delete-appointments", $$"""{"appointments":[{"id":"{{id}}"}]}""", stranger)).Code);
        await desk.Do("save-appointments", $$"""{"appointments":[{"id":"{{id}}","start":"2027-01-01T09:00:00","duration":"PT1H"}]}""", stranger);
        Assert.Equal("Budget", (string)(await desk.Do("get-appointment", $$"""{"id":"{{id}}"}"""))["title"]!);
    }

    [Fact]
    public async Task Only_its_application_changes_a_managed_appointment()
    {
        await using var desk = await Desk.Open();
        var crm = Desk.As("user:ana", app: "crm");
        var id = await desk.Save("""{"start":"2026-11-23T09:00:00","duration":"PT1H","managedByApp":true}""", crm);
        var refusal = await desk.Refused("delete-appointments", $$"""{"appointments":[{"id":"{{id}}"}]}""");
        Assert.Equal(RefusalCode.ManagedByApp, refusal.Code);
        Assert.Contains("crm", refusal.Detail, StringComparison.Ordinal);
        await desk.Do("delete-appointments", $$"""{"appointments":[{"id":"{{id}}"}]}""", crm);
    }

    [Fact]
    public async Task A_dry_run_keeps_nothing()
    {
        await using var desk = await Desk.Open();
        var reply = await desk.Run("save-appointments", $$"""{"appointments":[{{Budget}}]}""", options: new() { DryRun = true });
        Assert.True(reply is { DryRun: true, Refusal: null, Position: null });
        var all = await desk.Do("get-appointments", AnasNovember);
        Assert.Empty(all["entries"]!.AsArray());
    }

    [Fact]
    public async Task Declining_twice_is_the_same_as_once()
    {
        await using var desk = await Desk.Open();
        var id = await desk.Save("""{"start":"2026-11-23T09:00:00","duration":"PT1H","attendees":[{"calendar":"user:ana"},{"calendar":"user:ben"}]}""");
        var decline = $$"""{"appointments":[{"id":"{{id}}","calendar":"user:ben","response":"declined"}]}""";
        for (var time = 0; time < 2; time++)
        {
            Assert.Equal(2, (int)(await desk.Do("respond-to-appointments", decline, Desk.As("user:ben")))["saved"]![0]!["version"]!);
        }

        var conflicts = await desk.Do(
            "check-for-conflicts", """{"timespan":{"from":"2026-11-23T00:00:00Z","to":"2026-11-24T00:00:00Z"},"attendees":["user:ana","user:ben"]}""");
        Assert.Equal("user:ana", (string)Assert.Single(conflicts["conflicts"]!.AsArray())!["calendar"]!);
        Assert.Equal(RefusalCode.Forbidden, (await desk.Refused("respond-to-appointments", decline)).Code);
    }

    [Fact]
    public async Task Thirteen_hundred_appointments_are_one_transaction()
    {
        await using var desk = await Desk.Open();
        var many = string.Join(',', Enumerable.Range(0, 1_300).Select(number =>
            $$"""{"start":"2026-{{1 + (number / 110):00}}-{{1 + (number % 28):00}}T{{8 + (number % 9):00}}:00:00","duration":"PT30M"}"""));
        Assert.Equal(1_300, (await desk.Do("save-appointments", $$"""{"appointments":[{{many}}]}"""))["saved"]!.AsArray().Count);
        Assert.Empty(await desk.FindBroken());
    }

    [Fact]
    public async Task More_than_five_thousand_are_refused_by_name()
    {
        await using var desk = await Desk.Open();
        var many = string.Join(',', Enumerable.Repeat("""{"start":"2026-11-23T09:00:00","duration":"PT1H"}""", 5_001));
        var refusal = await desk.Refused("save-appointments", $$"""{"appointments":[{{many}}]}""");
        Assert.Equal(RefusalCode.TooLarge, refusal.Code);
        Assert.Contains("5000", refusal.Errors[0].Detail, StringComparison.Ordinal);
    }
}
