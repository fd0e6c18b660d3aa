using System.Globalization;
using System.Text.Json.Nodes;
using Kalends.Appointments;
using Kalends.Messages;
using NodaTime;
using static Kalends.Tests.Conversations.Series.SeriesDesk;

namespace Kalends.Tests.Conversations.Series;

/// <summary>Rooms booked once, ids that are nobody else's, odd input, and what verification sees.</summary>
public sealed class SeriesSoundnessTests
{
    [Fact]
    public async Task An_id_of_the_kind_that_occurrences_have_is_not_given_to_others()
    {
        await using var desk = await Desk.Open();
        var id = Id(await desk.SaveOne(Weekly));
        var clash = OccurrenceIds.Of(Guid.Parse(id), OccurrenceKey.Of(new(2026, 11, 9, 10, 0)));
        var refusal = await desk.Refused(
            "save-appointments",
            $$"""{"appointments":[{"id":"{{clash}}","title":"Mine","start":"2026-11-20T10:00:00","timeZone":"UTC","duration":"PT1H"}]}""", Desk.As("user:ben"));
        Assert.Equal((RefusalCode.Invalid, "/appointments/0/id"), (refusal.Code, refusal.Errors[0].Pointer));
    }

    [Fact]
    public async Task An_occurrence_deleted_and_saved_again_by_its_id_does_not_break_the_series()
    {
        await using var desk = await Desk.Open();
        var id = Id(await desk.SaveOne(Weekly));
        var second = await Occurrence(desk, "2026-11-09");
        await desk.Delete(Id(second));
        second.Remove("version");
        Assert.Equal("/appointments/0/id", (await desk.RefusedSave(second.ToJsonString())).Errors[0].Pointer);
        var series = JsonNode.Parse((await desk.Get(id)).ToJsonString())!;
        series["recurrence"]!["excluded"] = new JsonArray();
        await desk.SaveOne(series.ToJsonString());
        await Sound(desk);
    }

    [Fact]
    public async Task One_request_does_not_bring_a_series_and_an_id_of_its_occurrence()
    {
        await using var desk = await Desk.Open();
        var id = Guid.CreateVersion7().ToString();
        var clash = OccurrenceIds.Of(Guid.Parse(id), OccurrenceKey.Of(new(2026, 11, 9, 9, 0)));
        var refusal = await desk.Refused(
            "save-appointments", $$"""{"appointments":[{{With(Weekly, $"\"id\":\"{id}\"")}},{"id":"{{clash}}","start":"2026-11-20T10:00:00","timeZone":"UTC","duration":"PT1H"}]}""");
        Assert.Equal("/appointments/1/id", refusal.Errors[0].Pointer);
        await Sound(desk);
    }

    [Theory]
    [InlineData("""{"rule":"FREQ=WEEKLY","moreRules":[null]}""")]
    [InlineData("""{"rule":"FREQ=WEEKLY","excludedRules":[null]}""")]
    [InlineData("""{"rule":"FREQ=WEEKLY","added":[null]}""")]
    [InlineData("""{"rule":""}""")]
    [InlineData("""{"rule":"FREQ=WEEKLY","moreRules":[""]}""")]
    [InlineData("""{"rule":"FREQ=WEEKLY","added":["2026-11-03T09:00:00.5"]}""")]
    [InlineData("""{"rule":"FREQ=WEEKLY","excluded":["2026-11-09T09:00:00.5"]}""")]
    [InlineData("""{"rule":"FREQ=WEEKLY;UNTIL=00010101"}""")]
    [InlineData("""{"rule":"FREQ=DAILY;UNTIL=99991231T235959Z"}""")]
    [InlineData("""{"rule":"FREQ=YEARLY;INTERVAL=2147483647"}""")]
    [InlineData("""{"added":["1900-01-01T00:00:00","2199-12-31T23:59:59"]}""")]
    public async Task Odd_recurrences_are_no_crash(string recurrence)
    {
        await using var desk = await Desk.Open();
        var reply = await desk.Run("save-appointments", $$"""{"appointments":[{{With(Weekly, $"\"recurrence\":{recurrence}")}}]}""");
        Assert.True(reply.Refusal is null || Refusals.OnTheWire(reply.Refusal.Code).Status < 500);
        await desk.Entries("2026-11-01", "2031-11-01");
        await Sound(desk);
    }

