using Kalends.Messages;
using Kalends.Permissions;
using Kalends.Publications;
using Kalends.Server.Http;
using Kalends.Server.Redis;
using Kalends.Storage;
using Kalends.Tests.Conversations;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;

namespace Kalends.Tests.Redis;

/// <summary>A desk, and who copies what it publishes to a Redis, under keys of their own.</summary>
internal sealed class RelayDesk(Desk desk, RedisServer server) : IAsyncDisposable
{
    public const string Time = "\"start\":\"2026-11-23T09:00:00\",\"timeZone\":\"UTC\",\"duration\":\"PT1H\"";

    private readonly List<RedisLine> lines = [];

    public Desk Desk => desk;

    public string Prefix { get; } = $"test-{Guid.NewGuid():N}";

    public IDatabase Database => server.Database;

    public static async Task<RelayDesk> Open(RedisServer server)
    {
        var desk = await Desk.Open();
        desk.WatchesVersions = false;
        return new(desk, server);
    }

    /// <summary>With a line of its own, as another process would have one.</summary>
    public TenantRelay Relay(string tenant = "acme", int keep = 10_000, string? app = null, IStore? store = null)
    {
        var settings = new KalendsSettings { Redis = new() { Configuration = server.Configuration, Prefix = Prefix, KeepEvents = keep, App = app } };
        var line = new RedisLine(settings, TimeProvider.System, NullLogger<RedisLine>.Instance);
        lines.Add(line);
        var (reader, judges) = settings.Redis.Reader(tenant, new RelationPermissions());
        return new(store ?? desk.Store, judges, new RedisRelay(line, settings), reader, keep);
    }

    /// <summary>Steps until there is nothing more, the first time with a look at the stream.</summary>
    public static async Task Run(TenantRelay relay)
    {
        for (var (looks, steps) = (true, 0); await relay.Step(looks, TestContext.Current.CancellationToken) is { } wait; looks = false, steps++)
        {
            Assert.True(steps < 1_000, "it came to no end");
            await Task.Delay(wait.ToTimeSpan(), TestContext.Current.CancellationToken);
        }
    }

    public string Key(string tenant = "acme") => RedisRelay.KeyOf(Prefix, tenant);

    public async Task<IReadOnlyList<(string Id, string Event)>> Stream(string tenant = "acme") =>
        [.. (await Database.StreamRangeAsync(Key(tenant))).Select(entry => ((string)entry.Id!, (string)entry["event"]!))];

    public async Task<List<string>> Ids(string tenant = "acme") => [.. (await Stream(tenant)).Select(entry => entry.Id)];

    /// <summary>The ids that the tenant's publications are to have, as the store has them.</summary>
    public async Task<List<string>> Published(string tenant = "acme")
    {
        await using var session = await desk.Store.Read(tenant, TestContext.Current.CancellationToken);
        var page = await session.Rows<IPublicationRows>().Read(0, FeedMark.Settled(long.MaxValue - 1), 10_000);
        return [.. page.Entries.Select(entry => $"{entry.Seq}-0")];
    }

    public async Task Save(int count, string tenant = "acme")
    {
        for (var number = 0; number < count; number++)
        {
            await desk.Save($$"""{{{Time}}}""", Desk.As("user:ana", tenant));
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var line in lines)
        {
            await line.DisposeAsync();
        }

        await desk.DisposeAsync();
    }
}
