using System.Text.Json.Nodes;
using Kalends.Messages;
using NodaTime.Text;

namespace Kalends.Tests.Conversations.Series;

/// <summary>Short ways to save a series and to see where its occurrences lie.</summary>
internal static class SeriesDesk
{
    /// <summary>A weekly hour on Mondays at nine in Paris, from 2 November 2026 on.</summary>
    public const string Weekly = """
        {"title":"Standup","start":"2026-11-02T09:00:00","timeZone":"Europe/Paris","duration":"PT1H","recurrence":{"rule":"FREQ=WEEKLY"},
         "attendees":[{"calendar":"user:ana"},{"calendar":"user:ben"}]}
        """;

    public static readonly Caller Admin = Desk.As("user:root", scopes: Scopes.Read | Scopes.Write | Scopes.Admin);

    public static string Id(JsonNode appointment) => (string)appointment["id"]!;

    public static string With(string appointment, string members) =>
        Merged(JsonNode.Parse(appointment)!.AsObject(), JsonNode.Parse("{" + members + "}")!.AsObject()).ToJsonString();

    public static async Task<JsonNode> SaveOne(this Desk desk, string appointment, string? scope = null, Caller? caller = null) =>
        (await desk.Do("save-appointments", Saving(appointment, scope), caller))["saved"]![0]!;

    public static Task<Refusal> RefusedSave(this Desk desk, string appointment, string? scope = null) =>
        desk.Refused("save-appointments", Saving(appointment, scope));

    public static Task<JsonNode> Delete(this Desk desk, string id, string? scope = null) => desk.Do(
        "delete-appointments", $$"""{"appointments":[{"id":"{{id}}"}]{{(scope is null ? "" : $",\"scope\":\"{scope}\"")}}}""");

    public static async Task<JsonObject> Get(this Desk desk, string id, Caller? caller = null) =>
        (await desk.Do("get-appointment", $$"""{"id":"{{id}}"}""", caller)).AsObject();

    /// <summary>The entries of one calendar from a date to another, with what lies there.</summary>
    public static async Task<List<(string From, JsonObject Appointment)>> Entries(
        this Desk desk, string from, string to, string calendar = "user:ana", Caller? caller = null)
    {
        var found = await desk.Do(
            "get-appointments",
            $$"""{"timespan":{"from":"{{from}}T00:00:00Z","to":"{{to}}T00:00:00Z"},"attendees":["{{calendar}}"],"limit":20000}""", caller);
        return [.. found["entries"]!.AsArray().Select(entry =>
            ((string)entry!["from"]!, found["appointments"]![(string)entry["appointment"]!]!.AsObject()))];
    }

    /// <summary>What lies first on a calendar on a date.</summary>
    public static async Task<JsonObject> Occurrence(Desk desk, string date, string calendar = "user:ana") =>
        (await desk.Entries(date, LocalDatePattern.Iso.Parse(date).Value.PlusDays(1).ToString("uuuu-MM-dd", null), calendar))[0].Appointment;

    public static async Task Sound(Desk desk) => Assert.Empty(await desk.FindBroken());

    public static async Task<List<string>> Starts(this Desk desk, string from, string to, string calendar = "user:ana") =>
        [.. (await desk.Entries(from, to, calendar)).Select(entry => entry.From)];

    private static string Saving(string appointment, string? scope) =>
        $$"""{"appointments":[{{appointment}}]{{(scope is null ? "" : $",\"scope\":\"{scope}\"")}}}""";

    private static JsonObject Merged(JsonObject appointment, JsonObject members)
    {
        foreach (var (name, value) in members)
        {
            appointment[name] = value?.DeepClone();
        }

        return appointment;
    }
}
