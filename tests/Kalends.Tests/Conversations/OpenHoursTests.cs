using System.Text.Json.Nodes;
using Kalends.Messages;

namespace Kalends.Tests.Conversations;

/// <summary>What open hours do to each answer about availability. Monday is 23 November 2026.</summary>
public class OpenHoursTests
{
    private const string Weekdays = """{"rule":"FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR","start":"09:00","end":"17:30"}""";
    private const string Daily = "FREQ=DAILY";

    [Fact]
    public async Task Weekday_hours_close_nights_and_weekends_in_every_answer()
    {
        await using var desk = await Desk.Open();
        Assert.Equal("""{"version":1}""", (await Set(desk, "user:ana", "Europe/Paris", Weekdays)).ToJsonString());
        await desk.Save("""{"start":"2026-11-27T16:00:00","timeZone":"Europe/Paris","duration":"PT1H"}""");

        // Friday evening to Monday morning in Paris.
        Assert.Equal("27T07:00-27T08:00 27T16:30-28T23:59", await Closed(desk, "2026-11-27T07:00:00Z", "2026-11-28T23:59:00Z"));
        Assert.Equal(
            "27T07:00-27T08:00 outside-open-hours, 27T08:00-27T15:00 free, 27T15:00-27T16:00 busy, 27T16:00-27T16:30 free, 27T16:30-28T23:59 outside-open-hours",
            await Explained(desk, "2026-11-27T07:00:00Z", "2026-11-28T23:59:00Z"));
        Assert.Equal("27T08:00-27T15:00 27T16:00-27T16:30 30T08:00-30T10:00", await Openings(desk, "2026-11-27T07:00:00Z", "2026-11-30T10:00:00Z"));
        Assert.Equal(
            "27T07:00-27T15:00 27T16:00-30T10:00",
            await Openings(desk, "2026-11-27T07:00:00Z", "2026-11-30T10:00:00Z", ",\"withinOpenHours\":false"));
    }

    [Fact]
    public async Task People_in_different_zones_meet_where_their_hours_overlap()
    {
        await using var desk = await Desk.Open();
        await Set(desk, "user:ana", "Europe/Paris", Weekdays);
        await Set(desk, "user:ben", "America/New_York", Weekdays, Desk.As("user:ben"));
        await Set(desk, "user:chi", "Asia/Tokyo", Weekdays, Desk.As("user:chi"));
        const string Day = """{"from":"2026-11-23T00:00:00Z","to":"2026-11-24T00:00:00Z"}""";
        var found = await desk.Do("find-openings", $$"""{"timespan":{{Day}},"attendees":["user:ana","user:ben"]}""");
        Assert.Equal("23T14:00-23T16:30", Spans(found["openings"]!));
        var none = await desk.Do("find-openings", $$"""{"timespan":{{Day}},"attendees":["user:ben","user:chi"],"nearMisses":1,"duration":"PT30M"}""");
        Assert.Empty(none["openings"]!.AsArray());
        Assert.Equal("outside-open-hours", (string)none["nearMisses"]![0]!["blockedBy"]![0]!["reason"]!);
    }

    [Fact]
    public async Task Hours_over_midnight_reach_into_the_next_day_also_across_the_edges_of_a_window()
    {
        await using var desk = await Desk.Open();
        await Set(desk, "user:ana", "UTC", Entry("FREQ=WEEKLY;BYDAY=MO", "22:00", "06:00"));
        Assert.Equal("23T21:00-23T22:00 24T06:00-24T07:00", await Closed(desk, "2026-11-23T21:00:00Z", "2026-11-24T07:00:00Z"));
        Assert.Equal("", await Closed(desk, "2026-11-24T01:00:00Z", "2026-11-24T02:00:00Z"));
        Assert.Equal("24T06:00-24T06:01", await Closed(desk, "2026-11-24T05:00:00Z", "2026-11-24T06:01:00Z"));
        Assert.Equal("25T01:00-25T02:00", await Closed(desk, "2026-11-25T01:00:00Z", "2026-11-25T02:00:00Z"));
    }

