using NodaTime;
using Kalends.Tests.Conversations.Series;
using static Kalends.Tests.Conversations.Series.SeriesDesk;

namespace Kalends.Tests.Conversations;

/// <summary>Every command that writes, each on an office with a series that was changed here and there: for whoever makes each call of it fail.</summary>
internal static class FailingCases
{
    private const string Short = """
        {"title":"Standup","start":"2026-11-02T09:00:00","timeZone":"Europe/Paris","duration":"PT1H","recurrence":{"rule":"FREQ=WEEKLY;COUNT=4"},
         "attendees":[{"calendar":"user:ana"},{"calendar":"room:paris-3"}]}
        """;

    public const string Yearly = """{"title":"Review","start":"2026-11-05T09:00:00","timeZone":"UTC","duration":"PT1H","recurrence":{"rule":"FREQ=YEARLY"}}""";

    private const string File =
        @"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:s\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20261102T120000Z\r\nDURATION:PT1H\r\n"
        + @"RRULE:FREQ=WEEKLY;COUNT=3\r\nEXDATE:20261109T120000Z\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:s\r\nDTSTAMP:20260101T000000Z\r\n"
        + @"RECURRENCE-ID:20261116T120000Z\r\nDTSTART:20261116T150000Z\r\nDURATION:PT1H\r\nSUMMARY:Moved\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

    private const string AtTen = """
        "start":"2026-11-02T10:00:00","timeZone":"Europe/Paris","duration":"PT1H"
        """;

    private const string NextAtTen = """
        "start":"2026-11-09T10:00:00","timeZone":"Europe/Paris","duration":"PT1H"
        """;

    public static TheoryData<string, string> Commands { get; } = new()
    {
        { "save-appointments", """{"appointments":[{"start":"2026-11-03T09:00:00","duration":"PT1H","attendees":[{"calendar":"user:ana"},{"calendar":"room:paris-3"}]}]}""" },
        { "save-appointments", """{"appointments":[SERIES]}""" },
        { "save-appointments", """{"appointments":[{"id":"WHOLE","title":"All",AT-TEN,"recurrence":{"rule":"FREQ=WEEKLY;COUNT=5"}}]}""" },
        { "save-appointments", """{"appointments":[{"id":"FIRST","title":"All",AT-TEN}],"scope":"all"}""" },
        { "save-appointments", """{"appointments":[{"id":"SECOND","title":"One",NEXT-TEN}]}""" },
        { "save-appointments", """{"appointments":[{"id":"SECOND","title":"Later",NEXT-TEN}],"scope":"this-and-following"}""" },
        { "save-appointments", """{"appointments":[{"id":"WHOLE","title":"Once",AT-TEN}]}""" },
        { "delete-appointments", """{"appointments":[{"id":"SECOND"}]}""" },
        { "delete-appointments", """{"appointments":[{"id":"SECOND"}],"scope":"this-and-following"}""" },
        { "delete-appointments", """{"appointments":[{"id":"SECOND"}],"scope":"all"}""" },
        { "respond-to-appointments", """{"appointments":[{"id":"WHOLE","calendar":"user:ana","response":"declined"}]}""" },
        { "respond-to-appointments", """{"appointments":[{"id":"SECOND","calendar":"user:ana","response":"declined"}]}""" },
        { "import-calendar", $$"""{"calendar":"user:ana","text":"{{File}}"}""" },
        { "set-open-hours", """{"calendar":"user:ana","timeZone":"Europe/Paris","openHours":[{"rule":"FREQ=DAILY","start":"09:00","end":"17:00"}]}""" },
        { "restore-appointments", """{"appointments":[{"id":"WHOLE","version":1}]}""" },
        { "update-occurrences", "{}" },
    };

    /// <summary>Fills the office; the answer is the request with the ids it needs.</summary>
    public static async Task<string> Prepare(Desk desk, string name, string request)
    {
        var whole = (string)(await desk.SaveOne(Short))["id"]!;
        await desk.SaveOne(Yearly);
        var entries = await desk.Entries("2026-11-01", "2026-12-01", "room:paris-3");
        await desk.SaveOne(With(entries[2].Appointment.ToJsonString(), """ "title":"By itself","start":"2026-11-17T15:00:00" """));
        var json = request.Replace("NEXT-TEN", NextAtTen, StringComparison.Ordinal)
            .Replace("AT-TEN", AtTen, StringComparison.Ordinal)
            .Replace("SERIES", With(Short, "\"start\":\"2026-11-03T12:00:00\""), StringComparison.Ordinal)
            .Replace("WHOLE", whole, StringComparison.Ordinal)
            .Replace("FIRST", (string)entries[0].Appointment["id"]!, StringComparison.Ordinal)
            .Replace("SECOND", (string)entries[1].Appointment["id"]!, StringComparison.Ordinal);
        if (name == "update-occurrences")
        {
            desk.Clock.Now += Duration.FromDays(800);
        }

        return json;
    }
}
