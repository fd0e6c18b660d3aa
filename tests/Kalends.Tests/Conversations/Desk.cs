using System.Text.Json;
using System.Text.Json.Nodes;
using Kalends.Availability;
using Kalends.Messages;
using Kalends.Messages.Json;
using Kalends.Permissions;
using Kalends.Storage;
using Kalends.Tests.Postgres;
using NodaTime;

namespace Kalends.Tests.Conversations;

/// <summary>A clock that stands still until it is moved.</summary>
internal sealed class StandingClock(Instant now) : IClock
{
    public Instant Now { get; set; } = now;

    public Instant GetCurrentInstant() => Now;
}

/// <summary>
/// A Kalends without the web: a real store, the real dispatcher, messages as JSON, by name, as the edges send them. An SQLite file, but for test
/// classes that bear the trait <see cref="OnPostgres"/>. What the free/busy cache has to do with is asked three times: of the cache, again when it knows,
/// and of the store without it, and all say the same. What streams is asked that way too.
/// </summary>
internal sealed class Desk : IAsyncDisposable
{
    /// <summary>The name of the trait; its value is of no matter.</summary>
    public const string OnPostgres = "PostgreSQL";

    private static readonly HashSet<string> Cached = ["check-for-conflicts", "find-openings", "explain-availability", "get-free-busy"];

    /// <summary>Whoever else is asked what the cache has to do with, and has to say the same.</summary>
    private readonly List<Dispatcher> others = [];
    private readonly string folder = Directory.CreateTempSubdirectory("kalends-").FullName;
    private readonly string? database;

    private Desk(string? database)
    {
        this.database = database;
        ConnectionString = database ?? $"Data Source={folder}/kalends.db";
        Store = StoreChoice.Of(ConnectionString).Open();
        Dispatcher = new(new CachedStore(Store, new(mostBytes: 10_000_000)), new RelationPermissions(), Clock);
        others.AddRange([Dispatcher, new(Store, new RelationPermissions(), Clock)]);
        WatchesVersions = database is null;
    }

    public StandingClock Clock { get; } = new(Instant.FromUtc(2026, 11, 1, 10, 0));

    public string ConnectionString { get; }

    public IStore Store { get; }

    public Dispatcher Dispatcher { get; }

    /// <summary>
    /// True: after each command no calendar holds anything new at an old version. Commands are the same on all stores, so one watches for all as a rule.
    /// </summary>
    public bool WatchesVersions { get; set; }

    /// <summary>True where calls of the store are counted: then nothing is asked of a cache, and nobody else is asked.</summary>
    public bool AsksTheStoreAlone { get; set; }

    public string File => $"{folder}/kalends.db";

    public static async Task<Desk> Open()
    {
        var onPostgres = TestContext.Current.TestClass?.Traits.ContainsKey(OnPostgres) == true;
        return await On(onPostgres ? await PrivateCluster.Database() : null);
    }

    /// <summary>On this database of the private cluster, which is dropped with the desk.</summary>
    public static async Task<Desk> On(string? database)
    {
        var desk = new Desk(database);
        await desk.Store.Migrate(default);
        return desk;
    }

    /// <summary>On a database that is there already, which goes with the desk.</summary>
    public static Desk Over(string database, Instant now)
    {
        var desk = new Desk(database);
        desk.Clock.Now = now;
        return desk;
    }

    public static Caller As(string person, string tenant = "acme", string app = "web", Scopes scopes = Scopes.Read | Scopes.Write) =>
        new(tenant, new(person), app, scopes);

    public async ValueTask<Reply> Run(string name, string json, Caller? caller = null, RunOptions? options = null)
    {
        var watches = WatchesVersions && Catalogue.Entries.Any(entry => entry.Name == name && entry.IsCommand);
        var tenant = caller?.Tenant ?? As("").Tenant;
        var before = watches ? await Contents.Of(Store, tenant) : null;
        var reply = await Ask(AsksTheStoreAlone ? others[1] : Dispatcher, name, json, caller, options);
        if (before is not null)
        {
            Assert.Empty((await Contents.Of(Store, tenant)).ChangedInSilenceSince(before));
        }

        // It is the queries that stream, whatever the store, so one is enough.
        if (database is null && !AsksTheStoreAlone && Catalogue.Entries.Single(entry => entry.Name == name).Streams is not null)
        {
            var items = new KeptItems();
            Streamed.SaysTheSame(reply, await Ask(others[1], name, json, caller, (options ?? new()) with { Items = items }), items);
        }

        foreach (var other in Cached.Contains(name) && !AsksTheStoreAlone ? others : [])
        {
            Assert.Equal(Text(reply), Text(await Ask(other, name, json, caller, options)));
        }

        return reply;
    }

    public void AlsoAsk(IStore store) => others.Add(new(store, new RelationPermissions(), Clock));

    private static ValueTask<Reply> Ask(Dispatcher dispatcher, string name, string json, Caller? caller, RunOptions? options) => Catalogue.Entries
        .Single(entry => entry.Name == name)
        .Run(dispatcher, System.Text.Encoding.UTF8.GetBytes(json), caller ?? As("user:ana"), options ?? new(), TestContext.Current.CancellationToken);

    /// <summary>Without cursors, which are sealed with other random numbers each time.</summary>
    private static string Text(Reply reply)
    {
        var json = JsonNode.Parse(WireJson.WriteAny((object?)reply.Refusal ?? reply.Result!))!.AsObject();
        var goesOn = json.Remove("cursor");
        return $"{json.ToJsonString()} {goesOn}";
    }

    /// <summary>Runs a message that is expected to be done, and gives its answer as the wire would.</summary>
    public async Task<JsonNode> Do(string name, string json, Caller? caller = null, RunOptions? options = null)
    {
        var reply = await Run(name, json, caller, options);
        Assert.True(reply.Refusal is null, $"{name} was refused: {JsonSerializer.Serialize(reply.Refusal, WireJson.Options)}");
        return JsonNode.Parse(reply.Replayed is { } kept ? kept.ToArray() : WireJson.WriteAny(reply.Result!))!;
    }

    /// <summary>Runs a message that is expected to be refused.</summary>
    public async Task<Refusal> Refused(string name, string json, Caller? caller = null, RunOptions? options = null)
    {
        var reply = await Run(name, json, caller, options);
        Assert.True(reply.Refusal is not null, $"{name} was not refused");
        return reply.Refusal;
    }

    /// <summary>Saves one appointment and gives its id.</summary>
    public async Task<string> Save(string appointment, Caller? caller = null) =>
        (string)(await Do("save-appointments", $$"""{"appointments":[{{appointment}}]}""", caller))["saved"]![0]!["id"]!;

    public async Task<IReadOnlyList<string>> FindBroken()
    {
        var found = new List<string>();
        await foreach (var finding in Store.FindBroken(TestContext.Current.CancellationToken))
        {
            found.Add(finding);
        }

        foreach (var tenant in await Store.Tenants(TestContext.Current.CancellationToken))
        {
            await foreach (var finding in Appointments.Verification.Run(Store, tenant, Clock.Now, stopped: TestContext.Current.CancellationToken))
            {
                found.Add(finding);
            }
        }

        return found;
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        Directory.Delete(folder, recursive: true);
        if (database is not null)
        {
            await PrivateCluster.Drop(database);
        }
    }
}