    [Theory]
    [InlineData("00:00", "24:00")]
    [InlineData("00:00", "00:00")]
    public async Task A_whole_day_may_be_open(string start, string end)
    {
        await using var desk = await Desk.Open();
        await Set(desk, "user:ana", "UTC", Entry("FREQ=WEEKLY;BYDAY=MO,TU", start, end));
        Assert.Equal("22T00:00-23T00:00 25T00:00-26T00:00", await Closed(desk, "2026-11-22T00:00:00Z", "2026-11-26T00:00:00Z"));
    }

    [Fact]
    public async Task Several_hours_a_day_and_rules_that_overlap_are_a_union()
    {
        await using var desk = await Desk.Open();
        await Set(desk, "user:ana", "UTC", $"{Entry(Daily, "08:00", "12:00")},{Entry(Daily, "13:00", "17:00")},{Entry("FREQ=WEEKLY;BYDAY=TU", "11:00", "14:00")}");
        Assert.Equal("23T07:00-23T08:00 23T12:00-23T13:00 23T17:00-23T18:00", await Closed(desk, "2026-11-23T07:00:00Z", "2026-11-23T18:00:00Z"));
        Assert.Equal("24T07:00-24T08:00 24T17:00-24T18:00", await Closed(desk, "2026-11-24T07:00:00Z", "2026-11-24T18:00:00Z"));
    }

    [Fact]
    public async Task An_exception_closes_a_date_or_gives_it_other_hours()
    {
        await using var desk = await Desk.Open();
        await Set(desk, "user:ana", "UTC", Entry(Daily, "09:00", "17:00"), except: """
            {"date":"2026-12-24","openHours":[{"start":"09:00","end":"12:00"},{"start":"20:00","end":"02:00"}]},{"from":"2026-12-26","to":"2026-12-28"}
            """);
        Assert.Equal(
            "24T00:00-24T09:00 24T12:00-24T20:00 25T02:00-25T09:00 25T17:00-28T09:00 28T17:00-29T00:00",
            await Closed(desk, "2026-12-24T00:00:00Z", "2026-12-29T00:00:00Z"));
    }

    [Fact]
    public async Task A_closed_date_ends_the_night_before_it_and_has_none_of_its_own()
    {
        await using var desk = await Desk.Open();
        await Set(desk, "user:ana", "UTC", Entry(Daily, "22:00", "06:00"), except: """{"date":"2026-12-24"}""");
        Assert.Equal("23T20:00-23T22:00 24T00:00-25T22:00", await Closed(desk, "2026-12-23T20:00:00Z", "2026-12-26T06:00:00Z"));
    }

    [Fact]
    public async Task Nights_of_one_exception_go_on_through_its_dates()
    {
        await using var desk = await Desk.Open();
        await Set(desk, "user:ana", "UTC", Entry(Daily, "09:00", "17:00"), except: """
            {"from":"2026-12-30","to":"2027-01-01","openHours":[{"start":"20:00","end":"04:00"}]},{"date":"2027-01-01"}
            """);
        Assert.Equal(
            "29T17:00-30T20:00 31T04:00-31T20:00 01T00:00-02T09:00", await Closed(desk, "2026-12-29T12:00:00Z", "2027-01-02T12:00:00Z"));
    }

    [Fact]
    public async Task A_calendar_nobody_set_open_hours_for_is_always_open_and_an_empty_list_makes_it_so_again()
    {
        await using var desk = await Desk.Open();
        Assert.Equal("", await Closed(desk, "2026-11-22T00:00:00Z", "2026-11-26T00:00:00Z"));
        await Set(desk, "user:ana", "UTC", Weekdays);
        await Set(desk, "user:ana", "UTC", "");
        Assert.Equal("", await Closed(desk, "2026-11-22T00:00:00Z", "2026-11-26T00:00:00Z"));
    }

    [Fact]
    public async Task Without_recurring_hours_only_exceptions_close_and_one_without_end_closes_for_good()
    {
        await using var desk = await Desk.Open();
        await Set(desk, "user:ana", "UTC", "", except: """{"date":"2026-11-24"}""");
        Assert.Equal("24T00:00-25T00:00", await Closed(desk, "2026-11-22T00:00:00Z", "2026-11-26T00:00:00Z"));
        await Set(desk, "user:ana", "UTC", "", except: """{"from":"1900-01-01"}""");
        Assert.Equal("22T00:00-26T00:00", await Closed(desk, "2026-11-22T00:00:00Z", "2026-11-26T00:00:00Z"));
    }