    [Theory]
    [InlineData("2199-12-31T23:30:00", "Europe/Paris", "PT1H")]
    [InlineData("2199-12-31T23:30:00", "America/New_York", "PT1H")]
    [InlineData("1900-01-01T00:00:00", "Pacific/Auckland", "PT1H")]
    [InlineData("1900-01-01T00:00:00", "Europe/Paris", "PT0S")]
    [InlineData("2026-11-02T09:00:00", "Europe/Paris", "PT0S")]
    [InlineData("2026-11-02T09:00:00", "Europe/Paris", "P1830D")]
    public async Task Odd_starts_are_no_crash(string start, string zone, string duration)
    {
        await using var desk = await Desk.Open();
        var reply = await desk.Run("save-appointments", $$"""{"appointments":[{{With(Weekly, $"\"start\":\"{start}\",\"timeZone\":\"{zone}\",\"duration\":\"{duration}\"")}}]}""");
        Assert.True(reply.Refusal is null || Refusals.OnTheWire(reply.Refusal.Code).Status < 500);
        foreach (var (from, to) in new[] { ("1900-01-02", "1900-02-01"), ("2026-11-01", "2026-12-01"), ("2030-01-01", "2030-02-01"), ("2199-12-01", "2200-01-01") })
        {
            foreach (var (_, appointment) in await desk.Entries(from, to))
            {
                await desk.Get(Id(appointment));
            }
        }

        await Sound(desk);
    }

    [Fact]
    public async Task Added_dates_moved_before_1900_are_no_crash()
    {
        await using var desk = await Desk.Open();
        await desk.SaveOne(With(Weekly, """ "recurrence":{"rule":"FREQ=WEEKLY","added":["1900-01-01T09:00:00"]} """));
        var second = await Occurrence(desk, "2026-11-09");
        var reply = await desk.Run("save-appointments", $$"""{"scope":"all","appointments":[{{With(second.ToJsonString(), """ "start":"2026-11-08T09:00:00" """)}}]}""");
        Assert.NotNull(reply.Refusal);
    }

    [Fact]
    public async Task A_start_moved_before_1900_is_no_crash()
    {
        await using var desk = await Desk.Open();
        await desk.SaveOne(With(Weekly, """ "start":"1900-01-01T09:00:00","recurrence":{"rule":"FREQ=YEARLY"} """));
        var far = (await desk.Entries("2027-01-01", "2027-01-02"))[0].Appointment;
        var reply = await desk.Run("save-appointments", $$"""{"scope":"all","appointments":[{{With(far.ToJsonString(), """ "start":"2026-12-31T09:00:00" """)}}]}""");
        Assert.NotNull(reply.Refusal);
    }

