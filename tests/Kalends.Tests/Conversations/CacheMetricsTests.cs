using System.Diagnostics.Metrics;
using Kalends.Availability;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Tests.Conversations;

/// <summary>
/// The cache tells what it is good for, and so that it is good for something: warm queries read nothing. Alone, because the meter is the process's.
/// </summary>
[Collection(nameof(Alone))]
public sealed class CacheMetricsTests : IDisposable
{
    private static readonly string[] Asking =
    [
        "\"attendees\":[\"user:ana\",\"user:ben\",\"user:cleo\"]", "\"timespan\":{\"from\":\"2026-11-02T00:00:00Z\",\"to\":\"2026-11-24T00:00:00Z\"}",
    ];

    private readonly Dictionary<string, long> counted = new(StringComparer.Ordinal) { ["hits"] = 0, ["misses"] = 0, ["evictions"] = 0, ["bytes"] = 0 };
    private readonly MeterListener listener = new();

    public CacheMetricsTests()
    {
        listener.InstrumentPublished = (instrument, itself) =>
        {
            if (instrument.Meter.Name == "Kalends" && instrument.Name.StartsWith("kalends.cache.", StringComparison.Ordinal))
            {
                itself.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => counted[instrument.Name["kalends.cache.".Length..]] += value);
        listener.Start();
    }

    public void Dispose() => listener.Dispose();

    [Theory]
    [InlineData("find-openings", ",\"duration\":\"PT30M\"")]
    [InlineData("get-free-busy", "")]
    [InlineData("explain-availability", "")]
    [InlineData("check-for-conflicts", "")]
    public async Task A_query_reads_what_it_does_not_know_and_no_more(string name, string more)
    {
        await using var desk = await Desk.Open();
        await desk.Do("set-open-hours", """{"calendar":"user:ana","timeZone":"UTC","openHours":[{"rule":"FREQ=DAILY","start":"06:00","end":"20:00"}]}""");
        // One lies across three fortnights, and of two of the same time nobody knows the order but by their ids.
        var three = await desk.Save("""{"title":"a","start":"2026-11-01T00:00:00","timeZone":"UTC","duration":"P20D","attendees":[{"calendar":"user:ana"},{"calendar":"user:ben"}]}""");
        await desk.Save("""{"title":"b","start":"2026-11-04T09:00:00","timeZone":"UTC","duration":"PT1H","privacy":"secret"}""");
        await desk.Save("""{"title":"c","start":"2026-11-04T09:00:00","timeZone":"UTC","duration":"PT1H"}""");
        var store = new CachedStore(desk.Store, new(mostBytes: 1_000_000));
        var query = $"{{{string.Join(',', Asking)}{more}}}";
        await Ask(0, 2);
        await Ask(2, 0);
        Assert.InRange(counted["bytes"], 1, 1_000_000);
        await desk.Do("respond-to-appointments", $$"""{"appointments":[{"id":"{{three}}","calendar":"user:ana","response":"tentative"}]}""");
        await Ask(0, 2);
        await desk.Save("""{"title":"d","start":"2026-12-24T09:00:00","timeZone":"UTC","duration":"PT1H"}""");
        await Ask(1, 1);
        await Ask(2, 0);
        Assert.Equal(0, counted["evictions"]);

        async Task Ask(long hits, long misses)
        {
            var before = (counted["hits"], counted["misses"]);
            var dispatcher = new Messages.Dispatcher(store, new Permissions.RelationPermissions(), desk.Clock);
            var reply = await Catalogue.Entries.Single(entry => entry.Name == name).Run(
                dispatcher, System.Text.Encoding.UTF8.GetBytes(query), Desk.As("user:ben"), new(), TestContext.Current.CancellationToken);
            Assert.Null(reply.Refusal);
            Assert.Equal((hits, misses), (counted["hits"] - before.Item1, counted["misses"] - before.Item2));
        }
    }

    [Fact]
    public async Task What_goes_for_want_of_room_is_counted()
    {
        await using var desk = await Desk.Open();
        await desk.Save("""{"start":"2026-11-04T09:00:00","timeZone":"UTC","duration":"PT1H","attendees":[{"calendar":"user:ana"},{"calendar":"user:ben"}]}""");
        var store = new CachedStore(desk.Store, new(mostBytes: 1_000));
        for (var round = 0; round < 3; round++)
        {
            await using var session = await store.Read("acme", TestContext.Current.CancellationToken);
            await session.Rows<IAvailabilityRows>().Look(new()
            {
                Calendars = [new("user:ana"), new("user:ben")],
                Caller = new("user:ana"),
                From = Instant.FromUtc(2026, 11, 2, 0, 0).ToUnixTimeSeconds(),
                To = Instant.FromUtc(2026, 11, 24, 0, 0).ToUnixTimeSeconds(),
                Now = desk.Clock.Now.ToUnixTimeSeconds(),
            });
        }

        Assert.Equal((0, 6), (counted["hits"], counted["misses"]));
        Assert.NotEqual(0, counted["evictions"]);
        Assert.InRange(counted["bytes"], 0, 1_000);
    }

    [Fact]
    public async Task What_the_cache_gave_up_leaves_memory_before_it_has_doubled()
    {
        await using var desk = await Desk.Open();
        await desk.Save("""{"start":"2026-11-04T09:00:00","timeZone":"UTC","duration":"PT1H"}""");
        var cache = new FreeBusyCache(mostBytes: 1_000_000);
        var store = new CachedStore(desk.Store, cache);
        var old = Kept(cache);
        await Look();
        GiveUp(cache);
        await Look();
        for (var wait = 0; wait < 200 && old.IsAlive; wait++)
        {
            await Task.Delay(25, TestContext.Current.CancellationToken);
        }

        Assert.False(old.IsAlive);

        async Task Look()
        {
            await using var session = await store.Read("acme", TestContext.Current.CancellationToken);
            await session.Rows<IAvailabilityRows>().Look(new() { Calendars = [new("user:ana")], Caller = new("user:ana"), From = 0, To = 1, Now = 0 });
        }
    }

    /// <summary>A third of a megabyte, kept until the runtime counts it as old.</summary>
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static WeakReference Kept(FreeBusyCache cache)
    {
        for (var calendar = 1; calendar <= 1_000; calendar++)
        {
            cache.Keep(new(1, calendar), new(new(1, 1), null, BusyFortnight.Pack(1_480, 1_480, [])!));
        }

        GC.Collect();
        GC.Collect();
        var old = new WeakReference(cache.Find(new(1, 1), new(1, 1), 1_480, 1_480)!.Fortnights[0]);
        Assert.Equal(2, GC.GetGeneration(old.Target!));
        return old;
    }

    private static void GiveUp(FreeBusyCache cache)
    {
        for (var calendar = 1; calendar <= 1_000; calendar++)
        {
            cache.Forget(new(1, calendar));
        }

        Assert.InRange(cache.Dropped, 300_000, 1_000_000);
    }
}
