using Kalends.Queue;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Server.Workers;

/// <summary>
/// Extends a lease while its work runs, and tells the work to stop where the lease is lost, or the work has had the time that its kind may take: then it is
/// not extended any more, so that another may read the message though this one hangs.
/// </summary>
internal sealed class Heartbeat : IAsyncDisposable
{
    private readonly CancellationTokenSource work;
    private readonly CancellationTokenSource end = new();
    private readonly Task beating;

    public Heartbeat(IStore store, LeasedMessage leased, Duration lease, Duration longest, IClock clock, TimeProvider time, CancellationToken cut)
    {
        work = CancellationTokenSource.CreateLinkedTokenSource(cut);
        beating = Beat(store, leased, lease, longest, clock, time);
    }

    public CancellationToken Stopped => work.Token;

    public bool IsLost { get; private set; }

    public bool IsOverTime { get; private set; }

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        await beating;
        end.Dispose();
        work.Dispose();
    }

    private async Task Beat(IStore store, LeasedMessage leased, Duration lease, Duration longest, IClock clock, TimeProvider time)
    {
        var between = lease / 3;
        for (var ran = between; ; ran += between)
        {
            try
            {
                await Task.Delay(Duration.Min(between, longest).ToTimeSpan(), time, end.Token);
                IsOverTime = ran >= longest;
                IsLost = !IsOverTime && !await Extend(store, leased, clock.GetCurrentInstant() + lease, end.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            if (IsOverTime || IsLost)
            {
                await work.CancelAsync();
                return;
            }
        }
    }

    private static async ValueTask<bool> Extend(IStore store, LeasedMessage leased, Instant until, CancellationToken stopped)
    {
        try
        {
            await using var session = await store.Write(leased.Tenant, stopped);
            var held = await session.Rows<IQueueWrites>().Extend(leased.Lease, until);
            await session.Commit(stopped);
            return held;
        }
        catch (Exception fault) when (WorkRun.IsOfTheWorld(fault))
        {
            // Two more tries fit into the lease.
            return true;
        }
    }
}
