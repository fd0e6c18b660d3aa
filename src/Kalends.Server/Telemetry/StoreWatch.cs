using System.Diagnostics.Metrics;
using Kalends.Appointments;
using Kalends.Queue;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Server.Telemetry;

/// <summary>
/// What is to be told of the store as a whole, whoever serves from it: looked at every ten seconds, however often somebody asks this process for its figures.
/// Queues are counted for all tenants at once. How far series are laid is asked of a few tenants each time, in turns, since it moves in days.
/// </summary>
internal sealed class StoreWatch : BackgroundService
{
    /// <summary>A tenth of a second of the database at the very most, so not more often.</summary>
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(10);

    private const int TenantsPerLook = 20;

    private readonly Meter meter = new("Kalends");
    private readonly Queue<string> tenants = [];
    private readonly IStore store;
    private readonly IClock clock;
    private readonly TimeProvider time;
    private readonly ILogger<StoreWatch> log;
    private IReadOnlyList<QueueDepth> depths = [];
    private double nearest;
    private double nearestSoFar;

    public StoreWatch(IStore store, IClock clock, TimeProvider time, ILogger<StoreWatch> log)
    {
        (this.store, this.clock, this.time, this.log) = (store, clock, time, log);
        meter.CreateObservableGauge(
            "kalends.queue.depth", Depths, "{message}", "Messages by queue and state: waiting, delayed, held, dead; counted up to 100,000");
        meter.CreateObservableGauge("kalends.queue.oldest", Ages, "s", "For how long the oldest message that waits could have been read");
        meter.CreateObservableGauge(
            "kalends.series.horizon.lag", () => Math.Max(nearest, nearestSoFar), "s", "How much nearer than two years the least far stored series ends");
    }

    public override void Dispose()
    {
        meter.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The host is not kept from starting.
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                depths = await store.Queue.Depths(clock.GetCurrentInstant(), stoppingToken);
                await LookAtSeries(stoppingToken);
            }
            catch (Exception fault) when (fault is StoreUnavailableException or StoreChangedException or System.Data.Common.DbException)
            {
                TelemetryLog.NotWatched(log, fault.Message);
            }

            await Task.Delay(Between, time, stoppingToken);
        }
    }

    private async Task LookAtSeries(CancellationToken stopped)
    {
        if (tenants.Count == 0)
        {
            (nearest, nearestSoFar) = (nearestSoFar, 0);
            foreach (var tenant in await store.Tenants(stopped))
            {
                tenants.Enqueue(tenant);
            }
        }

        for (var looked = 0; looked < TenantsPerLook && tenants.TryDequeue(out var tenant); looked++)
        {
            await using var session = await store.Read(tenant, stopped);
            var horizon = SeriesHorizon.Wanted(clock.GetCurrentInstant());
            if (await session.Rows<ISeriesRows>().Due(horizon, 1) is [var least])
            {
                nearestSoFar = Math.Max(nearestSoFar, horizon - least.StoredUntil);
            }
        }
    }

    private IEnumerable<Measurement<long>> Depths() => depths.SelectMany(depth => new Measurement<long>[]
    {
        Of(depth.Waiting, depth, "waiting"), Of(depth.Delayed, depth, "delayed"), Of(depth.Held, depth, "held"), Of(depth.Dead, depth, "dead"),
    });

    private IEnumerable<Measurement<double>> Ages() => depths.Select(depth => new Measurement<double>(
        depth.Oldest is { } oldest ? Math.Max(0, (clock.GetCurrentInstant() - oldest).TotalSeconds) : 0,
        new KeyValuePair<string, object?>("queue", depth.Queue)));

    private static Measurement<long> Of(long count, QueueDepth depth, string state) =>
        new(count, new KeyValuePair<string, object?>("queue", depth.Queue), new("state", state));
}
