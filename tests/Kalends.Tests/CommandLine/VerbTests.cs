using System.Text.Json.Nodes;

namespace Kalends.Tests.CommandLine;

/// <summary>The verbs on a real store.</summary>
public sealed class VerbTests : IDisposable
{
    private const string Save = """{"appointments":[{"title":"Budget","start":"2026-11-25T09:00:00","timeZone":"Europe/Paris","duration":"PT45M"}]}""";

    private readonly Terminal terminal = new();

    public void Dispose() => terminal.Dispose();

    [Fact]
    public async Task A_message_comes_from_a_file_from_standard_input_or_from_an_option()
    {
        foreach (var said in new[]
        {
            await terminal.Run("save-appointments", terminal.File("save.json", Save), "--as", "user:ana"),
            await terminal.RunWith(Save, "save-appointments", "-", "--as", "user:ana"),
            await terminal.Run("save-appointments", "--json", Save, "--as", "user:ana"),
        })
        {
            Assert.Equal((0, ""), (said.Code, said.Error));
            Assert.Equal(1, (int)JsonNode.Parse(said.Out)!["saved"]![0]!["version"]!);
        }

        Assert.Equal(2, (await terminal.Run("get-changes", "--json", """{"calendar":"user:ana"}""")).Out.Split("\"kind\": \"created\"").Length - 2);
    }

    [Fact]
    public async Task After_a_restore_a_token_from_before_is_told_to_synchronise_anew()
    {
        Assert.Equal(1, (await terminal.Run("mark-restored")).Code);
        await terminal.Run("save-appointments", "--json", Save, "--as", "user:ana");
        var token = (string)JsonNode.Parse((await terminal.Run("get-changes", "--json", """{"calendar":"user:ana"}""")).Out)!["token"]!;
        var since = $$"""{"calendar":"user:ana","since":"{{token}}"}""";
        Assert.Equal(0, (await terminal.Run("get-changes", "--json", since)).Code);
        var marked = await terminal.Run("mark-restored");
        Assert.Equal((0, ""), (marked.Code, marked.Out));
        Assert.Contains("restart whatever serves it", marked.Error, StringComparison.Ordinal);
        Assert.Equal("sync-token-expired", (string)JsonNode.Parse((await terminal.Run("get-changes", "--json", since)).Error)!["code"]!);
    }

    [Fact]
    public async Task A_dry_run_keeps_nothing()
    {
        var said = await terminal.Run("save-appointments", "--json", Save, "--as", "user:ana", "--dry-run");
        Assert.True((bool)JsonNode.Parse(said.Out)!["dryRun"]!);
        Assert.Empty(JsonNode.Parse((await terminal.Run("get-calendars")).Out)!["calendars"]!.AsArray());
    }

