using System.Text;
using Kalends.Queue;
using Kalends.Server.Http;
using Kalends.Server.Workers;
using Kalends.Storage;
using Kalends.Tests.Postgres;
using Kalends.Tests.Storage;
using Microsoft.Extensions.Hosting;
using NodaTime;

namespace Kalends.Tests.Queue;

/// <summary>One kind of work, as a test wants it done.</summary>
internal sealed class Clerk(string kind, Func<WorkContext, ValueTask<WorkResult>> run) : IWork
{
    public const string Letters = "letters";

    public string Queue => Letters;

    public string Kind => kind;

    public int MostReads { get; init; } = 5;

    public Duration Longest { get; init; } = Duration.FromMinutes(1);

    public Retry Retry { get; init; } = new(Duration.FromMilliseconds(100));

    public Func<QueueMessage, string, IWriteSession, ValueTask>? Told { get; init; }

    public ValueTask<WorkResult> Run(WorkContext context) => run(context);

    public ValueTask Failed(QueueMessage message, string reason, Instant now, IWriteSession session) =>
        Told?.Invoke(message, reason, session) ?? ValueTask.CompletedTask;
}

/// <summary>A store of its own, on SQLite or PostgreSQL, and processes of workers on it: real hosts, each with its own connections.</summary>
internal sealed class Office : IAsyncDisposable
{
    public const string Tenant = "acme";

    private readonly TemporaryFile file = new();
    private readonly List<(IHost Host, IStore Store)> hosts = [];
    private readonly string? database;

    private Office(string? database)
    {
        this.database = database;
        Store = StoreChoice.Of(ConnectionString).Open();
    }

    public IStore Store { get; }

    public string ConnectionString => database ?? file.ConnectionString;

    /// <summary>That of the processes which are started from then on.</summary>
    public IClock Clock { get; set; } = SystemClock.Instance;

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    private static Instant Now => SystemClock.Instance.GetCurrentInstant();

    /// <param name="onPostgres">As the role that only serves.</param>
    public static async Task<Office> Open(bool onPostgres)
    {
        var office = new Office(onPostgres ? PrivateCluster.AsService(await PrivateCluster.Database()) : null);
        await office.Store.Migrate(Stopped);
        return office;
    }

    /// <summary>Another process, as far as the store can tell.</summary>
    public async Task<IHost> Start(int workers, int leaseSeconds, params IWork[] works)
    {
        var store = StoreChoice.Of(ConnectionString).Open();
        var host = KalendsHost.BuildWorkers(
            [$"--Kalends:Queue:Workers={workers}", $"--Kalends:Queue:LeaseSeconds={leaseSeconds}", "--Logging:LogLevel:Default=None", "--Kalends:Limits:ShutdownSeconds=1"],
            new() { Store = store, Works = works, Clock = Clock });
        hosts.Add((host, store));
        await host.StartAsync(Stopped);
        return host;
    }

    public Task Send(string kind, params string[] bodies) => Send(bodies.Select(body => new NewMessage(
        Clerk.Letters, kind, Encoding.UTF8.GetBytes($"\"{body}\""), Now + Duration.FromMinutes(10))));

    public async Task Send(IEnumerable<NewMessage> messages)
    {
        await using var session = await Store.Write(Tenant, Stopped);
        foreach (var message in messages)
        {
            await session.Rows<IQueueWrites>().Send(message, Now);
        }

        await session.Commit(Stopped);
    }

    public async Task<IReadOnlyList<QueueMessage>> Messages(bool dead = false, string? kind = null)
    {
        await using var session = await Store.Read(Tenant, Stopped);
        return [.. (await session.Rows<IQueueRows>().Page(dead, 0, 10_000)).Where(message => kind is null || message.Kind == kind)];
    }

    public async Task<long> Requeue()
    {
        await using var session = await Store.Write(Tenant, Stopped);
        var requeued = await session.Rows<IQueueWrites>().Requeue(null, Now);
        await session.Commit(Stopped);
        return requeued;
    }

    /// <summary>Waits for what workers bring about.</summary>
    public static async Task Until(Func<Task<bool>> holds, int seconds = 30)
    {
        for (var until = Now + Duration.FromSeconds(seconds); !await holds();)
        {
            Assert.True(Now < until, $"it did not come about within {seconds} s");
            await Task.Delay(20, Stopped);
        }
    }

    public static string Text(QueueMessage message) => Encoding.UTF8.GetString(message.Body).Trim('"');

    public async ValueTask DisposeAsync()
    {
        foreach (var (host, store) in hosts)
        {
            await host.StopAsync(default);
            host.Dispose();
            await store.DisposeAsync();
        }

        await Store.DisposeAsync();
        file.Dispose();
        if (database is not null)
        {
            await PrivateCluster.Drop(database + ";Username=kalends");
        }
    }
}
