using System.Text.Json.Nodes;
using Kalends.Tests.Conversations;
using Kalends.Tests.Conversations.Series;

namespace Kalends.Tests.ICalendar;

/// <summary>Series through the whole of it: a text comes in, lies in the calendar, goes out and comes in again.</summary>
public sealed class SeriesImportTests
{
    private static readonly string Samples = Path.Combine(Rules.SourceTree.Root, "tests", "Kalends.Tests", "ICalendar", "Samples");

    private static readonly string Collection = Path.Combine(Rules.SourceTree.Root, "..", "shared", "corpora", "ics");

    private const string Text = """
        BEGIN:VCALENDAR
        VERSION:2.0
        PRODID:-//test//EN
        BEGIN:VEVENT
        UID:weekly
        DTSTART;TZID=Europe/Paris:20261102T090000
        DTEND;TZID=Europe/Paris:20261102T100000
        SUMMARY:Standup
        RRULE:FREQ=WEEKLY;COUNT=8
        EXDATE;TZID=Europe/Paris:20261116T090000
        RDATE;TZID=Europe/Paris:20261120T150000
        ORGANIZER:mailto:ben@example.com
        ATTENDEE;PARTSTAT=ACCEPTED:mailto:carla@example.com
        BEGIN:VALARM
        ACTION:DISPLAY
        TRIGGER:-PT10M
        END:VALARM
        END:VEVENT
        BEGIN:VEVENT
        UID:weekly
        RECURRENCE-ID;TZID=Europe/Paris:20261109T090000
        DTSTART;TZID=Europe/Paris:20261110T140000
        DTEND;TZID=Europe/Paris:20261110T153000
        SUMMARY:Moved
        END:VEVENT
        END:VCALENDAR
        """;

    private static readonly string[] Starts =
    [
        "2026-11-02T08:00:00Z Standup", "2026-11-10T13:00:00Z Moved", "2026-11-20T14:00:00Z Standup", "2026-11-23T08:00:00Z Standup",
        "2026-11-30T08:00:00Z Standup", "2026-12-07T08:00:00Z Standup", "2026-12-14T08:00:00Z Standup", "2026-12-21T08:00:00Z Standup",
    ];

    private static async Task<JsonNode> Import(Desk desk, string text, string calendar = "user:ana") =>
        await desk.Do("import-calendar", new JsonObject { ["calendar"] = calendar, ["text"] = text }.ToJsonString(), Desk.As(calendar));

    private static async Task<string> Export(Desk desk, string calendar = "user:ana") =>
        (string)(await desk.Do("export-calendar", $$"""{"calendar":"{{calendar}}"}""", Desk.As(calendar)))["text"]!;

    private static async Task<List<string>> Lies(Desk desk, string calendar = "user:ana") =>
        [.. (await desk.Entries("2026-10-01", "2030-01-01", calendar)).Select(entry => $"{entry.From} {entry.Appointment["title"]}")];

    [Fact]
    public async Task A_file_does_not_answer_for_others_and_an_answer_of_theirs_stays()
    {
        await using var desk = await Desk.Open();
        await Import(desk, Text);
        Assert.Equal("needs-action needs-action accepted", await Answers());
        var series = (await desk.Entries("2026-10-01", "2026-11-05", "user:ana"))[0].Appointment["series"]!["id"];
        await desk.Do(
            "respond-to-appointments", $$"""{"appointments":[{"id":"{{series}}","calendar":"user:carla@example.com","response":"tentative"}]}""",
            Desk.As("user:carla@example.com"));
        Assert.Equal(2, (int)(await Import(desk, Text))["unchanged"]!);
        Assert.Equal("needs-action tentative accepted", await Answers());
        var sent = new JsonObject { ["calendar"] = "user:ana", ["text"] = Text }.ToJsonString();
        await desk.Do("import-calendar", sent, Desk.As("user:root", scopes: Messages.Scopes.Write | Messages.Scopes.Admin));
        Assert.Equal("accepted accepted accepted", await Answers());

        async Task<string> Answers() => string.Join(' ', (await desk.Entries("2026-10-01", "2026-11-05", "user:ana"))[0].Appointment["attendees"]!.AsArray()
            .OrderByDescending(attendee => (string)attendee!["calendar"]! != "user:ana").ThenBy(attendee => (string)attendee!["calendar"]!, StringComparer.Ordinal)
            .Select(attendee => (string)attendee!["response"]!));
    }

    [Fact]
    public async Task A_series_comes_in_with_exceptions_and_changes_and_a_second_time_changes_nothing()
    {
        await using var desk = await Desk.Open();
        var first = await Import(desk, Text);
        Assert.Equal((2, 0, 0), ((int)first["saved"]!, (int)first["unchanged"]!, first["skipped"]!.AsArray().Count));
        Assert.Equal(Starts, await Lies(desk));
        var again = await Import(desk, Text);
        Assert.Equal((0, 2), ((int)again["saved"]!, (int)again["unchanged"]!));
        Assert.Empty(await desk.FindBroken());
    }

