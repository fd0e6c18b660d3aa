using System.Diagnostics.Metrics;
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
    /// <summary>A tenth of a second of the database at the very most, so not more often.</summary>
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(10);

    /// <summary>For what was cut off to be given back.</summary>
    private static readonly TimeSpan ForGivingBack = TimeSpan.FromSeconds(2);

    /// <summary>So that a few who do not answer leave workers for the others.</summary>
    private const int ForWaiting = 8;

    private IReadOnlyList<QueueDepth> depths = [];

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
        using var meter = Meter();
        var run = new WorkRun(store, known, settings.Queue, clock, time, log);
        var loops = queues.Select(queue => Loop(queue, run, known)).ToList();
        await Task.WhenAll([.. loops.Select(loop => loop.Run(stoppingToken, cut.Token)), Look(stoppingToken)]);
        WorkLog.Stopping(log, loops.Sum(loop => loop.Running));
        var ended = Task.WhenAll(loops.Select(loop => loop.Ended()));
        await Task.WhenAny(ended, Task.Delay(TimeSpan.FromSeconds(settings.Limits.ShutdownSeconds / 2.0), time, CancellationToken.None));
        await cut.CancelAsync();
        await Task.WhenAny(ended, Task.Delay(ForGivingBack, time, CancellationToken.None));
    }

    private QueueLoop Loop(string queue, WorkRun run, IReadOnlyList<IWork> known)
    {
        var here = known.Where(work => work.Queue == queue).ToList();
        var workers = settings.Queue.Workers * (here.TrueForAll(work => work.MostlyWaits) ? ForWaiting : 1);
        var (perDestination, lease) = (here.Min(work => work.PerDestination), Duration.FromSeconds(settings.Queue.LeaseSeconds));
        return new(queue, workers, run, new(perDestination), perDestination, lease, store.Queue, clock, time, log);
    }

    private Meter Meter()
    {
        var meter = new Meter("Kalends");
        meter.CreateObservableGauge(
            "kalends.queue.depth", Depths, "{message}", "Messages by queue and state: waiting, delayed, held, dead; counted up to 100,000");
        meter.CreateObservableGauge("kalends.queue.oldest", Ages, "s", "For how long the oldest message that waits could have been read");
        return meter;
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

    /// <summary>For the meter: what it tells is at most so old.</summary>
    private async Task Look(CancellationToken stopped)
    {
        while (!stopped.IsCancellationRequested)
        {
            try
            {
                depths = await store.Queue.Depths(clock.GetCurrentInstant(), stopped);
                await Task.Delay(BetweenLooks, time, stopped);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception fault) when (WorkRun.IsOfTheWorld(fault))
            {
                WorkLog.Unreadable(log, "(all)", fault.Message);
                await Task.Delay(BetweenLooks, time, stopped).ContinueWith(_ => { }, TaskScheduler.Default);
            }
        }
    }
}
