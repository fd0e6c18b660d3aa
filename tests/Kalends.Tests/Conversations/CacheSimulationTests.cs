using System.Text.Json.Nodes;
using Kalends.Availability;
using Kalends.Messages;
using Kalends.Storage;
using NodaTime;
using NodaTime.Text;

namespace Kalends.Tests.Conversations;

/// <summary>
/// Random lives of calendars: whatever changes them, in any order, and between any two changes questions, near and far beyond what is stored of
/// series. A server with a cache, another beside it on the same store, one whose cache holds next to nothing, and one without all say the same.
/// </summary>
public class CacheSimulationTests
{
    private const int Lives = 8;
    private const int Steps = 30;
    private const int QuestionsPerStep = 4;

    /// <summary>Room for some of the calendars.</summary>
    private const int TinyBytes = 6_000;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, Lives)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Whatever_changes_the_cache_says_what_the_store_says(int seed)
    {
        await using var desk = await Desk.Open();
        desk.WatchesVersions = true;
        await using var second = StoreChoice.Of(desk.ConnectionString).Open();
        var (beside, tiny) = (new FreeBusyCache(10_000_000), new FreeBusyCache(TinyBytes));
        desk.AlsoAsk(new CachedStore(second, beside));
        desk.AlsoAsk(new CachedStore(desk.Store, tiny));
        var life = new CalendarLife(desk, new(seed));
        for (var step = 0; step < Steps; step++)
        {
            await life.Change();
            for (var question = 0; question < QuestionsPerStep; question++)
            {
                await life.Ask();
            }

            Assert.InRange(tiny.Bytes, 0, TinyBytes);
        }

        Assert.True(life.Done > Steps / 2, $"only {life.Done} of {Steps} changes were done");
        Assert.InRange(beside.Bytes, 1, 10_000_000);
        Assert.NotEqual(0, tiny.Evictions);
        Assert.Empty(await desk.FindBroken());
    }
}

[Trait(Desk.OnPostgres, "")]
public sealed class CacheSimulationOnPostgresTests : CacheSimulationTests;

/// <summary>What happens to some calendars, and what is asked about them; the same for the same seed.</summary>
internal sealed class CalendarLife(Desk desk, Random random)
{
    private static readonly string[] Calendars = ["user:ana", "user:ben", "user:cleo", "room:a", "group:eng", "user:never-written-to"];

    private static readonly Caller[] Callers =
    [
        Desk.As("user:ana"), Desk.As("user:ben"), Desk.As("user:stranger"), Desk.As("user:root", scopes: Scopes.Read | Scopes.Write | Scopes.Admin),
    ];

    private static readonly Caller Admin = Callers[^1];

    /// <summary>Near, around the horizon of two years, and beyond it.</summary>
    private static readonly LocalDate[] Places = [new(2026, 11, 2), new(2026, 11, 14), new(2028, 10, 31), new(2029, 2, 12)];

    private readonly List<string> holds = [];

    /// <summary>How many changes were not refused.</summary>
    public int Done { get; private set; }

    public async Task Change()
    {
        var (name, json, caller) = await (random.Next(20) switch
        {
            < 5 => Now("save-appointments", Saving(Appointment(series: false), null)),
            < 7 => Now("save-appointments", Saving(Appointment(series: true), null)),
            < 11 => Edit(),
            < 13 => Delete(),
            13 => Respond(),
            14 => Now("save-calendars", Calendar()),
            15 => Now("set-open-hours", OpenHours()),
            16 => Now("hold-time", $"{{{Timespan(Day(), days: 1)},\"attendees\":[{Some(2)}]}}"),
            17 => Release(),
            18 => Now("import-calendar", Import()),
            _ => Later(),
        });
        var reply = await desk.Run(name, json, caller);
        Done += reply.Refusal is null ? 1 : 0;
        if (name == "hold-time" && reply.Result is HeldUntil held)
        {
            holds.Add(held.Hold.ToString());
        }
    }