    [Fact]
    public async Task Every_second_week_is_counted_from_the_week_of_from_or_from_that_of_1900()
    {
        await using var desk = await Desk.Open();
        const string EverySecond = "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO";
        foreach (var (from, open) in new[] { ("2026-11-18", "30"), ("2026-11-23", "23"), (null, "30") })
        {
            await Set(desk, "user:ana", "UTC", Entry(EverySecond, "00:00", "24:00", from is null ? "" : $",\"from\":\"{from}\""));
            Assert.Equal($"{open}T00:00", (await Openings(desk, "2026-11-20T00:00:00Z", "2026-12-02T00:00:00Z"))[..8]);
        }
    }

    [Theory]
    [InlineData("FREQ=DAILY;UNTIL=20261124", "24T17:00-26T00:00")]
    [InlineData("FREQ=DAILY;UNTIL=20261124T080000", "23T17:00-26T00:00")]
    [InlineData("FREQ=DAILY;UNTIL=20261124T090000", "24T17:00-26T00:00")]
    [InlineData("FREQ=DAILY;UNTIL=20261124T075959Z", "23T17:00-26T00:00")]
    [InlineData("FREQ=DAILY;UNTIL=20261124T080000Z", "24T17:00-26T00:00")]
    [InlineData("FREQ=DAILY;COUNT=2", "24T17:00-26T00:00")]
    public async Task A_rules_end_counts_the_hours_that_begin_by_then(string rule, string lastClosed)
    {
        await using var desk = await Desk.Open();
        await Set(desk, "user:ana", "Europe/Paris", Entry(rule, "09:00", "18:00", ",\"from\":\"2026-11-23\""));
        Assert.EndsWith(lastClosed, await Closed(desk, "2026-11-22T00:00:00Z", "2026-11-26T00:00:00Z"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hours_are_read_on_the_wall_where_clocks_change()
    {
        await using var desk = await Desk.Open();
        await Set(desk, "user:ana", "Europe/Paris", Entry(Daily, "01:00", "04:00"));

        // 28 March 2027: 02:00 becomes 03:00, and two hours are open; 31 October: 03:00 becomes 02:00, and four are.
        Assert.Equal("27T23:00-28T00:00 28T02:00-28T23:00", await Closed(desk, "2027-03-27T23:00:00Z", "2027-03-29T00:00:00Z"));
        Assert.Equal("30T22:00-30T23:00 31T03:00-31T12:00", await Closed(desk, "2027-10-30T22:00:00Z", "2027-10-31T12:00:00Z"));

        // Hours that the clocks skip move on by as much; hours that end in the gap do too; what then ends before it begins is not open.
        await Set(desk, "user:ana", "Europe/Paris", Entry(Daily, "02:15", "03:45"));
        Assert.Equal("28T00:00-28T01:15 28T01:45-28T03:00", await Closed(desk, "2027-03-28T00:00:00Z", "2027-03-28T03:00:00Z"));
        await Set(desk, "user:ana", "Europe/Paris", Entry(Daily, "02:30", "03:15"));
        Assert.Equal("28T00:00-28T03:00", await Closed(desk, "2027-03-28T00:00:00Z", "2027-03-28T03:00:00Z"));
        await Set(desk, "user:ana", "Europe/Paris", $"{Entry(Daily, "02:30", "02:45")},{Entry(Daily, "03:00", "03:15")}");
        Assert.Equal("28T00:00-28T01:00 28T01:15-28T01:30 28T01:45-28T03:00", await Closed(desk, "2027-03-28T00:00:00Z", "2027-03-28T03:00:00Z"));
    }

    [Fact]
    public async Task What_is_set_is_shown_as_it_can_be_set_again()
    {
        await using var desk = await Desk.Open();
        var set = $$"""
            {"calendar":"user:ana","timeZone":"Romance Standard Time","openHours":[{{Weekdays}},{"rule":"FREQ=DAILY;COUNT=3","start":"18:00:00","end":"24:00","from":"2026-12-01"}],
             "except":[{"date":"2026-12-24","openHours":[]},{"from":"2026-12-26","to":"2027-01-02","openHours":[{"start":"10:00","end":"12:00"}]},{"from":"2030-01-01"}]}
            """;
        await desk.Do("set-open-hours", set);
        var shown = (await desk.Do("get-open-hours", """{"calendars":["user:ana"]}"""))["calendars"]![0]!;
        Assert.Equal(
            "Europe/Paris 18:00 24:00 2026-12-01 1",
            $"{shown["timeZone"]} {shown["openHours"]![1]!["start"]} {shown["openHours"]![1]!["end"]} {shown["openHours"]![1]!["from"]} {shown["version"]}");
        Assert.Equal("""{"version":2}""", (await desk.Do("set-open-hours", shown.ToJsonString())).ToJsonString());
        var again = (await desk.Do("get-open-hours", """{"calendars":["user:ana"]}"""))["calendars"]![0]!;
        again["version"] = 1;
        Assert.Equal(shown.ToJsonString(), again.ToJsonString());
        Assert.Equal(RefusalCode.StaleVersion, (await desk.Refused("set-open-hours", shown.ToJsonString())).Code);
        Assert.Empty(await desk.FindBroken());
    }

    [Fact]
    public async Task Unset_hours_are_shown_too_in_the_order_asked()
    {
        await using var desk = await Desk.Open();
        await desk.Do("save-calendars", """{"calendars":[{"calendar":"user:ana","kind":"user","timeZone":"Europe/Paris"}]}""");
        Assert.Equal(
            """{"calendars":[{"calendar":"user:zoe","timeZone":"UTC","openHours":[],"version":0},{"calendar":"user:ana","timeZone":"Europe/Paris","openHours":[],"version":0}]}""",
            (await desk.Do("get-open-hours", """{"calendars":["user:zoe","user:ana","user:zoe"]}""")).ToJsonString());
    }

    [Fact]
    public async Task Setting_raises_the_calendars_version_and_stands_in_the_trail()
    {
        await using var desk = await Desk.Open();
        await Set(desk, "user:ana", "UTC", Weekdays);
        await desk.Save("""{"start":"2026-11-27T16:00:00","timeZone":"UTC","duration":"PT1H"}""", Desk.As("user:ben"));
        await Set(desk, "user:ana", "UTC", "");
        var shown = await desk.Do("get-calendars", """{"calendars":["user:ana"]}""");
        Assert.Equal(2, (int)shown["calendars"]![0]!["version"]!);
        Assert.Empty(await desk.FindBroken());
    }

    [Fact]
    public async Task A_persons_hours_are_set_by_who_may_modify_their_calendar_and_a_rooms_by_the_tenant()
    {
        await using var desk = await Desk.Open();
        var (ben, admin) = (Desk.As("user:ben"), Desk.As("user:ben", scopes: Scopes.Read | Scopes.Write | Scopes.Admin));
        Assert.Equal(("/calendar", RefusalCode.Forbidden), await RefusedAt(desk, Message("user:ana", "UTC", Weekdays), ben));
        await desk.Do("save-calendars", """{"calendars":[{"calendar":"ana","kind":"user"}]}""", admin);
        Assert.Equal(("/calendar", RefusalCode.Forbidden), await RefusedAt(desk, Message("ana", "UTC", Weekdays), ben));
        await Set(desk, "user:ana", "UTC", Weekdays, admin);
        await Set(desk, "room:paris-3", "UTC", Weekdays, ben);
        await Set(desk, "group:eng", "UTC", Weekdays, ben);
        Assert.Equal(RefusalCode.Forbidden, (await desk.Refused("set-open-hours", Message("room:a", "UTC", ""), Desk.As("user:ben", scopes: Scopes.Read))).Code);
    }

    [Fact]
    public async Task A_secret_appointment_looks_like_a_date_that_is_excepted()
    {
        await using var desk = await Desk.Open();
        var zoe = Desk.As("user:zoe");
        var answers = new List<string>();
        foreach (var except in new[] { """{"date":"2026-11-24","openHours":[{"start":"09:00","end":"11:00"},{"start":"13:00","end":"17:30"}]}""", "" })
        {
            await Set(desk, "user:ana", "UTC", Weekdays, except: except);
            if (except.Length == 0)
            {
                await desk.Save("""{"privacy":"secret","start":"2026-11-24T11:00:00","timeZone":"UTC","duration":"PT2H"}""");
            }

            var all = new List<string>();
            foreach (var name in new[] { "get-free-busy", "explain-availability", "find-openings" })
            {
                all.Add((await desk.Do(name, """
                    {"timespan":{"from":"2026-11-23T00:00:00Z","to":"2026-11-26T00:00:00Z"},"attendees":["user:ana"]}
                    """, zoe)).ToJsonString());
            }

            var shown = (await desk.Do("get-open-hours", """{"calendars":["user:ana"]}""", zoe))["calendars"]![0]!.AsObject();
            shown.Remove("version");
            answers.Add(string.Join('\n', all) + shown.ToJsonString());
        }

        Assert.Equal(answers[0], answers[1]);
        Assert.Contains("2026-11-24T11:00:00Z", answers[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Holds_and_saves_are_not_refused_outside_open_hours()
    {
        await using var desk = await Desk.Open();
        await Set(desk, "user:ana", "UTC", Weekdays);
        await desk.Do("hold-time", """{"timespan":{"from":"2026-11-22T03:00:00Z","to":"2026-11-22T04:00:00Z"},"attendees":["user:ana"]}""");
        await desk.Save("""{"start":"2026-11-22T10:00:00","timeZone":"UTC","duration":"PT1H"}""");
        Assert.Equal(
            "22T00:00-22T03:00 outside-open-hours, 22T03:00-22T04:00 held, 22T04:00-22T10:00 outside-open-hours, 22T10:00-22T11:00 busy, "
            + "22T11:00-23T00:00 outside-open-hours",
            await Explained(desk, "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"));
    }

    [Fact]
    public async Task Open_hours_far_from_their_start_cost_no_more_than_near_it()
    {
        await using var desk = await Desk.Open();
        await Set(desk, "user:ana", "Europe/Paris", Weekdays);
        Assert.Equal("01T10:00-01T17:00", await Closed(desk, "2195-11-01T10:00:00Z", "2195-11-01T17:00:00Z"));
        await Set(desk, "user:ana", "UTC", Weekdays);
        Assert.Equal("31T00:00-01T09:00", await Closed(desk, "1899-12-31T00:00:00Z", "1900-01-01T12:00:00Z"));
    }

    [Theory]
    [InlineData("FREQ=DAILY;INTERVAL=2147483647")]
    [InlineData("FREQ=YEARLY;INTERVAL=2147483647;BYDAY=MO")]
    [InlineData("FREQ=DAILY;COUNT=2147483647")]
    [InlineData("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30,31")]
    [InlineData("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1,1,366,-366;COUNT=2147483647")]
    [InlineData("FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO;BYSETPOS=2;COUNT=2147483647")]
    [InlineData("FREQ=DAILY;UNTIL=99991231T235959Z")]
    [InlineData("FREQ=DAILY;UNTIL=99991231T235959")]
    [InlineData("FREQ=DAILY;UNTIL=00010101T000000Z")]
    public async Task Rules_that_are_made_to_cost_much_cost_little(string rule)
    {
        await using var desk = await Desk.Open();
        var started = System.Diagnostics.Stopwatch.StartNew();
        foreach (var from in new[] { "1900-01-01", "2026-11-23", "2200-01-01" })
        {
            var entries = Enumerable.Range(0, 50).Select(minute => Entry(rule, $"00:{minute:00}", $"23:{minute:00}", $",\"from\":\"{from}\""));
            await Set(desk, "user:ana", "Pacific/Kiritimati", string.Join(',', entries));
            await Closed(desk, "1899-12-30T00:00:00Z", "1900-01-08T00:00:00Z");
            await Closed(desk, "2026-01-01T00:00:00Z", "2030-12-31T00:00:00Z");
            await Closed(desk, "2205-01-01T00:00:00Z", "2209-12-31T00:00:00Z");
        }

        Assert.True(started.Elapsed < TimeSpan.FromSeconds(5), $"took {started.Elapsed}");
    }

    [Fact]
    public async Task A_calendar_the_caller_may_not_look_at_is_unknown_to_them()
    {
        await using var desk = await Desk.Open();
        var dispatcher = new Dispatcher(desk.Store, new NobodysBen(), desk.Clock);
        var reply = await Catalogue.Entries.Single(entry => entry.Name == "get-open-hours").Run(
            dispatcher, """{"calendars":["user:ben","user:zoe"]}"""u8.ToArray(), Desk.As("user:ana"), new(), TestContext.Current.CancellationToken);
        Assert.Equal(
            """{"calendars":[{"calendar":"user:zoe","timeZone":"UTC","openHours":[],"version":0}],"unknown":[{"calendar":"user:ben","reason":"no-permission"}]}""",
            System.Text.Encoding.UTF8.GetString(Kalends.Messages.Json.WireJson.WriteAny(reply.Result!)));
    }

    [Fact]
    public async Task A_query_over_more_open_hours_than_can_be_worked_out_is_refused()
    {
        await using var desk = await Desk.Open();
        var calendars = Enumerable.Range(0, 45).Select(n => $"room:{n}").ToList();
        foreach (var (room, n) in calendars.Select((room, n) => (room, n)))
        {
            await Set(desk, room, "UTC", string.Join(',', Enumerable.Range(0, 50).Select(m => Entry(Daily, $"{n % 24:00}:{m:00}", $"23:{m:00}"))));
        }

        var refusal = await desk.Refused("find-openings", $$"""
            {"timespan":{"from":"2026-01-01T00:00:00Z","to":"2030-12-31T00:00:00Z"},"attendees":["{{string.Join("\",\"", calendars)}}"]}
            """);
        Assert.Equal((RefusalCode.TooLarge, "/timespan"), (refusal.Code, refusal.Errors[0].Pointer));
    }

    internal static string Entry(string rule, string start, string end, string more = "") => $$"""{"rule":"{{rule}}","start":"{{start}}","end":"{{end}}"{{more}}}""";

    internal static string Message(string calendar, string zone, string entries, string except = "") =>
        $$"""{"calendar":"{{calendar}}","timeZone":"{{zone}}","openHours":[{{entries}}],"except":[{{except}}]}""";

    private static async Task<(string, RefusalCode)> RefusedAt(Desk desk, string message, Caller caller)
    {
        var refusal = await desk.Refused("set-open-hours", message, caller);
        return (Assert.Single(refusal.Errors).Pointer, refusal.Code);
    }

    private static Task<JsonNode> Set(Desk desk, string calendar, string zone, string entries, Caller? caller = null, string except = "") =>
        desk.Do("set-open-hours", Message(calendar, zone, entries, except), caller);

    private static async Task<string> Closed(Desk desk, string from, string to) =>
        Spans((await Ask(desk, "get-free-busy", from, to))["calendars"]![0]!["closed"]!);

    private static async Task<string> Openings(Desk desk, string from, string to, string more = "") =>
        Spans((await Ask(desk, "find-openings", from, to, more))["openings"]!);

    private static async Task<string> Explained(Desk desk, string from, string to) => string.Join(
        ", ", (await Ask(desk, "explain-availability", from, to))["calendars"]![0]!["stretches"]!.AsArray().Select(stretch => $"{Span(stretch!)} {stretch!["reason"]}"));

    private static Task<JsonNode> Ask(Desk desk, string query, string from, string to, string more = "") =>
        desk.Do(query, $$"""{"timespan":{"from":"{{from}}","to":"{{to}}"},"attendees":["user:ana"]{{more}}}""");

    private static string Spans(JsonNode spans) => string.Join(' ', spans.AsArray().Select(span => Span(span!)));

    private static string Span(JsonNode span) => $"{((string)span["from"]!)[8..16]}-{((string)span["to"]!)[8..16]}";

    /// <summary>Everybody's free/busy may be seen but Ben's.</summary>
    private sealed class NobodysBen : IPermissions
    {
        public ValueTask<Access> Decide(Caller caller, IReadOnlyCollection<Kalends.Storage.CalendarId> calendars, Kalends.Storage.IReadSession session) => ValueTask.FromResult(new Access(
            calendars.ToDictionary(id => id, id => id.Value == "user:ben" ? Permission.None : Permission.ViewFreeBusy)));
    }
}
