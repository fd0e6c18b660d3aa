using System.Text;
using System.Text.Json.Nodes;
using Kalends.Messages;
using Kalends.Permissions;
using Kalends.Storage.Sqlite;
using NodaTime;

namespace Kalends.Bench.Series;

/// <summary>The dispatcher on a store, at a standing moment.</summary>
internal sealed class Office(SqliteStore store)
{
    private static readonly Caller Clerk = new("bench", new("service:bench"), "bench", Scopes.Read | Scopes.Write | Scopes.Admin);

    private readonly Dispatcher dispatcher = new(store, new RelationPermissions(), new StandingClock());

    public async Task<JsonNode> Save(List<int> people, int round)
    {
        var attendees = string.Join(',', people.Select(person => $$"""{"calendar":"user:{{person}}"}"""));
        var minute = Math.Abs(round) % 60;
        return (await Run("save-appointments", $$"""
            {"appointments":[{"owner":"user:{{people[0]}}","title":"Standup","start":"2026-11-02T09:{{minute:00}}:00","timeZone":"Europe/Paris",
             "duration":"PT30M","recurrence":{"rule":"FREQ=DAILY;COUNT=730"},"attendees":[{{attendees}}]}]}
            """))["saved"]![0]!;
    }

    public Task<JsonNode> Answer(string id, int person) => Run(
        "respond-to-appointments", $$"""{"appointments":[{"id":"{{id}}","calendar":"user:{{person}}","response":"accepted"}]}""");

    public async Task Change(string id, Action<JsonNode> change)
    {
        var series = await Run("get-appointment", $$"""{"id":"{{id}}"}""");
        change(series);
        await Run("save-appointments", $$"""{"appointments":[{{series.ToJsonString()}}]}""");
    }

    public async Task DeleteOne(int person)
    {
        var found = await Run(
            "get-appointments", $$"""{"timespan":{"from":"2027-03-01T00:00:00Z","to":"2027-03-02T00:00:00Z"},"attendees":["user:{{person}}"],"limit":1}""");
        await Run("delete-appointments", $$"""{"appointments":[{"id":"{{found["entries"]![0]!["appointment"]}}"}]}""");
    }

    public async Task<JsonNode> Run(string name, string json)
    {
        var entry = Catalogue.Entries.Single(entry => entry.Name == name);
        var reply = await entry.Run(dispatcher, Encoding.UTF8.GetBytes(json), Clerk, new(), default);
        return reply.Refusal is { } refusal
            ? throw new InvalidOperationException($"{refusal.Detail} {string.Join(' ', refusal.Errors)}")
            : JsonNode.Parse(Kalends.Messages.Json.WireJson.WriteAny(reply.Result!))!;
    }
}

internal sealed class StandingClock : IClock
{
    public Instant GetCurrentInstant() => Instant.FromUtc(2026, 11, 1, 10, 0);
}
