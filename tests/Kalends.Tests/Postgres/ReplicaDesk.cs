using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Messages;
using Kalends.Messages.Json;
using Kalends.Permissions;
using Kalends.Storage;
using Kalends.Storage.Postgres;
using Kalends.Tests.Conversations;
using NodaTime;

namespace Kalends.Tests.Postgres;

/// <summary>A Kalends without the web on a database that has replicas, and one on the primary alone.</summary>
internal sealed class ReplicaDesk : IAsyncDisposable
{
    private const string November = """{"from":"2026-11-01T00:00:00Z","to":"2026-12-01T00:00:00Z"}""";

    private readonly PostgresStore primary;
    private readonly ConcurrentQueue<StoreNews> told = new();

    private ReplicaDesk(string database, string replicas, ReplicaPatience? patience)
    {
        Database = database;
        Store = new(database, replicas, patience);
        Store.Listen(told.Enqueue);
        primary = new(database);
        Serving = On(Store);
        OnPrimary = On(primary);

        // As a server has it, with free/busy in memory before it.
        static Dispatcher On(PostgresStore store) => new(new CachedStore(store, new(mostBytes: 10_000_000)), new RelationPermissions(),
            new StandingClock(Instant.FromUtc(2026, 11, 1, 10, 0)));
    }

    /// <summary>The primary's connection string.</summary>
    public string Database { get; }

    public PostgresStore Store { get; }

    /// <summary>Reads from the replicas.</summary>
    public Dispatcher Serving { get; }

    public Dispatcher OnPrimary { get; }

    public IEnumerable<StoreNews> Told => told;

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    public static async Task<ReplicaDesk> Open(ReplicatedCluster cluster, ReplicaPatience? patience = null)
    {
        var desk = Open(await cluster.Database(), cluster.Replicas, patience);
        await desk.UntilUsed();
        return desk;
    }

    public static ReplicaDesk Open(string database, string replicas, ReplicaPatience? patience = null) => new(database, replicas, patience);

    /// <summary>Until a session that asks for nothing in particular is one of a replica, or no more.</summary>
    public async Task UntilUsed(bool used = true)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await using var session = await Store.ReadAnywhere("acme", null, Stopped);
                if (session.IsOfReplica == used)
                {
                    return;
                }
            }
            catch (ReplicaFailedException) when (!used)
            {
                // Its watch has not found out yet.
            }

            Assert.True(attempt < 1_500, $"the replica is {(used ? "not" : "still")} used; told: {string.Join(' ', told.Select(news => news.Sentence))}");
            await Task.Delay(20, Stopped);
        }
    }

    public static string At(int day, int hour, string more = "") =>
        $$"""{"start":"2026-11-{{day:00}}T{{hour:00}}:00:00","timeZone":"UTC","duration":"PT1H"{{more}}}""";

    /// <summary>The ids and the position of what was saved.</summary>
    public async Task<(IReadOnlyList<string> Ids, Position Position)> Save(params string[] appointments)
    {
        var reply = await Run(Serving, "save-appointments", $$"""{"appointments":[{{string.Join(',', appointments)}}]}""");
        Assert.Null(reply.Refusal);
        return ([.. ((SavedAppointments)reply.Result!).Saved.Select(saved => saved.Id.ToString())], reply.Position!.Value);
    }

    public async Task<JsonNode> Ask(string query, string json, Position? atLeast = null, Dispatcher? on = null)
    {
        var reply = await Run(on ?? Serving, query, json, atLeast);
        Assert.True(reply.Refusal is null, $"{query} was refused: {reply.Refusal?.Detail}");
        return JsonNode.Parse(WireJson.WriteAny(reply.Result!))!;
    }

    /// <summary>The ids of Ana's November.</summary>
    public async Task<IReadOnlyList<string>> Month(Position? atLeast = null, Dispatcher? on = null)
    {
        var found = await Ask("get-appointments", $$"""{"timespan":{{November}},"attendees":["user:ana"],"limit":1000}""", atLeast, on);
        return Ids(found);
    }

    /// <summary>How many appointments stand in Ana's way in November.</summary>
    public async Task<int> Busy(Position? atLeast = null, Dispatcher? on = null)
    {
        var found = await Ask("check-for-conflicts", $$"""{"timespan":{{November}},"attendees":["user:ana"],"limit":1000}""", atLeast, on);
        return found["conflicts"]!.AsArray().Sum(person => person!["busy"]!.AsArray().Count);
    }

    /// <summary>A page of it.</summary>
    public Task<JsonNode> Page(int limit, string? cursor, Dispatcher? on = null) => Ask(
        "get-appointments", $$"""{"timespan":{{November}},"attendees":["user:ana"],"limit":{{limit}}{{(cursor is null ? "" : $",\"cursor\":\"{cursor}\"")}}}""", on: on);

    public static IReadOnlyList<string> Ids(JsonNode page) => [.. page["entries"]!.AsArray().Select(entry => (string)entry!["appointment"]!)];

    public static async Task<Reply> Run(Dispatcher on, string name, string json, Position? atLeast = null) => await Catalogue.Entries
        .Single(entry => entry.Name == name).Run(on, Encoding.UTF8.GetBytes(json), Desk.As("user:ana"), new() { AtLeast = atLeast }, Stopped);

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        await primary.DisposeAsync();
    }
}
