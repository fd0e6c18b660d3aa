using System.Text;
using System.Text.Json.Nodes;

namespace Kalends.Tests.Processes;

/// <summary>Malformed and hostile requests, the same for the same seed: sound requests of every message, each spoilt in one way or several.</summary>
internal sealed class HostileBodies(int seed)
{
    private const string Span = """{"from":"2026-11-23T00:00:00Z","to":"2026-11-24T00:00:00Z"}""";

    private static readonly (string Path, string Body)[] Sound =
    [
        ("commands/save-appointments", """
            {"conflicts":"refuse","appointments":[{"id":"019ab0c2-6f00-7000-8000-000000000001","uid":"u","version":1,"owner":"user:ana","status":"confirmed",
             "title":"t","description":"d","location":"l","start":"2026-11-23T09:00:00","timeZone":"Europe/Paris","duration":"PT45M","endTimeZone":"UTC","allDay":false,
             "attendees":[{"calendar":"user:ana","role":"chair","response":"accepted"}],"freeBusyStatus":"busy","privacy":"public",
             "recurrence":{"rule":"FREQ=DAILY","excluded":["2026-12-28T09:00:00"],"added":[]},"links":[{"uri":"https://example.com","title":"x"}],
             "attachments":[{"uri":"https://example.com/a","mediaType":"text/plain","size":5}],"reminders":[{"before":"PT15M","channel":"email"}],
             "managedByApp":false,"metadata":{"deal":"4711"},"external":{"source":"google","id":"1"}}]}
            """),
        ("commands/delete-appointments", """{"appointments":[{"id":"019ab0c2-6f00-7000-8000-000000000001","version":1}],"scope":"this"}"""),
        ("commands/respond-to-appointments", """{"appointments":[{"id":"019ab0c2-6f00-7000-8000-000000000001","calendar":"user:ana","response":"accepted"}]}"""),
        ("commands/save-calendars", """{"calendars":[{"calendar":"room:a","kind":"room","name":"A","timeZone":"UTC","capacity":5,"features":["tv"],"site":"s"}]}"""),
        ("commands/hold-time", $$"""{"timespan":{{Span}},"attendees":["user:ana"],"expiresIn":"PT5M"}"""),
        ("commands/release-hold", """{"hold":"019ab0c2-6f00-7000-8000-000000000001"}"""),
        ("commands/import-calendar", """{"calendar":"user:ana","text":"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20261123T090000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"}"""),
        ("queries/get-appointments", $$"""{"timespan":{{Span}},"attendees":["user:ana"],"limit":10,"detail":"full"}"""),
        ("queries/check-for-conflicts", $$"""{"timespan":{{Span}},"attendees":["user:ana"],"ignore":["019ab0c2-6f00-7000-8000-000000000001"],"limit":5}"""),
        ("queries/find-openings", $$"""
            {"timespan":{{Span}},"attendees":["user:ana"],"optional":["user:ben"],"groups":[{"members":["room:a"],"required":1}],"duration":"PT30M","step":"PT15M",
             "withinOpenHours":true,"bufferBefore":"PT5M","bufferAfter":"PT5M","treatTentativeAs":"free","nearMisses":3,"limit":5}
            """),
        ("queries/explain-availability", $$"""{"timespan":{{Span}},"attendees":["user:ana"]}"""),
        ("queries/get-free-busy", $$"""{"timespan":{{Span}},"attendees":["user:ana"]}"""),
        ("queries/get-changes", """{"calendar":"user:ana","since":"AAAA","limit":5}"""),
        ("queries/get-calendars", """{"calendars":["user:ana"],"kind":"user","limit":5,"cursor":"AAAA"}"""),
        ("queries/get-appointment", """{"id":"019ab0c2-6f00-7000-8000-000000000001"}"""),
        ("queries/export-calendar", """{"calendar":"user:ana"}"""),
    ];

    private static readonly string[] Values =
    [
        "null", "true", "[]", "{}", "-1", "0", "1e999", "-1e999", "123456789012345678901234567890", "0.5", "2147483648", "9223372036854775808", "\"\"",
        "\"\\u0000\"", "\"\\ud800\"", "\"\\u202e\\u2028\"", "\"9999-12-31T23:59:59\"", "\"9999-12-31T23:59:59Z\"", "\"0000-00-00T00:00:00Z\"", "\"-P1D\"",
        "\"PT-5M\"", "\"P99999999999D\"", "\"PT0S\"", "\"Mars/Olympus\"", "\"2026-02-30T10:00:00\"", "\"2026-11-23T08:00:00.123Z\"", "\"2026-11-23T08:00:00+01:00\"",
        "\"all\"", "\"user:\\r\\nana\"", "[null]", "[[[[[[]]]]]]", "{\"from\":\"2030-01-01T00:00:00Z\",\"to\":\"2020-01-01T00:00:00Z\"}", "NaN", "Infinity", "'x'",
        "\"" + "x", "[1,2", "{\"a\":{\"a\":1,\"a\":2}}", "\"\\x\"",
    ];

    private readonly Random random = new(seed);

    public (string Path, byte[] Body) Next()
    {
        var (path, body) = Sound[random.Next(Sound.Length)];
        var text = body;
        for (var faults = random.Next(1, 4); faults > 0; faults--)
        {
            text = Spoil(text);
        }

        return (path, random.Next(20) == 0 ? Broken(Encoding.UTF8.GetBytes(text)) : Encoding.UTF8.GetBytes(text));
    }

    private string Spoil(string text) => random.Next(10) switch
    {
        0 => text[..random.Next(text.Length + 1)],
        1 => text.Insert(random.Next(text.Length + 1), ((char)random.Next(1, 127)).ToString()),
        2 => string.Concat(Enumerable.Repeat("{\"appointments\":[", random.Next(1, 5_000))) + text,
        3 => text.Replace("{", "{\"unknown\":1,", StringComparison.Ordinal),
        4 => text.Replace("\":", "\":[" + new string('[', random.Next(40)), StringComparison.Ordinal),
        5 => text.Replace("user:ana", new string('a', random.Next(200, 100_000)), StringComparison.Ordinal),
        _ => ReplaceOne(text),
    };

    /// <summary>One member's value, wherever it stands, becomes something that has no place there.</summary>
    private string ReplaceOne(string text)
    {
        try
        {
            var root = JsonNode.Parse(text)!;
            var places = Places(root).ToList();
            if (places.Count == 0)
            {
                return text;
            }

            places[random.Next(places.Count)].ReplaceWith("\u0001");
            return root.ToJsonString().Replace("\"\\u0001\"", Values[random.Next(Values.Length)], StringComparison.Ordinal);
        }
        catch (Exception broken) when (broken is System.Text.Json.JsonException or ArgumentException or InvalidOperationException)
        {
            return text + Values[random.Next(Values.Length)];
        }
    }

    private static IEnumerable<JsonNode> Places(JsonNode node) => node switch
    {
        JsonObject members => members.Where(member => member.Value is not null).SelectMany(member => Places(member.Value!).Prepend(member.Value!)),
        JsonArray items => items.OfType<JsonNode>().SelectMany(item => Places(item).Prepend(item)),
        _ => [],
    };

    /// <summary>Bytes that are no UTF-8.</summary>
    private byte[] Broken(byte[] body)
    {
        if (body.Length > 0)
        {
            body[random.Next(body.Length)] = (byte)random.Next(128, 256);
        }

        return body;
    }
}