    /// <summary>Nobody who is invited to it could otherwise be asked for in that year: 600,000 steps a rule, in years with a week 53 alone.</summary>
    [Theory]
    [InlineData("FREQ=SECONDLY;BYWEEKNO=53")]
    [InlineData("FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR={24};BYMINUTE={60};BYSECOND={60}")]
    public async Task A_series_whose_work_comes_in_years_far_ahead_is_refused(string rule)
    {
        await using var desk = await Desk.Open();
        desk.Clock.Now = Instant.FromUtc(2027, 2, 1, 10, 0);
        var text = System.Text.RegularExpressions.Regex.Replace(rule, @"\{(\d+)\}", found => string.Join(',', Enumerable.Range(0, int.Parse(found.Groups[1].Value, null))));
        var many = string.Join(",", Enumerable.Repeat($"\"{text}\"", 10));
        var refusal = await desk.RefusedSave(With(
            Weekly, $$""" "start":"2027-02-02T00:00:00","duration":"PT0S","recurrence":{"rule":"FREQ=YEARLY","moreRules":[{{many}}],"excludedRules":[{{many}}]} """));
        Assert.Contains("steps", refusal.Errors[0].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Update_occurrences_declines_however_many_clash()
    {
        await using var desk = await Desk.Open();
        const string Room = """ "attendees":[{"calendar":"user:ana"},{"calendar":"room:paris-3"}],"recurrence":{"rule":"FREQ=DAILY"} """;
        await desk.SaveOne(With(Weekly, Room + ",\"start\":\"2033-01-03T09:00:00\""));
        await desk.SaveOne(With(Weekly, Room + ",\"start\":\"2033-01-03T09:30:00\""));
        desk.Clock.Now += Duration.FromDays(365 * 5);
        await desk.Do("update-occurrences", "{}");
        await Sound(desk);
    }

    [Fact]
    public async Task An_answer_or_a_deletion_lays_nothing_on_what_is_there()
    {
        await using var desk = await Desk.Open();
        const string Room = """ "attendees":[{"calendar":"user:ana"},{"calendar":"room:paris-3"}] """;
        await desk.SaveOne(With(Weekly, Room + ",\"start\":\"2033-01-03T09:00:00\""));
        await desk.SaveOne(With(Weekly, Room + ",\"start\":\"2033-01-03T09:30:00\""));
        desk.Clock.Now += Duration.FromDays(365 * 5);
        foreach (var (_, occurrence) in (await desk.Entries("2033-01-10", "2033-01-11")).ToList())
        {
            await desk.Delete(Id(occurrence));
        }

        await Sound(desk);
    }

    [Fact]
    public async Task A_single_in_a_room_becomes_a_series_by_import()
    {
        await using var desk = await Desk.Open();
        string Text(string rule) => ICalendar.Reading.Event("DTSTART;TZID=Europe/Paris:20261102T090000", "DURATION:PT1H", $"{rule}SUMMARY:S");
        async Task<JsonNode> Import(string rule) => await desk.Do("import-calendar", $$"""{"calendar":"room:paris-3","text":{{JsonValue.Create(Text(rule)).ToJsonString()}}}""", Admin);
        await Import("");
        var answer = await Import("RRULE:FREQ=WEEKLY\r\n");
        Assert.True((int)answer["saved"]! == 1, answer.ToJsonString());
        await Sound(desk);
    }

    [Fact]
    public async Task A_series_that_lies_on_itself_does_not_refuse_a_whole_import()
    {
        await using var desk = await Desk.Open();
        var text = ICalendar.Reading.Calendar(
            "BEGIN:VEVENT", "UID:one", "DTSTART;TZID=Europe/Paris:20261102T090000", "DURATION:P2D", "RRULE:FREQ=DAILY;COUNT=5", "END:VEVENT",
            "BEGIN:VEVENT", "UID:two", "DTSTART;TZID=Europe/Paris:20261202T090000", "DURATION:PT1H", "END:VEVENT");
        var answer = await desk.Do("import-calendar", $$"""{"calendar":"room:paris-3","text":{{JsonValue.Create(text).ToJsonString()}}}""", Admin);
        Assert.Equal((1, 1), ((int)answer["saved"]!, answer["skipped"]!.AsArray().Count));
    }

    [Fact]
    public async Task What_was_deleted_one_by_one_can_be_saved_back_unchanged()
    {
        await using var desk = await Desk.Open();
        var id = Id(await desk.SaveOne(With(Weekly, """ "duration":"PT10M","recurrence":{"rule":"FREQ=HOURLY;COUNT=6000"} """)));
        var all = (await desk.Entries("2026-11-01", "2027-11-01")).Select(one => $"{{\"id\":\"{Id(one.Appointment)}\"}}").ToList();
        await desk.Do("delete-appointments", $$"""{"appointments":[{{string.Join(",", all.Take(4_999))}}]}""");
        var refusal = await desk.Refused("delete-appointments", $$"""{"appointments":[{{string.Join(",", all.Skip(4_999).Take(2))}}]}""");
        Assert.Equal(RefusalCode.TooLarge, refusal.Code);
        await desk.Do("delete-appointments", $$"""{"appointments":[{{all[4_999]}}]}""");
        await desk.SaveOne((await desk.Get(id)).ToJsonString());
    }

    [Fact]
    public async Task Verification_sees_occurrences_at_another_time_than_their_rules_give()
    {
        await using var desk = await Desk.Open();
        await desk.SaveOne(Weekly);
        Sql(desk, "UPDATE appointment SET start_at = start_at + 7200, end_at = end_at + 7200 WHERE series IS NOT NULL",
            "UPDATE attendance SET start_at = start_at + 7200, end_at = end_at + 7200");
        Assert.NotEmpty(await desk.FindBroken());
    }

    [Fact]
    public async Task Verification_sees_a_series_that_no_far_query_would_find()
    {
        await using var desk = await Desk.Open();
        await desk.SaveOne(Weekly);
        Sql(desk, "DELETE FROM open_series");
        Assert.NotEmpty(await desk.FindBroken());
    }

    private static void Sql(Desk desk, params string[] statements)
    {
        using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={desk.File};Pooling=False;Foreign Keys=False");
        connection.Open();
        foreach (var statement in statements)
        {
            using var command = connection.CreateCommand();
            command.CommandText = statement;
            command.ExecuteNonQuery();
        }
    }
}