    [Fact]
    public async Task What_goes_out_comes_in_again_the_same()
    {
        await using var desk = await Desk.Open();
        await Import(desk, Text);
        var text = await Export(desk);
        var back = await Import(desk, text);
        Assert.True((int)back["saved"]! == 0, text + back);
        await Import(desk, text, "user:eva");
        Assert.Equal(Starts, await Lies(desk, "user:eva"));
        Assert.Empty(await desk.FindBroken());
    }

    [Fact]
    public async Task The_text_is_the_truth_of_the_series_it_names()
    {
        await using var desk = await Desk.Open();
        await Import(desk, Text);
        var without = Text[..Text.LastIndexOf("BEGIN:VEVENT", StringComparison.Ordinal)] + "END:VCALENDAR";
        Assert.Equal(1, (int)(await Import(desk, without))["saved"]!);
        Assert.Equal("2026-11-09T08:00:00Z Standup", (await Lies(desk))[1]);
        Assert.Empty(await desk.FindBroken());
        var single = without.Replace("RRULE:FREQ=WEEKLY;COUNT=8\n", "", StringComparison.Ordinal)
            .Replace("EXDATE;TZID=Europe/Paris:20261116T090000\nRDATE;TZID=Europe/Paris:20261120T150000\n", "", StringComparison.Ordinal);
        Assert.Equal(1, (int)(await Import(desk, single))["saved"]!);
        Assert.Equal(["2026-11-02T08:00:00Z Standup"], await Lies(desk));
        await Import(desk, Text);
        Assert.Equal(Starts, await Lies(desk));
        Assert.Empty(await desk.FindBroken());
    }

    [Theory]
    [InlineData("TZID=Europe/Paris:20261109T090000")]
    [InlineData("VALUE=DATE:20261109")]
    public async Task An_occurrence_that_came_before_its_series_is_in_it_once_it_comes(string id)
    {
        await using var desk = await Desk.Open();
        var orphan = "BEGIN:VCALENDAR\nVERSION:2.0\n" + Text[Text.LastIndexOf("BEGIN:VEVENT", StringComparison.Ordinal)..]
            .Replace("TZID=Europe/Paris:20261109T090000", id, StringComparison.Ordinal);
        Assert.Equal(1, (int)(await Import(desk, orphan))["saved"]!);
        Assert.Equal(["2026-11-10T13:00:00Z Moved"], await Lies(desk));
        Assert.Equal(2, (int)(await Import(desk, Text))["saved"]!);
        Assert.Equal(Starts, await Lies(desk));
        var again = await Import(desk, Text);
        Assert.Equal((0, 2), ((int)again["saved"]!, (int)again["unchanged"]!));
        Assert.Empty(await desk.FindBroken());
    }

    [Fact]
    public async Task An_orphan_goes_though_its_series_was_there_already_and_leaves_its_room_to_it()
    {
        await using var desk = await Desk.Open();
        var admin = Desk.As("user:ana", scopes: Messages.Scopes.Read | Messages.Scopes.Write | Messages.Scopes.Admin);
        var orphan = "BEGIN:VCALENDAR\nVERSION:2.0\n" + Text[Text.LastIndexOf("BEGIN:VEVENT", StringComparison.Ordinal)..];
        foreach (var text in new[] { orphan, Text })
        {
            var done = await desk.Do("import-calendar", new JsonObject { ["calendar"] = "room:r", ["text"] = text }.ToJsonString(), admin);
            Assert.Empty(done["skipped"]!.AsArray());
        }

        Assert.Equal(Starts, await Lies(desk, "room:r"));
        await Import(desk, Text);
        await Import(desk, orphan);
        var last = await Import(desk, Text);
        Assert.Equal((0, 2), ((int)last["saved"]!, (int)last["unchanged"]!));
        Assert.Equal(Starts, await Lies(desk));
        Assert.Empty(await desk.FindBroken());
    }

    [Fact]
    public async Task The_halves_of_a_series_that_a_text_splits_know_each_other()
    {
        await using var desk = await Desk.Open();
        var text = Text.Replace("RECURRENCE-ID;", "RECURRENCE-ID;RANGE=THISANDFUTURE;", StringComparison.Ordinal);
        Assert.Equal(2, (int)(await Import(desk, text))["saved"]!);
        var entries = await desk.Entries("2026-11-01", "2026-11-12");
        var halves = new List<JsonObject>();
        foreach (var entry in entries)
        {
            halves.Add(await desk.Get((string)entry.Appointment["series"]!["id"]!));
        }

        Assert.Equal(["Standup", "Moved"], halves.Select(half => (string)half["title"]!));
        Assert.Equal(((string)halves[1]["id"]!, (string)halves[0]["id"]!), ((string)halves[0]["series"]!["next"]!, (string)halves[1]["series"]!["previous"]!));
        var again = await Import(desk, text);
        Assert.Equal((0, 2), ((int)again["saved"]!, (int)again["unchanged"]!));
        Assert.Equal(0, (int)(await Import(desk, await Export(desk)))["saved"]!);
        Assert.Empty(await desk.FindBroken());
    }

