using System.Text.Json.Nodes;
using Kalends.Messages;
using Kalends.Operations;
using Kalends.Queue;
using Kalends.Tests.Conversations;
using Kalends.Tests.Conversations.Series;
using NodaTime;
using static Kalends.Tests.Conversations.Series.SeriesDesk;

namespace Kalends.Tests.Copying;

/// <summary>Two tenants in which everything happened that a store keeps, and what a client took away from it.</summary>
internal static class RichStore
{
    public const string Span = """{"from":"2026-11-01T00:00:00Z","to":"2027-02-01T00:00:00Z"}""";

    private const string Page = $$"""{"timespan":{{Span}},"attendees":["user:ana","room:paris-3","user:ben"],"limit":5MORE }""";

    public static readonly string Reserve = Single("2026-11-30T07:00:00", "\"title\":\"Once only\"");

    public static readonly string Unknown = """{"appointments":[{"id":"0190a2f4-1c3b-7def-8123-456789abcdef","version":4,"start":"2026-11-23T09:00:00","duration":"PT1H"}]}""";

    public static readonly RunOptions WithKey = new() { IdempotencyKey = "k-1" }, WithOtherKey = new() { IdempotencyKey = "k-2" };

    public static readonly Caller Globex = Desk.As("user:ana", tenant: "globex");

    /// <param name="Token">Of Ana's changes, before most of them.</param>
    /// <param name="Cursor">After the first page, before what it shows was changed.</param>
    /// <param name="First">The first page itself.</param>
    /// <param name="Hold">Ben's, in the room.</param>
    /// <param name="Kept">An appointment that can be saved once more.</param>
    public sealed record Taken(string Token, string Cursor, JsonNode First, string Hold, string Kept);

    public static string PageAfter(string? cursor) => Page.Replace("MORE ", cursor is null ? "" : $",\"cursor\":\"{cursor}\"", StringComparison.Ordinal);

    public static async Task<Taken> Fill(Desk desk)
    {
        var now = desk.Clock.Now;
        // Long before the months that a database prepares.
        desk.Clock.Now = Instant.FromUtc(2019, 3, 31, 23, 59, 59);
        await desk.Do("save-calendars", """
            {"calendars":[{"calendar":"room:paris-3","kind":"room","name":"Big \uE000 one","timeZone":"Europe/Paris","capacity":8,"features":["screen","\uE000"],"site":"paris"},
             {"calendar":"user:ana","kind":"user","timeZone":"America/New_York"}]}
            """, Admin);
        desk.Clock.Now = now;
        const string Hours = """{"calendar":"user:ben","openHours":[{"rule":"FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR","start":"08:00","end":"17:00"}],"timeZone":"Europe/Paris"}""";
        await desk.Do("set-open-hours", Hours, Admin);
        await desk.Do("set-open-hours", Hours.Replace("17:00", "16:00", StringComparison.Ordinal), Admin);
        var views = new Kalends.Audit.ViewCounter();
        views.Count(new("acme", new("user:ben"), [new("user:ben"), new("room:paris-3")], now));
        await views.Write(desk.Store, TestContext.Current.CancellationToken);
        await FillQueue(desk);
        await desk.Do("subscribe-push", Reminders.PushMessageTests.Json("https://push.example/1").Replace("null", "1900000000000", StringComparison.Ordinal));
        await desk.Do("grant-access", """{"relationships":[{"object":"calendar:user:ana","relation":"viewer","subject":"group:#member"}]}""", Admin);
        await desk.Do("save-appointments", $$"""{"appointments":[{{string.Join(',', Enumerable.Range(1, 28).Select(Daily))}}]}""");
        await desk.Do("save-appointments", Reserve, options: WithKey);
        await desk.Refused("save-appointments", Unknown, options: WithOtherKey);
        await desk.Do("save-appointments", Single("2026-12-03T12:00:00", "\"title\":\"Theirs\""), Globex, WithKey);
        var token = (string)(await desk.Do("get-changes", """{"calendar":"user:ana"}"""))["token"]!;
        await FillSeries(desk);
        var first = await desk.Do("get-appointments", PageAfter(null));
        var kept = await ChangeAfterwards(desk, first);
        var held = await desk.Do(
            "hold-time", """{"timespan":{"from":"2026-11-29T06:00:00Z","to":"2026-11-29T07:00:00Z"},"attendees":["room:paris-3"]}""", Desk.As("user:ben"));
        return new(token, (string)first["cursor"]!, first, (string)held["hold"]!, kept);
    }

