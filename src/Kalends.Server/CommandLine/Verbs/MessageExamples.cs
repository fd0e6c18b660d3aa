using Kalends.Messages;

namespace Kalends.Server.CommandLine.Verbs;

/// <summary>An example for each message that a person is likely to type first; others show how the input is given.</summary>
internal static class MessageExamples
{
    private const string Week = "\"timespan\":{\"from\":\"2026-11-23T08:00:00Z\",\"to\":\"2026-11-27T17:00:00Z\"}";

    private static readonly Dictionary<string, string> Messages = new(StringComparer.Ordinal)
    {
        ["save-appointments"] = "{\"conflicts\":\"refuse\",\"appointments\":[{\"title\":\"Budget\","
            + "\"start\":\"2026-11-23T09:00:00\",\"timeZone\":\"Europe/Paris\",\"duration\":\"PT45M\","
            + "\"attendees\":[{\"calendar\":\"user:ana\"},{\"calendar\":\"room:paris-1\"}]}]}",
        ["save-calendars"] = "{\"calendars\":[{\"calendar\":\"room:paris-9\",\"kind\":\"room\",\"timeZone\":\"Europe/Paris\",\"capacity\":8}]}",
        ["find-openings"] = "{" + Week + ",\"attendees\":[\"user:ana\",\"user:ben\"],\"duration\":\"PT30M\",\"limit\":3}",
        ["check-for-conflicts"] = "{" + Week + ",\"attendees\":[\"user:ana\",\"user:ben\"]}",
        ["get-appointments"] = "{" + Week + ",\"attendees\":[\"user:ana\"],\"limit\":10}",
        ["get-free-busy"] = "{" + Week + ",\"attendees\":[\"user:ana\"]}",
        ["explain-availability"] = "{" + Week + ",\"attendees\":[\"user:ana\"]}",
        ["set-open-hours"] = "{\"calendar\":\"user:ana\",\"timeZone\":\"Europe/Paris\",\"openHours\":[{\"rule\":"
            + "\"FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR\",\"start\":\"09:00\",\"end\":\"17:30\"}],\"except\":[{\"date\":\"2026-12-24\"}]}",
        ["get-open-hours"] = "{\"calendars\":[\"user:ana\",\"room:paris-1\"]}",
        ["get-calendars"] = "{\"kind\":\"room\"}",
        ["get-changes"] = "{\"calendar\":\"user:ana\"}",
        ["grant-access"] = "{\"relationships\":[{\"object\":\"calendar:user:ana\",\"relation\":\"viewer\",\"subject\":\"group:eng#member\"}]}",
        ["revoke-access"] = "{\"relationships\":[{\"object\":\"calendar:user:ana\",\"relation\":\"viewer\",\"subject\":\"group:eng#member\"}]}",
        ["get-access"] = "{\"calendar\":\"user:ana\"}",
        ["check-access"] = "{\"calendars\":[\"user:ana\",\"room:paris-1\"]}",
        ["get-history"] = "{\"calendar\":\"user:ana\",\"limit\":10}",
        ["get-engagement"] = "{" + Week + ",\"calendars\":[\"user:ana\"]}",
        ["restore-appointments"] = "{\"calendar\":\"user:ana\"," + Week + ",\"asOf\":\"2026-11-20T12:00:00Z\"}",
        ["erase-titles"] = "{\"calendar\":\"user:ana\",\"before\":\"2025-01-01T00:00:00Z\"}",
        ["subscribe-webhook"] = "{\"uri\":\"https://example.com/hook\",\"types\":[\"kalends.appointment.created.v1\"],\"calendars\":[\"user:ana\"]}",
        ["get-webhooks"] = "{}",
        ["send-reminders"] = "{}",
        ["set-reminders"] = "{\"appointments\":[{\"id\":\"0190a2f4-1c3b-7def-8123-456789abcdef\",\"calendar\":\"user:ana\","
            + "\"reminders\":[{\"before\":\"PT15M\",\"channel\":\"sms\"}]}]}",
        ["snooze-reminder"] = "{\"id\":\"0190a2f4-1c3b-7def-8123-456789abcdef\",\"for\":\"PT10M\"}",
        ["dismiss-reminder"] = "{\"id\":\"0190a2f4-1c3b-7def-8123-456789abcdef\"}",
        ["unsubscribe-push"] = "{\"subscription\":\"0190a2f4-1c3b-8def-8123-456789abcdef\"}",
        ["get-push-subscriptions"] = "{}",
        ["get-operation"] = "{\"id\":\"0190a2f4-1c3b-7def-8123-456789abcdef\"}",
        ["cancel-operation"] = "{\"id\":\"0190a2f4-1c3b-7def-8123-456789abcdef\"}",
        ["export-calendar"] = "{\"calendar\":\"user:ana\"}",
    };

    public static string Of(CatalogueEntry entry) => Messages.TryGetValue(entry.Name, out var message)
        ? $"kalends {entry.Name} --tenant demo --as user:ana --json '{message}'"
        : $"kalends {entry.Name} message.json --tenant demo --as user:ana\nkalends {entry.Name} - --tenant demo < message.json";
}
