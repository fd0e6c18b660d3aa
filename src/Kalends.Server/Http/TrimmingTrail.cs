using Kalends.Audit;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Server.Http;

/// <summary>
/// Drops what is older than the trail is to be kept, after the start and once a day; where it could not, again after a while. Any number of processes may
/// do it. Without <see cref="TrailSettings.KeepDays"/> nothing is ever dropped.
/// </summary>
internal sealed class TrimmingTrail(IStore store, KalendsSettings settings, IClock clock, TimeProvider time, ILogger<TrimmingTrail> log) : BackgroundService
{
    private static readonly TimeSpan Daily = TimeSpan.FromDays(1);

    private static readonly TimeSpan Again = TimeSpan.FromMinutes(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The host is not kept from starting.
        await Task.Yield();
        while (settings.Trail.KeepDays is { } days && !stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(await Trim(Retention.Before(clock.GetCurrentInstant(), days), stoppingToken) ? Daily : Again, time, stoppingToken);
        }
    }

    private async ValueTask<bool> Trim(Instant before, CancellationToken stopped)
    {
        try
        {
            foreach (var tenant in await store.Tenants(stopped))
            {
                if (await Retention.Run(store, tenant, before, null, stopped) is > 0 and var entries)
                {
                    Log.Trimmed(log, entries, before, tenant);
                }
            }

            return true;
        }
        catch (Exception fault) when (fault is StoreUnavailableException or StoreChangedException or System.Data.Common.DbException)
        {
            Log.NotTrimmed(log, fault.Message);
            return false;
        }
    }
}
