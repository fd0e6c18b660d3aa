using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Kalends.Tests.Processes;
using NodaTime;
using NodaTime.Text;

namespace Kalends.Tests.Faults;

/// <summary>
/// An office in which everybody wants the same rooms in the same week: many writers for each person book, move, cancel and answer, now and then a
/// series. They keep the versions they were told; what they may be refused for is that somebody else was faster.
/// </summary>
internal sealed class Racers(KalendsProcess[] servers, int writers, int seed)
{
    private const int People = 16;
    private const int Rooms = 4;
    private const int Slots = 80;

    /// <summary>Ahead of the world's clock, which the processes have.</summary>
    private static readonly LocalDate Monday = SystemClock.Instance.GetCurrentInstant().InUtc().Date.PlusDays(7).Next(IsoDayOfWeek.Monday);

    /// <summary>Whose is which: of appointments and series, those that nobody ever deletes, and the rest, which are moved by their versions alone.</summary>
    private readonly ConcurrentDictionary<string, string> lasting = new();
    private readonly ConcurrentDictionary<string, string> fleeting = new();
    private readonly ConcurrentDictionary<string, string> series = new();
    private readonly ConcurrentDictionary<string, string> fleetingSeries = new();
    private readonly ConcurrentDictionary<string, ConcurrentBag<long>> told = new();
    private readonly ConcurrentDictionary<string, int> answers = new();
    private readonly ConcurrentQueue<string> wrong = new();

    public static IReadOnlyList<string> AllRooms { get; } = [.. Enumerable.Range(0, Rooms).Select(room => $"room:r{room}")];

    public static IReadOnlyList<string> Calendars { get; } = [.. AllRooms, "group:team", .. Enumerable.Range(0, People).Select(person => $"user:p{person}")];

    public static string Week { get; } = $$"""{"from":"{{Monday:uuuu-MM-dd}}T00:00:00Z","to":"{{Monday.PlusDays(70):uuuu-MM-dd}}T00:00:00Z"}""";

    /// <summary>What was never to be answered.</summary>
    public IReadOnlyCollection<string> Wrong => wrong;

    /// <summary>How often which command was answered in which way.</summary>
    public IReadOnlyDictionary<string, int> Answers => answers;

    /// <summary>All versions that were told of each single appointment, by those who saved it.</summary>
    public IReadOnlyDictionary<string, ConcurrentBag<long>> Told => told;

    /// <summary>The first request of a process takes long, and others wait for what it holds: that is not the race.</summary>
    public static async Task Warm(KalendsProcess server)
    {
        for (var time = 0; time < 10; time++)
        {
            var (status, body) = await server.Post("commands/save-appointments", $$"""
                {"appointments":[{"start":"2026-01-01T{{time:00}}:00:00","timeZone":"UTC","duration":"PT1H","attendees":[{"calendar":"user:warm"},{"calendar":"room:warm"}]}],
                 "conflicts":"allow"}
                """, "user:warm");
            Assert.True(status is HttpStatusCode.OK or HttpStatusCode.Conflict, body?.ToJsonString());
        }
    }