    public async Task Ask()
    {
        var caller = Of(Callers);
        var what = $"{Timespan(Day(), Of([0, 1, 14, 40, 1_500]))},\"attendees\":[{Some(1 + random.Next(5))}]";
        switch (random.Next(5))
        {
            case 0:
                await desk.Run("find-openings", $"{{{what},\"duration\":\"PT30M\",\"nearMisses\":3,\"bufferBefore\":\"PT15M\",\"limit\":50}}", caller);
                break;
            case 1:
                await desk.Run("get-free-busy", $"{{{what}}}", caller);
                break;
            case 2:
                await desk.Run("explain-availability", $"{{{what}}}", caller);
                break;
            case 3:
                await desk.Run("check-for-conflicts", $"{{{what},\"limit\":1000{await Ignoring()}}}", caller);
                break;
            default:
                await Pages(what, caller);
                break;
        }
    }

    private async Task Pages(string what, Caller caller)
    {
        string? cursor = null;
        for (var page = 0; page < 5; page++)
        {
            var after = cursor is null ? "" : $",\"cursor\":\"{cursor}\"";
            var reply = await desk.Run("check-for-conflicts", $"{{{what},\"limit\":{1 + (page * 2)}{after}}}", caller);
            cursor = (reply.Result as FoundConflicts)?.Cursor;
            if (cursor is null)
            {
                return;
            }
        }
    }

    private async Task<string> Ignoring() =>
        random.Next(3) > 0 || await Any() is not { } one ? "" : $",\"ignore\":[\"{(string)one["id"]!}\"]";

    private async Task<(string, string, Caller)> Edit()
    {
        if (await Any() is not { } one)
        {
            return await Now("save-appointments", Saving(Appointment(series: true), null));
        }

        var scope = one["series"] is null ? null : Of([null, "this", "this-and-following", "all"]);
        one.Remove("version");
        switch (random.Next(5))
        {
            case 0:
                one["title"] = $"t{random.Next(1_000)}";
                break;
            case 1:
                one["privacy"] = Of(["public", "private", "secret"]);
                break;
            case 2:
                one["status"] = Of(["confirmed", "tentative", "cancelled"]);
                break;
            case 3:
                one["attendees"] = JsonNode.Parse($"[{Attendees()}]");
                break;
            default:
                var start = LocalDateTimePattern.GeneralIso.Parse((string)one["start"]!).Value;
                one["start"] = LocalDateTimePattern.GeneralIso.Format((bool?)one["allDay"] == true ? start.PlusDays(1) : start.PlusHours(random.Next(-30, 30)));
                break;
        }

        return await Now("save-appointments", Saving(one.ToJsonString(), scope));
    }

    private async Task<(string, string, Caller)> Delete()
    {
        if (await Any() is not { } one)
        {
            return await Later();
        }

        var scope = one["series"] is null ? "" : Of(["", ",\"scope\":\"this-and-following\"", ",\"scope\":\"all\""]);
        return ("delete-appointments", $"{{\"appointments\":[{{\"id\":\"{(string)one["id"]!}\"}}]{scope}}}", Admin);
    }

    private async Task<(string, string, Caller)> Respond()
    {
        if (await Any() is not { } one)
        {
            return await Later();
        }

        var attendee = (string)one["attendees"]!.AsArray()[0]!["calendar"]!;
        var id = one["series"] is not null && random.Next(2) == 0 ? one["series"]!["id"] : one["id"];
        return ("respond-to-appointments", $$"""
            {"appointments":[{"id":"{{(string)id!}}","calendar":"{{attendee}}","response":"{{Of(["accepted", "declined", "tentative"])}}"}]}
            """, Admin);
    }

    private async Task<(string, string, Caller)> Release()
    {
        if (holds.Count == 0)
        {
            return await Later();
        }

        var hold = Of(holds);
        holds.Remove(hold);
        return ("release-hold", $"{{\"hold\":\"{hold}\"}}", Admin);
    }

    /// <summary>Time goes on: holds expire, and more of series is stored.</summary>
    private Task<(string, string, Caller)> Later()
    {
        desk.Clock.Now += Of([Duration.FromMinutes(3), Duration.FromMinutes(90), Duration.FromDays(1), Duration.FromDays(20)]);
        return Now("update-occurrences", "{}");
    }

    /// <summary>Any appointment or occurrence as the API shows it, near or far.</summary>
    private async Task<JsonObject?> Any()
    {
        var found = await desk.Do("get-appointments", $"{{{Timespan(Of(Places), 12)},\"attendees\":[{Some(3)}]}}", Admin);
        var all = found["appointments"]!.AsObject().ToList();
        return all.Count == 0 ? null : Of(all).Value!.DeepClone().AsObject();
    }

