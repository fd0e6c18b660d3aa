using Kalends.Queue;
using Kalends.Schedules;
using Kalends.Server.Http;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Server.Workers;

/// <summary>
/// Sees to it that each schedule has its message: after the start, and now and then, since an operator may delete one. A process that works on no queue leaves
/// it to those that do.
/// </summary>
internal sealed class PlantingSchedules(
    IStore store, IReadOnlyList<Schedule> schedules, KalendsSettings settings, IClock clock, TimeProvider time, ILogger<QueueWorkers> log) : BackgroundService
{
    private static readonly TimeSpan Between = TimeSpan.FromHours(1);

    private static readonly TimeSpan Again = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The host is not kept from starting.
        await Task.Yield();
        while (settings.Queue.Workers > 0 && !stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(await Plant(stoppingToken) ? Between : Again, time, stoppingToken);
        }
    }

    private async ValueTask<bool> Plant(CancellationToken stopped)
    {
        try
        {
            await Planting.Plant(store, schedules, clock.GetCurrentInstant(), stopped);
            return true;
        }
        catch (Exception fault) when (WorkRun.IsOfTheWorld(fault))
        {
            WorkLog.NotPlanted(log, fault.Message);
            return false;
        }
    }
}
