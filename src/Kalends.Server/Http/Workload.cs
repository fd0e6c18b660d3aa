using System.Diagnostics.Metrics;
using System.Threading.RateLimiting;
using Kalends.Messages;

namespace Kalends.Server.Http;

/// <summary>
/// What the process does at one time: so many messages run, so many wait, the rest are told to come again; none runs for ever. Only
/// whole requests come here, so whoever sends slowly takes nobody's turn.
/// </summary>
internal sealed class Workload : IDisposable
{
    private readonly LimitSettings limits;
    private readonly ConcurrencyLimiter turns;
    private readonly Meter meter = new("Kalends");

    public Workload(LimitSettings limits)
    {
        this.limits = limits;
        turns = new(new()
        {
            PermitLimit = limits.RequestsAtOnce,
            QueueLimit = limits.RequestsWaiting,
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        });
        Bodies = new(limits);
        meter.CreateObservableGauge(
            "kalends.requests.running", () => limits.RequestsAtOnce - (turns.GetStatistics()?.CurrentAvailablePermits ?? 0), "{request}", "Messages that run");
        meter.CreateObservableGauge(
            "kalends.requests.waiting", () => turns.GetStatistics()?.CurrentQueuedCount ?? 0, "{request}", "Messages that wait for their turn");
    }

    public BodyMemory Bodies { get; }

    public async ValueTask<Reply> Run(Func<CancellationToken, ValueTask<Reply>> run, CancellationToken aborted)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        stop.CancelAfter(TimeSpan.FromSeconds(limits.RequestSeconds));
        try
        {
            using var turn = await turns.AcquireAsync(1, stop.Token);
            return turn.IsAcquired ? await run(stop.Token) : ComeAgain("More requests are waiting than can be served soon.");
        }
        catch (OperationCanceledException) when (!aborted.IsCancellationRequested && stop.IsCancellationRequested)
        {
            return ComeAgain($"The request took longer than {limits.RequestSeconds} seconds; ask for less at once.");
        }
    }

    public void Dispose()
    {
        meter.Dispose();
        turns.Dispose();
    }

    private static Reply ComeAgain(string detail) => Reply.Refused(Refusal.Of(RefusalCode.Unavailable, detail) with { RetryAfterSeconds = 1 });
}
