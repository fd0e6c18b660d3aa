using Kalends.Storage;

namespace Kalends.Server.Http;

/// <summary>Has the store do ahead of time what it wants done, at the start and once a day; where it could not, again after a while.</summary>
internal sealed class Preparation(IStore store, TimeProvider time, ILogger<Preparation> log) : BackgroundService
{
    private static readonly TimeSpan Daily = TimeSpan.FromDays(1);

    /// <summary>Months are prepared long before they come, so there is no hurry.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromMinutes(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The host is not kept from starting.
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(await Prepare(stoppingToken) ? Daily : Again, time, stoppingToken);
        }
    }

    private async ValueTask<bool> Prepare(CancellationToken stopped)
    {
        try
        {
            await store.PrepareAhead(stopped);
            return true;
        }
        catch (Exception fault) when (fault is StoreUnavailableException or System.Data.Common.DbException)
        {
            Log.NotPrepared(log, fault.Message);
            return false;
        }
    }
}
