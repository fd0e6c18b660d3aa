using System.Text.Json.Nodes;
using NodaTime;
using static Kalends.Tests.Conversations.Series.SeriesDesk;

namespace Kalends.Tests.Conversations.Audit;

/// <summary>
/// Two people and a room whose calendars live from a seed: meetings, whole days and series are made, moved, answered and deleted, whatever is
/// refused is left alone, and the clock goes on.
/// </summary>
internal sealed class Lives(Desk desk, int seed)
{
    /// <summary>Three weeks that everything happens in.</summary>
    public const string Span = "\"timespan\":{\"from\":\"2026-11-16T00:00:00Z\",\"to\":\"2026-12-07T00:00:00Z\"}";

    private readonly Random random = new(seed);

    public async Task Step()
    {
        desk.Clock.Now += Duration.FromSeconds(random.Next(1, 4));
        for (var deeds = random.Next(1, 3); deeds > 0; deeds--)
        {
            await Deed();
        }
    }

    /// <summary>What all three calendars show, as it is now or was at a moment.</summary>
    public async Task<string> Seen(Instant? asOf = null)
    {
        var members = asOf is null ? "" : $",\"asOf\":\"{asOf}\"";
        var answer = (await desk.Do(
            "get-appointments", $"{{{Span},\"attendees\":[\"user:ana\",\"room:paris-3\",\"user:ben\"],\"limit\":20000{members}}}", Admin)).AsObject();
        answer["appointments"] = new JsonObject(answer["appointments"]!.AsObject().OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => KeyValuePair.Create(pair.Key, pair.Value?.DeepClone())));
        return answer.ToJsonString();
    }

    private async Task Deed()
    {
        var choice = random.Next(10);
        if (choice < 3)
        {
            await Try("save-appointments", Saving(New()));
            return;
        }

        var (calendar, day) = (random.Next(2) == 0 ? "user:ana" : "user:ben", new LocalDate(2026, 11, 16).PlusDays(random.Next(21)));
        var there = await desk.Entries($"{day:uuuu-MM-dd}", $"{day.PlusDays(3):uuuu-MM-dd}", calendar, Admin);
        if (there.Count == 0)
        {
            return;
        }

        var one = there[random.Next(there.Count)].Appointment;
        var scope = one["series"] is null ? null : new[] { null, "this", "this-and-following", "all" }[random.Next(4)];
        await (choice switch
        {
            < 6 => Try("save-appointments", Saving(With(one.ToJsonString(), Change()), scope)),
            < 8 => Try(
                "respond-to-appointments",
                $$"""{"appointments":[{"id":"{{Id(one)}}","calendar":"{{calendar}}","response":"{{(random.Next(2) == 0 ? "accepted" : "declined")}}"}]}"""),
            _ => Try("delete-appointments", $$"""{"appointments":[{"id":"{{Id(one)}}"}]{{Scoped(scope)}}}"""),
        });
    }

    private async Task Try(string name, string json) => await desk.Run(name, json, Admin);

    private string New()
    {
        var people = random.Next(3) switch
        {
            0 => """{"calendar":"user:ana"}""",
            1 => """{"calendar":"user:ana"},{"calendar":"user:ben"}""",
            _ => """{"calendar":"user:ben"},{"calendar":"room:paris-3"}""",
        };
        var when = random.Next(4) == 0
            ? $"\"start\":\"{Day()}\",\"allDay\":true"
            : $"\"start\":\"{Day()}T{random.Next(7, 18):00}:00:00\",\"timeZone\":\"Europe/Paris\",\"duration\":\"PT1H\"";
        var rule = new[] { "FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY", "FREQ=DAILY;COUNT=5" }[random.Next(3)];
        var recurrence = random.Next(4) == 0 ? $",\"recurrence\":{{\"rule\":\"{rule}\"}}" : "";
        return $$"""{"title":"{{random.Next(1000)}}","owner":"user:ana",{{when}},"attendees":[{{people}}]{{recurrence}}}""";
    }

    private string Change() => random.Next(3) switch
    {
        0 => $"\"title\":\"{random.Next(1000)}\"",
        1 => $"\"start\":\"{Day()}T{random.Next(7, 18):00}:00:00\",\"timeZone\":\"Europe/Paris\",\"duration\":\"PT30M\",\"allDay\":false",
        _ => """ "attendees":[{"calendar":"user:ana"},{"calendar":"user:ben"},{"calendar":"room:paris-3"}] """,
    };

    private string Day() => $"{new LocalDate(2026, 11, 16).PlusDays(random.Next(21)):uuuu-MM-dd}";

    private static string Saving(string appointment, string? scope = null) => $$"""{"appointments":[{{appointment}}]{{Scoped(scope)}}}""";

    private static string Scoped(string? scope) => scope is null ? "" : $",\"scope\":\"{scope}\"";
}