    public Task Run(CancellationToken over) => Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
    {
        var random = new Random(seed + writer);
        while (!over.IsCancellationRequested)
        {
            await Act(servers[writer % servers.Length], $"user:p{writer % People}", random);
        }
    })));

    private Task Act(KalendsProcess server, string person, Random random) => random.Next(100) switch
    {
        < 32 => Create(server, person, random),
        < 50 => Any(lasting, person, random) is { } id ? Move(server, person, random, id, null) : Create(server, person, random),
        < 64 => Any(fleeting, person, random) is { } id ? Move(server, person, random, id, told[id].Max()) : Create(server, person, random),
        < 80 => Any(fleeting, person, random) is { } id ? Delete(server, person, id) : Create(server, person, random),
        < 92 => Any(random.Next(2) == 0 ? lasting : fleeting, null, random) is { } id ? Respond(server, person, random, id) : Create(server, person, random),
        < 96 => CreateSeries(server, person, random),
        < 98 => Any(series, person, random) is { } id ? MoveOne(server, person, random, id) : CreateSeries(server, person, random),
        _ => Any(fleetingSeries, person, random) is { } id ? DeleteSeries(server, person, id) : CreateSeries(server, person, random),
    };

    private async Task Create(KalendsProcess server, string person, Random random)
    {
        var saved = await Save(server, person, random, "create", $$"""{ {{Appointment(person, random)}} }""");
        if (saved is not null)
        {
            Tell(saved);
            (random.Next(3) == 0 ? lasting : fleeting)[(string)saved["id"]!] = person;
        }
    }

    private async Task Move(KalendsProcess server, string person, Random random, string id, long? version)
    {
        var saved = await Save(
            server, person, random, "move", $$"""{"id":"{{id}}",{{(version is null ? "" : $"\"version\":{version},")}}{{Appointment(person, random)}} }""");
        if (saved is not null)
        {
            Tell(saved);
        }
    }

    private async Task Delete(KalendsProcess server, string person, string id)
    {
        await Post(server, person, "delete", "delete-appointments", $$"""{"appointments":[{"id":"{{id}}"}]}""");
        fleeting.TryRemove(id, out _);
    }

    private Task<JsonNode?> Respond(KalendsProcess server, string person, Random random, string id) => Post(
        server, person, "respond", "respond-to-appointments",
        $$"""{"appointments":[{"id":"{{id}}","calendar":"{{person}}","response":"{{(random.Next(2) == 0 ? "accepted" : "declined")}}"}]}""");

    private async Task CreateSeries(KalendsProcess server, string person, Random random)
    {
        var saved = await Save(server, person, random, "series", $$"""
            { {{Appointment(person, random)}},"recurrence":{"rule":"FREQ=WEEKLY;COUNT={{random.Next(2, 6)}}"} }
            """);
        if (saved is not null)
        {
            (random.Next(2) == 0 ? series : fleetingSeries)[(string)saved["id"]!] = person;
        }
    }

    /// <summary>One occurrence of it, wherever it lies by now.</summary>
    private async Task MoveOne(KalendsProcess server, string person, Random random, string id)
    {
        var (status, body) = await server.Post("queries/get-appointments", $$"""{"timespan":{{Week}},"attendees":["{{person}}"]}""", person);
        var occurrences = status == HttpStatusCode.OK
            ? body!["appointments"]!.AsObject().Where(pair => (string?)pair.Value!["series"]?["id"] == id).Select(pair => pair.Key).ToList() : [];
        if (occurrences.Count > 0)
        {
            await Save(server, person, random, "occurrence", $$"""{"id":"{{occurrences[random.Next(occurrences.Count)]}}",{{Appointment(person, random)}} }""");
        }
    }

    private async Task DeleteSeries(KalendsProcess server, string person, string id)
    {
        await Post(server, person, "delete-series", "delete-appointments", $$"""{"appointments":[{"id":"{{id}}"}],"scope":"all"}""");
        fleetingSeries.TryRemove(id, out _);
    }

    private async Task<JsonNode?> Save(KalendsProcess server, string person, Random random, string what, string appointment) =>
        (await Post(server, person, what, "save-appointments", $$"""
            {"appointments":[{{appointment}}]{{(random.Next(3) == 0 ? ",\"conflicts\":\"refuse\"" : random.Next(2) == 0 ? ",\"conflicts\":\"allow\"" : "")}}}
            """))?["saved"]![0];

    private async Task<JsonNode?> Post(KalendsProcess server, string person, string what, string command, string json)
    {
        var (status, body, _) = await server.Ask("commands/" + command, json, person);
        var answer = status == HttpStatusCode.OK ? "done" : $"{(int)status} {body?["code"]}";
        answers.AddOrUpdate($"{what} {answer}", 1, (_, count) => count + 1);
        if (status != HttpStatusCode.OK && answer is not ("409 conflict" or "409 stale-version" or "404 not-found"))
        {
            wrong.Enqueue($"{what}: {status} {body?.ToJsonString()}\n{json}");
        }

        return status == HttpStatusCode.OK ? body : null;
    }

    private void Tell(JsonNode saved) => told.GetOrAdd((string)saved["id"]!, _ => []).Add((long)saved["version"]!);

    private static string? Any(ConcurrentDictionary<string, string> some, string? person, Random random)
    {
        var ids = some.Where(pair => person is null || pair.Value == person).Select(pair => pair.Key).ToList();
        return ids.Count == 0 ? null : ids[random.Next(ids.Count)];
    }

    private static string Appointment(string person, Random random)
    {
        var slot = random.Next(Slots);
        var start = Monday.PlusDays(slot / 16).At(new LocalTime(6 + (slot % 16), 0)).PlusMinutes(random.Next(2) * 30);
        var attendees = Enumerable.Range(0, random.Next(1, 4)).Select(_ => $"user:p{random.Next(People)}").Prepend(person).ToHashSet();
        if (random.Next(10) < 7)
        {
            attendees.Add(AllRooms[random.Next(Rooms)]);
        }

        if (random.Next(10) < 3)
        {
            attendees.Add("group:team");
        }

        return $$"""
            "title":"by {{person}}","start":"{{LocalDateTimePattern.GeneralIso.Format(start)}}","timeZone":"UTC","duration":"PT{{random.Next(1, 4) * 30}}M",
            "attendees":[{{string.Join(',', attendees.OrderBy(_ => random.Next()).Select(attendee => $$"""{"calendar":"{{attendee}}"}"""))}}]
            """;
    }
}