    [Fact]
    public async Task A_refusal_is_a_problem_on_standard_error()
    {
        var said = await terminal.Run("save-appointments", "--json", """{"appointmens":[]}""");
        Assert.Equal((1, ""), (said.Code, said.Out));
        Assert.Equal("invalid", (string)JsonNode.Parse(said.Error)!["code"]!);
        Assert.Contains("did you mean appointments?", said.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_is_named_acts_with_their_own_rights()
    {
        const string others = """{"appointments":[{"owner":"user:ben","title":"x","start":"2026-11-25T09:00:00","duration":"PT1H"}]}""";
        Assert.Contains("forbidden", (await terminal.Run("save-appointments", "--json", others, "--as", "user:ana")).Error, StringComparison.Ordinal);
        Assert.Equal(0, (await terminal.Run("save-appointments", "--json", others, "--as", "user:ana", "--admin")).Code);
        Assert.Equal(0, (await terminal.Run("save-appointments", "--json", others)).Code);
    }

    [Fact]
    public async Task What_is_imported_is_exported_and_known_again()
    {
        var file = terminal.File("a.ics", ICalendar.Reading.Calendar(
            "BEGIN:VEVENT", "UID:one", "DTSTART;TZID=Europe/Paris:20261125T090000", "DTEND;TZID=Europe/Paris:20261125T094500", "SUMMARY:Budget", "END:VEVENT",
            "BEGIN:VEVENT", "DTSTART:20261126T090000", "DURATION:PT1H", "SUMMARY:No name", "END:VEVENT",
            "BEGIN:VEVENT", "UID:two", "DTSTART:20261126T090000", "RRULE:FREQ=DAILY", "END:VEVENT",
            "BEGIN:VTODO", "UID:three", "END:VTODO"));
        Assert.Matches(@"a\.ics +\| 3 +\| 0 +\| 1 +\|", (await terminal.Run("import", file, "--calendar", "user:ana")).Out);
        var again = await terminal.Run("import", file, "--calendar", "user:ana");
        Assert.Equal(0, again.Code);
        Assert.Matches(@"a\.ics +\| 0 +\| 3 +\| 1 +\|", again.Out);
        Assert.Contains("VTODO is not an appointment", again.Out, StringComparison.Ordinal);

        var exported = terminal.File("b.ics");
        Assert.Equal(0, (await terminal.Run("export", "--calendar", "user:ana", "-o", exported)).Code);
        Assert.Equal(3, ICalendar.Reading.Items(await System.IO.File.ReadAllTextAsync(exported, TestContext.Current.CancellationToken)).Count);
        Assert.Matches(@"b\.ics +\| 0 +\| 3 +\| 0 +\|", (await terminal.Run("import", exported, "--calendar", "user:ana")).Out);
    }

    [Fact]
    public async Task A_large_file_goes_in_parts()
    {
        var file = terminal.File("large.ics", ICalendar.Reading.Calendar([.. Enumerable.Range(0, 5_000).SelectMany(index =>
            new[] { "BEGIN:VEVENT", $"UID:{index}", "DTSTART:20261126T090000Z", "DURATION:PT1H", "END:VEVENT" })]));
        Assert.Matches(@"large\.ics +\| 5,000 +\| 0 +\| 0 +\|", (await terminal.Run("import", file, "--calendar", "user:ana")).Out);
    }

    /// <summary>Their series lies at the other end of the file; what is changed comes before, with and long after it.</summary>
    [Fact]
    public async Task A_series_and_its_changes_are_not_torn_apart_between_parts()
    {
        static string[] Change(int day) => ["BEGIN:VEVENT", "UID:series", $"RECURRENCE-ID:202611{day}T090000Z", $"DTSTART:202611{day}T100000Z", "END:VEVENT"];
        var file = terminal.File("series.ics", ICalendar.Reading.Calendar([
            .. Change(26), "BEGIN:VEVENT", "UID:series", "DTSTART:20261125T090000Z", "RRULE:FREQ=DAILY;COUNT=5", "END:VEVENT",
            .. Enumerable.Range(0, 5_000).SelectMany(index => new[] { "BEGIN:VEVENT", $"UID:{index}", "DTSTART:20261126T090000Z", "DURATION:PT1H", "END:VEVENT" }),
            .. Change(27), "BEGIN:VEVENT", "UID:orphan", "RECURRENCE-ID:20261126T090000Z", "DTSTART:20261126T100000Z", "END:VEVENT"]));
        var said = await terminal.Run("import", file, "--calendar", "user:ana");
        // A series and two changed occurrences; the one without a series is an appointment.
        Assert.Matches(@"series\.ics +\| 5,004 +\| 0 +\| 0 +\|", said.Out);
        Assert.Matches(@"series\.ics +\| 0 +\| 5,004 +\| 0 +\|", (await terminal.Run("import", file, "--calendar", "user:ana")).Out);
    }

    [Fact]
    public async Task A_file_that_cannot_be_imported_is_a_row_of_its_own()
    {
        var good = terminal.File("good.ics", ICalendar.Reading.Event("DTSTART:20261126T090000Z"));
        var said = await terminal.Run("import", terminal.File("bad.ics", "hello"), terminal.File("missing.ics"), good, "--calendar", "user:ana");
        Assert.Equal(1, said.Code);
        Assert.Contains("error: the text is not iCalendar", said.Out, StringComparison.Ordinal);
        Assert.Contains("error: Could not find file", said.Out, StringComparison.Ordinal);
        Assert.Matches(@"good\.ics +\| 1 +\|", said.Out);
        Assert.Matches(@"3 files +\| 1 +\| 0 +\| 0 +\| 2 errors", said.Out);
        Assert.Equal(0, (await terminal.Run("import", terminal.File("bad.ics", "hello"), good, "--calendar", "user:ana")).Code);
        Assert.Equal(1, (await terminal.Run("import", terminal.File("bad.ics", "hello"), "--calendar", "user:ana")).Code);
    }

    [Fact]
    public async Task Seeding_makes_a_company_that_verify_finds_sound()
    {
        var said = await terminal.Run("seed", "--people", "30", "--days", "7", "--tenant", "acme");
        Assert.Equal(0, said.Code);
        Assert.Matches(@"^\d+ calendars, \d+ appointments in .* s \(tenant acme, seed 1, from 2026-11-23\)", said.Out);
        var first = await terminal.Run("get-calendars", "--tenant", "acme", "--json", """{"calendars":["user:ana","room:paris-1","user:p0001"]}""");
        Assert.Equal(3, JsonNode.Parse(first.Out)!["calendars"]!.AsArray().Count);
        var verified = await terminal.Run("verify");
        Assert.Equal((0, ""), (verified.Code, verified.Out));
        Assert.Contains("sound", verified.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reading_does_not_make_a_store()
    {
        var said = await terminal.Run("verify");
        Assert.Equal(1, said.Code);
        Assert.Contains("there is no store at", said.Error, StringComparison.Ordinal);
        Assert.False(System.IO.File.Exists(terminal.Store));
    }

    [Fact]
    public async Task Migrate_names_the_scripts_it_ran()
    {
        Assert.Contains(".sql", (await terminal.Run("migrate")).Out, StringComparison.Ordinal);
        var again = await terminal.Run("migrate");
        Assert.Equal((0, ""), (again.Code, again.Out));
    }
}
