using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Kalends.Messages;
using Kalends.Messages.Json;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Tests.Conversations;

/// <summary>
/// A request of any message of the catalogue that is about one calendar and one appointment, made from its members: what a message must have, and whatever
/// names a calendar or an appointment. So a message is asked the day it is added; one whose members must fit each other has a request written out.
/// </summary>
internal static class AnyMessage
{
    private static readonly Dictionary<string, string[]> WrittenOut = new(StringComparer.Ordinal)
    {
        ["save-appointments"] =
        [
            """{"appointments":[{"id":"ID","owner":"CALENDAR","title":"Taken over","start":"2026-11-23T08:00:00","timeZone":"UTC","duration":"PT1H"}]}""",
            """{"conflicts":"refuse","appointments":[{"owner":"CALENDAR","start":"2026-11-23T09:00:00","timeZone":"UTC","duration":"PT8H"}]}""",
            """{"appointments":[{"id":"ID","owner":"CALENDAR","start":"2026-11-23T08:00:00","timeZone":"UTC","duration":"PT1H"}],"scope":"all"}""",
        ],
        ["import-calendar"] = [$$"""{"calendar":"CALENDAR","text":"{{Event}}"}"""],
        ["set-open-hours"] = ["""{"calendar":"CALENDAR","timeZone":"UTC","openHours":[{"rule":"FREQ=DAILY","start":"09:00","end":"17:00"}]}"""],
        ["get-access"] = ["""{"calendar":"CALENDAR"}""", """{"object":"calendar:CALENDAR"}"""],
        ["grant-access"] = ["""{"relationships":[{"object":"calendar:CALENDAR","relation":"owner","subject":"user:zoe"}]}"""],
        ["revoke-access"] = ["""{"relationships":[{"object":"calendar:CALENDAR","relation":"viewer","subject":"user:viewer"}]}"""],
        ["get-history"] = ["""{"appointment":"ID"}""", """{"calendar":"CALENDAR"}""", """{"person":"CALENDAR"}"""],
        ["get-engagement"] =
        [
            """{"timespan":{"from":"2026-11-01T00:00:00Z","to":"2026-11-24T00:00:00Z"},"calendars":["CALENDAR"]}""",
            """{"timespan":{"from":"2026-11-01T00:00:00Z","to":"2026-11-24T00:00:00Z"}}""",
        ],
        ["restore-appointments"] =
        [
            """{"appointments":[{"id":"ID","version":1}]}""",
            """{"calendar":"CALENDAR","timespan":{"from":"2026-11-01T00:00:00Z","to":"2026-12-24T00:00:00Z"},"asOf":"2026-11-01T09:00:00Z"}""",
        ],
        ["subscribe-webhook"] = ["""{"uri":"https://example.com/hook","types":["kalends.appointment.created.v1"],"calendars":["CALENDAR"]}"""],
        ["subscribe-push"] = [Reminders.PushMessageTests.Json("https://push.example/1", ",\"calendar\":\"CALENDAR\"")],
        ["redeliver-webhook"] = ["""{"webhook":"ID","since":"2026-11-01T09:00:00Z"}""", """{"webhook":"ID","event":"ID"}"""],
        ["get-appointments"] =
        [
            $$"""{{{Asked}}}""", $$"""{{{Asked}},"detail":"summary"}""", $$"""{{{Asked}},"detail":"busy"}""", $$"""{{{Asked}},"limit":1}""",
        ],
        ["find-openings"] = [$$"""{{{Asked}}}""", $$"""{{{Asked}},"duration":"PT8H","nearMisses":5,"withinOpenHours":false}"""],
        ["check-for-conflicts"] = [$$"""{{{Asked}}}""", $$"""{{{Asked}},"limit":1,"rule":"FREQ=DAILY;COUNT=3"}"""],
    };

    private const string Asked = """
        "timespan":{"from":"2026-11-23T00:00:00Z","to":"2026-11-24T00:00:00Z"},"attendees":["CALENDAR"]
        """;

    private const string Event =
        @"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:shared-uid\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20261123T090000Z\r\n"
        + @"DURATION:PT1H\r\nSUMMARY:Imported\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

    public static IEnumerable<string> Of(CatalogueEntry entry, string calendar, string id) =>
        (WrittenOut.GetValueOrDefault(entry.Name) ?? [Made(entry.MessageType, 0)!.ToJsonString()])
            .Select(request => request.Replace("CALENDAR", calendar, StringComparison.Ordinal).Replace("ID", id, StringComparison.Ordinal));

    private static JsonNode? Made(Type type, int depth)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type switch
        {
            _ when type == typeof(CalendarId) => "CALENDAR",
            _ when type == typeof(Guid) => "ID",
            _ when type == typeof(string) => "UTC",
            _ when type == typeof(Timespan) => JsonNode.Parse("""{"from":"2026-11-23T00:00:00Z","to":"2026-11-24T00:00:00Z"}"""),
            _ when type == typeof(Instant) => "2026-11-01T09:00:00Z",
            _ when type == typeof(LocalDateTime) => "2026-11-23T09:00:00",
            _ when type == typeof(LocalDate) => "2026-11-23",
            _ when type == typeof(NominalDuration) => "PT1H",
            _ when type == typeof(bool) => false,
            _ when type.IsEnum => JsonNode.Parse(WireJson.WriteAny(Enum.GetValues(type).GetValue(Enum.GetValues(type).Length - 1)!)),
            _ when type.IsPrimitive => 1,
            _ when type.IsAssignableTo(typeof(IEnumerable)) => new JsonArray(Made(type.GetGenericArguments()[0], depth + 1)),
            _ => Members(type, depth),
        };
    }

    private static JsonObject Members(Type type, int depth)
    {
        Assert.True(depth < 8, $"{type} has no end");
        return new(type.GetProperties(BindingFlags.Instance | BindingFlags.Public)
            .Where(member => member.CanWrite && (member.IsDefined(typeof(RequiredMemberAttribute)) || Names(member.PropertyType)))
            .Select(member => KeyValuePair.Create(
                System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(member.Name), Made(member.PropertyType, depth + 1))));
    }

    private static bool Names(Type type) => (Nullable.GetUnderlyingType(type) ?? type) is var plain
        && (plain == typeof(CalendarId) || plain == typeof(Guid) || plain == typeof(IReadOnlyList<CalendarId>) || plain == typeof(IReadOnlyList<Guid>));
}