    private static async Task FillQueue(Desk desk)
    {
        var stopped = TestContext.Current.CancellationToken;
        var reply = await new Deferral(desk.Store, desk.Clock).Begin("update-occurrences", "{}"u8.ToArray(), Desk.As("user:ana"), WithKey, stopped);
        Assert.NotNull(reply.Result);
        await using (var session = await desk.Store.Write("acme", stopped))
        {
            var rows = session.Rows<IQueueWrites>();
            await rows.Send(new("letters", "note", "\"\\u0000\""u8.ToArray(), desk.Clock.Now) { Destination = "\uE000.example" }, desk.Clock.Now);
            await session.Commit(stopped);
        }

        var taken = (await desk.Store.Queue.Take(new("letters", 9, Duration.FromMinutes(1)), desk.Clock.Now, stopped)).Messages.Single();
        await using var shelving = await desk.Store.Write("acme", stopped);
        Assert.True(await shelving.Rows<IQueueWrites>().Bury(taken.Lease, "not\0so", desk.Clock.Now));
        await shelving.Commit(stopped);
    }

    private static async Task FillSeries(Desk desk)
    {
        var weekly = Id(await desk.SaveOne(With(Weekly, """ "attendees":[{"calendar":"user:ana"},{"calendar":"user:ben"},{"calendar":"room:paris-3"}] """)));
        await desk.SaveOne(With((await Occurrence(desk, "2026-11-16", "room:paris-3")).ToJsonString(), """ "title":"Moved","start":"2026-11-18T20:00:00" """));
        await desk.Delete(Id(await Occurrence(desk, "2026-11-23", "room:paris-3")));
        await desk.SaveOne(With((await Occurrence(desk, "2027-01-04", "room:paris-3")).ToJsonString(), "\"title\":\"From here on\""), "this-and-following");
        await desk.SaveOne(With(Weekly, """ "title":"Ended","recurrence":{"rule":"FREQ=DAILY;COUNT=3"} """));
        await desk.Delete(Id(await desk.SaveOne(With(Weekly, "\"title\":\"Gone\""))));
        await desk.SaveOne("""{"title":"Days","allDay":true,"start":"2026-12-24","duration":"P3D","recurrence":{"rule":"FREQ=YEARLY"}}""");
        Assert.NotEmpty(weekly);
        const string File = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\nBEGIN:VEVENT\r\nUID:own@elsewhere\r\nDTSTAMP:20261101T000000Z\r\n"
            + "DTSTART:20261203T090000Z\r\nDTEND:20261203T100000Z\r\nSUMMARY:Imported\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        await desk.Do("import-calendar", $$"""{"calendar":"user:ana","text":{{JsonValue.Create(File).ToJsonString()}}}""");
    }

    /// <summary>What the page showed, and what comes after it, is changed and deleted; the answer is what was saved twice.</summary>
    private static async Task<string> ChangeAfterwards(Desk desk, JsonNode first)
    {
        var shown = first["appointments"]!.AsObject().Select(pair => pair.Value!).First(one => one["series"] is null && one["recurrence"] is null);
        await desk.SaveOne(With(shown.ToJsonString(), "\"title\":\"Changed\""));
        await desk.Delete((string)(await desk.Entries("2026-11-20", "2026-11-21"))[0].Appointment["id"]!);
        await desk.SaveOne(With((await desk.Entries("2026-11-21", "2026-11-22"))[0].Appointment.ToJsonString(), "\"title\":\"Later\""));
        return Id(shown);
    }

    private static string Daily(int day) => $$"""
        {"title":"No. {{day}}","start":"2026-11-{{day:00}}T0{{day % 9}}:00:00","timeZone":"UTC","duration":"PT{{(day % 5) + 1}}H",
         "privacy":"{{(day % 4 == 0 ? "private" : day % 7 == 0 ? "secret" : "public")}}",
         "attendees":[{"calendar":"user:ana"},{"calendar":"user:ben","response":"{{(day % 3 == 0 ? "declined" : "accepted")}}"}]}
        """;

    private static string Single(string start, string more) =>
        $$"""{"appointments":[{"start":"{{start}}","timeZone":"UTC","duration":"PT1H",{{more}},"attendees":[{"calendar":"user:ana"}]}]}""";
}
