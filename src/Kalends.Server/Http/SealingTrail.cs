using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Kalends.Audit;
using Kalends.Messages;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Server.Http;

/// <summary>
/// Seals the trail behind the commands of this process, some seconds after them, and all of it once after the start: whatever other processes have left. Any
/// number of processes may do it.
/// </summary>
internal sealed class SealingTrail : BackgroundService
{
    /// <summary>Short, since what is not sealed can be changed unnoticed; long enough that a busy tenant has some thousand seals a day.</summary>
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(10);

    /// <summary>Tenants with what may not be sealed yet, and since when.</summary>
    private readonly ConcurrentDictionary<string, long> written = new(StringComparer.Ordinal);
    private readonly Meter meter = new("Kalends");
    private readonly IStore store;
    private readonly IClock clock;
    private readonly TimeProvider time;
    private readonly ILogger<SealingTrail> log;

    public SealingTrail(IStore store, Dispatcher dispatcher, IClock clock, TimeProvider time, ILogger<SealingTrail> log)
    {
        (this.store, this.clock, this.time, this.log) = (store, clock, time, log);
        dispatcher.OnCommitted(tenant => written.TryAdd(tenant, time.GetTimestamp()));
        meter.CreateObservableGauge(
            "kalends.seal.lag", () => written.Values.Select(since => time.GetElapsedTime(since).TotalSeconds).DefaultIfEmpty().Max(), "s",
            "For how long a change that this process wrote has waited for its seal");
    }

    public override void Dispose()
    {
        meter.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var looked = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Between, time, stoppingToken);
            looked = looked || await Try(LookAtAll, stoppingToken);
            foreach (var tenant in written.Keys)
            {
                // First, since what is committed meanwhile may come too late for this round.
                written.TryRemove(tenant, out var since);
                if (!await Try(async stopped => await Sealing.Run(store, tenant, clock.GetCurrentInstant(), stopped), stoppingToken))
                {
                    written.AddOrUpdate(tenant, since, (_, later) => Math.Min(since, later));
                    break;
                }
            }
        }
    }

    private async Task LookAtAll(CancellationToken stopped)
    {
        foreach (var tenant in await store.Tenants(stopped))
        {
            written.TryAdd(tenant, time.GetTimestamp());
        }
    }

    /// <summary>What cannot be done now is done in the next round.</summary>
    private async Task<bool> Try(Func<CancellationToken, Task> work, CancellationToken stopped)
    {
        try
        {
            await work(stopped);
            return true;
        }
        catch (Exception fault) when (fault is StoreUnavailableException or StoreChangedException or System.Data.Common.DbException)
        {
            Log.NotSealed(log, fault.Message);
            return false;
        }
    }
}