    private string Appointment(bool series)
    {
        var allDay = random.Next(4) == 0;
        var at = Day().At(allDay ? LocalTime.Midnight : new(random.Next(24), 30 * random.Next(2)));
        var duration = allDay ? $"P{1 + random.Next(3)}D" : !series && random.Next(6) == 0 ? $"P{1 + random.Next(30)}D" : $"PT{1 + random.Next(5)}H";
        var zone = allDay ? "" : $",\"timeZone\":\"{Of(["UTC", "Europe/Paris", "America/New_York"])}\"";
        var rule = !series ? "" : $",\"recurrence\":{{\"rule\":\"{Of(["FREQ=DAILY", "FREQ=DAILY;INTERVAL=3;COUNT=300", "FREQ=WEEKLY", "FREQ=WEEKLY;COUNT=5"])}\"}}";
        return $$"""
            {"title":"t{{random.Next(1_000)}}","owner":"user:ana","start":"{{LocalDateTimePattern.GeneralIso.Format(at)}}","allDay":{{(allDay ? "true" : "false")}},
             "duration":"{{duration}}","privacy":"{{Of(["public", "public", "private", "secret"])}}","freeBusyStatus":"{{Of(["busy", "busy", "tentative", "free", "out-of-office"])}}",
             "attendees":[{{Attendees()}}]{{zone}}{{rule}}}
            """;
    }

    private string Attendees() => string.Join(',', Calendars.SkipLast(1).Where(_ => random.Next(2) == 0).DefaultIfEmpty("user:ana").Select(calendar =>
        $$"""{"calendar":"{{calendar}}","response":"{{Of(["accepted", "accepted", "tentative", "declined", "needs-action"])}}"}"""));

    private string Calendar()
    {
        var calendar = Of(Calendars[..^1]);
        var kind = calendar[..calendar.IndexOf(':', StringComparison.Ordinal)];
        return $$"""
            {"calendars":[{"calendar":"{{calendar}}","kind":"{{kind}}","timeZone":"{{Of(["UTC", "Asia/Tokyo", "America/New_York"])}}",
             "doubleBooking":"{{Of(["allow", "refuse"])}}"}]}
            """;
    }

    private string OpenHours() => $$"""
        {"calendar":"{{Of(Calendars[..^1])}}","timeZone":"Europe/Paris","openHours":[{"rule":"{{Of(["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,WE"])}}",
         "start":"0{{6 + random.Next(3)}}:00","end":"1{{6 + random.Next(3)}}:00"}]}
        """;

    private string Import()
    {
        const string End = "\\r\\n";
        var lines = new[]
        {
            "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", $"UID:s{random.Next(3)}", "DTSTAMP:20260101T000000Z", $"DTSTART:{Day():uuuuMMdd}T120000Z",
            "DURATION:PT1H", Of(["RRULE:FREQ=WEEKLY", "SUMMARY:Moved"]), "END:VEVENT", "END:VCALENDAR", "",
        };
        return $$"""{"calendar":"user:ana","text":"{{string.Join(End, lines)}}"}""";
    }

    private LocalDate Day() => Of(Places).PlusDays(random.Next(-3, 12));

    private string Timespan(LocalDate first, int days)
    {
        var from = first.AtMidnight().InUtc().ToInstant() + Duration.FromHours(days == 0 ? 6 + random.Next(14) : 0);
        return $"\"timespan\":{{\"from\":\"{from}\",\"to\":\"{from + (days == 0 ? Duration.FromHours(1) : Duration.FromDays(days))}\"}}";
    }

    private string Some(int most) => string.Join(',', Enumerable.Range(0, most).Select(_ => $"\"{Of(Calendars)}\"").Distinct());

    private static string Saving(string appointment, string? scope) =>
        $"{{\"appointments\":[{appointment}]{(scope is null ? "" : $",\"scope\":\"{scope}\"")}}}";

    private static Task<(string, string, Caller)> Now(string name, string json) => Task.FromResult((name, json, Admin));

    private T Of<T>(IReadOnlyList<T> all) => all[random.Next(all.Count)];
}
