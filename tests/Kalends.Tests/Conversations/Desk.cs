using System.Text.Json;
using System.Text.Json.Nodes;
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
/// classes that bear the trait <see cref="OnPostgres"/>.
/// </summary>
internal sealed class Desk : IAsyncDisposable
{
    /// <summary>The name of the trait; its value is of no matter.</summary>
    public const string OnPostgres = "PostgreSQL";

    private readonly string folder = Directory.CreateTempSubdirectory("kalends-").FullName;
    private readonly string? database;

    private Desk(string? database)
    {
        this.database = database;
        Store = StoreChoice.Of(database ?? $"Data Source={folder}/kalends.db").Open();
        Dispatcher = new(Store, new OwnCalendarOnly(), Clock);
    }

    public StandingClock Clock { get; } = new(Instant.FromUtc(2026, 11, 1, 10, 0));

    public IStore Store { get; }

    public Dispatcher Dispatcher { get; }

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

    public ValueTask<Reply> Run(string name, string json, Caller? caller = null, RunOptions? options = null) => Catalogue.Entries
        .Single(entry => entry.Name == name)
        .Run(Dispatcher, System.Text.Encoding.UTF8.GetBytes(json), caller ?? As("user:ana"), options ?? new(), TestContext.Current.CancellationToken);

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
