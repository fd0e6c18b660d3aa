using Kalends.Queue;
using Kalends.Server.Http;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Server.Workers;

/// <summary>
/// The workers of this process: for each queue as many as are set, so that no queue waits for another. Told to stop, they read no more, end what is in hand
/// if that is soon, and give the rest back at once.
/// </summary>
internal sealed class QueueWorkers(
    IStore store, IEnumerable<IWork> works, KalendsSettings settings, IClock clock, TimeProvider time, ILogger<QueueWorkers> log) : BackgroundService
{
    /// <summary>For what was cut off to be given back.</summary>
    private static readonly TimeSpan ForGivingBack = TimeSpan.FromSeconds(2);

    /// <summary>So that a few who do not answer leave workers for the others.</summary>
    private const int ForWaiting = 8;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The host is not kept from starting.
        await Task.Yield();
        IReadOnlyList<IWork> known = [.. works];
        var queues = known.Select(work => work.Queue).Distinct().ToList();
        if (settings.Queue.Workers == 0 || queues.Count == 0)
        {
            return;
        }

        WorkLog.Started(log, settings.Queue.Workers, string.Join(", ", queues));
        using var cut = new CancellationTokenSource();
        var run = new WorkRun(store, known, settings.Queue, clock, time, log);
        var loops = queues.Select(queue => Loop(queue, run, known)).ToList();
        await Task.WhenAll(loops.Select(loop => loop.Run(stoppingToken, cut.Token)));
        WorkLog.Stopping(log, loops.Sum(loop => loop.Running));
        var ended = Task.WhenAll(loops.Select(loop => loop.Ended()));
        await Task.WhenAny(ended, Task.Delay(TimeSpan.FromSeconds(settings.Limits.ShutdownSeconds / 2.0), time, CancellationToken.None));
        await cut.CancelAsync();
        await Task.WhenAny(ended, Task.Delay(ForGivingBack, time, CancellationToken.None));
    }

    private QueueLoop Loop(string queue, WorkRun run, IReadOnlyList<IWork> known)
    {
        var works = known.Where(work => work.Queue == queue).ToList();
        var (perDestination, lease) = (works.Min(work => work.PerDestination), Duration.FromSeconds(settings.Queue.LeaseSeconds));
        var workers = settings.Queue.Workers * (works.TrueForAll(work => work.MostlyWaits) ? ForWaiting : 1);
        return new(queue, workers, run, new(perDestination), perDestination, lease, store.Queue, clock, time, log);
    }
}
