using Kalends.Audit;
using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Server.Http;

/// <summary>
/// Adds the views of calendars that this process counted to the store: every ten seconds, earlier where memory fills, and as it ends. Who asks for them waits
/// for none of it.
/// </summary>
internal sealed class CountingViews : BackgroundService
{
    private readonly ViewCounter counter = new();
    private readonly IStore store;
    private readonly TimeProvider time;
    private readonly ILogger<CountingViews> log;

    public CountingViews(IStore store, Dispatcher dispatcher, TimeProvider time, ILogger<CountingViews> log)
    {
        (this.store, this.time, this.log) = (store, time, log);
        dispatcher.Viewed = counter.Count;
    }

    /// <summary>After the last request: hosts end what listens first.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await Write(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.WhenAny(Task.Delay(ViewCounter.Between.ToTimeSpan(), time, stoppingToken), counter.Early);
            if (!await Write(stoppingToken))
            {
                // What was put back may ask to be written early at once.
                await Task.Delay(ViewCounter.Between.ToTimeSpan(), time, stoppingToken);
            }
        }
    }

    /// <summary>What cannot be written now is kept for the next round.</summary>
    private async Task<bool> Write(CancellationToken stopped)
    {
        try
        {
            await counter.Write(store, stopped);
            return true;
        }
        catch (Exception fault) when (fault is StoreUnavailableException or StoreChangedException or System.Data.Common.DbException)
        {
            Log.NotCounted(log, fault.Message);
            return false;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
