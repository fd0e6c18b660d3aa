using System.Diagnostics.Metrics;
using Kalends.Audit;
using Kalends.Messages;
using Kalends.Server.Http;
using Kalends.Storage;
using Kalends.Tests.Conversations;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;

namespace Kalends.Tests.Audit;

/// <summary>The counter in memory, and the server that empties it.</summary>
public sealed class ViewCounterTests
{
    private static readonly Caller Admin = Desk.As("user:root", scopes: Scopes.Read | Scopes.Admin);

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_has_no_room_is_lost_and_told_and_writing_makes_room()
    {
        await using var desk = await Desk.Open();
        await desk.Save("""{"start":"2026-11-23T09:00:00","timeZone":"UTC","duration":"PT1H"}""");
        var lost = 0L;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, itself) =>
            {
                if (instrument.Name == "kalends.views.lost")
                {
                    itself.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref lost, value));
        listener.Start();
        var counter = new ViewCounter(most: 10);
        counter.Count(Of("user:1"));
        Assert.False(counter.Early.IsCompleted);
        for (var viewer = 1; viewer <= 12; viewer++)
        {
            counter.Count(Of($"user:{viewer}"));
        }

        Assert.True(counter.Early.IsCompleted);
        Assert.Equal(2, lost);
        await counter.Write(desk.Store, Stopped);
        Assert.False(counter.Early.IsCompleted);
        Assert.Equal(11, await Counted(desk));
        counter.Count(Of("user:12"));
        await counter.Write(desk.Store, Stopped);
        Assert.Equal(12, await Counted(desk));
        Assert.Equal(2, lost);
    }

    [Fact]
    public async Task A_server_writes_what_it_counted_every_so_often_and_as_it_ends()
    {
        await using var desk = await Desk.Open();
        await desk.Save("""{"start":"2026-11-23T09:00:00","timeZone":"UTC","duration":"PT1H"}""");
        using (var service = new CountingViews(desk.Store, desk.Dispatcher, new HastyTime(), NullLogger<CountingViews>.Instance))
        {
            await service.StartAsync(Stopped);
            await desk.Do("get-changes", """{"calendar":"user:ana"}""");
            for (var attempt = 0; attempt < 200 && await Counted(desk) == 0; attempt++)
            {
                await Task.Delay(50, Stopped);
            }

            Assert.Equal(1, await Counted(desk));
            await service.StopAsync(Stopped);
        }

        using var patient = new CountingViews(desk.Store, desk.Dispatcher, TimeProvider.System, NullLogger<CountingViews>.Instance);
        await patient.StartAsync(Stopped);
        await desk.Do("get-changes", """{"calendar":"user:ana"}""");
        Assert.Equal(1, await Counted(desk));
        await patient.StopAsync(Stopped);
        Assert.Equal(2, await Counted(desk));
    }

    [Fact]
    public async Task Who_looks_at_what_is_not_there_makes_no_tenant()
    {
        await using var desk = await Desk.Open();
        var counter = new ViewCounter();
        counter.Count(Of("user:1"));
        await counter.Write(desk.Store, Stopped);
        Assert.Empty(await desk.Store.Tenants(Stopped));
    }

    private static Viewing Of(string viewer) => new("acme", new(viewer), [new CalendarId("user:ana")], Instant.FromUtc(2026, 11, 1, 10, 0));

    private static async Task<long> Counted(Desk desk) =>
        (await desk.Do("get-engagement", """{"timespan":{"from":"2026-11-01T00:00:00Z","to":"2026-11-02T00:00:00Z"}}""", Admin))["views"]!
            .AsArray().Sum(view => (long)view!["views"]!);
}