    [Fact]
    public async Task A_series_does_not_come_into_a_room_where_one_of_it_does_not_fit()
    {
        await using var desk = await Desk.Open();
        await desk.Save("""{"start":"2026-12-07T09:30:00","timeZone":"Europe/Paris","duration":"PT1H","attendees":[{"calendar":"room:r"}]}""");
        var admin = Desk.As("user:ana", scopes: Messages.Scopes.Read | Messages.Scopes.Write | Messages.Scopes.Admin);
        var done = await desk.Do("import-calendar", new JsonObject { ["calendar"] = "room:r", ["text"] = Text }.ToJsonString(), admin);
        Assert.Equal((0, "room:r is taken at 2026-12-07T08:00:00Z"), ((int)done["saved"]!, (string)done["skipped"]![0]!["reason"]!));
        Assert.Empty(await desk.FindBroken());
    }

    [Fact]
    public async Task Others_see_no_more_of_a_series_in_its_text_than_in_the_calendar()
    {
        await using var desk = await Desk.Open();
        await desk.SaveOne(SeriesDesk.With(SeriesDesk.Weekly, """ "privacy":"private","title":"Doctor","attendees":[{"calendar":"user:ana"}] """));
        var open = await desk.SaveOne(SeriesDesk.With(SeriesDesk.Weekly, """ "start":"2026-11-03T09:00:00","attendees":[{"calendar":"user:ana"}] """));
        var hidden = (await desk.Entries("2026-11-10", "2026-11-11"))[0].Appointment;
        await desk.SaveOne(SeriesDesk.With(hidden.ToJsonString(), """ "privacy":"secret","title":"Secret","start":"2026-11-10T15:00:00" """));
        var text = (string)(await desk.Do("export-calendar", """{"calendar":"user:ana"}""", Desk.As("user:carla")))["text"]!;
        Assert.DoesNotContain("Doctor", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Secret", text, StringComparison.Ordinal);
        Assert.Contains("EXDATE;TZID=Europe/Paris:20261110T090000", text.Replace("\r\n ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(2, text.Split("RRULE:FREQ=WEEKLY\r\n").Length - 1);
        Assert.NotNull(open);
    }

    [Fact]
    public async Task Every_file_comes_in_item_by_item_and_round_trips()
    {
        var files = Directory.EnumerateFiles(Samples).Concat(Directory.Exists(Collection) ? Directory.EnumerateFiles(Collection) : [])
            .Where(file => !file.EndsWith(".jsonl", StringComparison.Ordinal) && !file.EndsWith(".md", StringComparison.Ordinal)).ToList();
        await using var desk = await Desk.Open();
        foreach (var (file, index) in files.Select((file, index) => (file, index)))
        {
            var calendar = $"user:f{index}";
            var text = Kalends.ICalendar.CalendarText.Decode(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
            var reply = await desk.Run("import-calendar", new JsonObject { ["calendar"] = calendar, ["text"] = text }.ToJsonString(), Desk.As(calendar));
            if (reply.Refusal is { } refusal)
            {
                Assert.True(refusal.Code == Messages.RefusalCode.Invalid, $"{file}: {refusal.Detail}");
                continue;
            }

            var before = await All(desk, calendar);
            var written = await Export(desk, calendar);
            var again = await Import(desk, written, calendar);
            Assert.True((int)again["saved"]! == 0, $"{file}: {again["saved"]} saved again: {again}\n{written}");
            await using var elsewhere = await Desk.Open();
            var copied = await Import(elsewhere, written, calendar);
            var after = await All(elsewhere, calendar);
            Assert.True(before.SequenceEqual(after), $"{file}: {copied}\n{string.Join('\n', before)}\nbut\n{string.Join('\n', after)}\n{written}");
        }

        Assert.Empty(await desk.FindBroken());
    }

    /// <summary>Whatever lies in a calendar at any time, a hundred years in parts of five.</summary>
    private static async Task<List<string>> All(Desk desk, string calendar)
    {
        var all = new List<string>();
        for (var year = 1985; year < 2045; year += 5)
        {
            all.AddRange((await desk.Entries($"{year}-01-01", $"{year + 5}-01-01", calendar)).Select(entry => $"{entry.From} {entry.Appointment["title"]}"));
        }

        all.Sort(StringComparer.Ordinal);
        return all;
    }
}
