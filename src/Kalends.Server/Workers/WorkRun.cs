using System.Data.Common;
using System.Diagnostics;
using Kalends.Messages;
using Kalends.Queue;
using Kalends.Server.Http;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Server.Workers;

/// <summary>
/// One message from its read to what came of it. What cannot be written is left: the lease runs out, and somebody reads the message again.
/// </summary>
internal sealed class WorkRun(IStore store, IReadOnlyList<IWork> works, QueueSettings settings, IClock clock, TimeProvider time, ILogger<QueueWorkers> log)
{
    /// <summary>Another process, of a newer version, may know a kind that this one does not.</summary>
    private static readonly Duration ForOthers = Duration.FromSeconds(10);

    private readonly Duration lease = Duration.FromSeconds(settings.LeaseSeconds);

    /// <summary>Whether the message's destination answered; null where nothing was learnt of it. Never throws.</summary>
    /// <param name="queue">Where it was.</param>
    /// <param name="leased">What was read.</param>
    /// <param name="cut">Ends the work in the middle: the process must end.</param>
    public async Task<bool?> Run(string queue, LeasedMessage leased, CancellationToken cut)
    {
        bool? answered = null;
        QueueMeasurements.Begun(queue, (clock.GetCurrentInstant() - leased.VisibleAt).TotalSeconds);
        await Guarded(queue, leased, async () =>
        {
            var work = works.FirstOrDefault(work => work.Queue == queue && work.Kind == leased.Kind);
            var end = work is null
                ? new Ended(WorkEnd.Later, "no worker of this process knows its kind", ForOthers)
                : await Work(work, leased, cut);
            QueueMeasurements.Ended(queue, leased.Kind, await Write(work, leased, end));
            answered = end.Answered;
        });
        return answered;
    }

    /// <summary>Of what was read and not begun. Never throws.</summary>
    public Task GiveBack(string queue, LeasedMessage leased) => Guarded(
        queue, leased, () => InSession(leased, rows => rows.GiveBack(leased.Lease, clock.GetCurrentInstant(), null, counts: false)));

    private async Task Guarded(string queue, LeasedMessage leased, Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (LeaseLostException)
        {
            WorkLog.Lost(log, leased.Kind, leased.Lease.Message, leased.Tenant);
            QueueMeasurements.Ended(queue, leased.Kind, "lost");
        }
        catch (Exception fault) when (IsOfTheWorld(fault))
        {
            WorkLog.NotWritten(log, leased.Kind, leased.Lease.Message, leased.Tenant, fault.Message);
            QueueMeasurements.Ended(queue, leased.Kind, "lost");
        }
        catch (Exception fault)
        {
            // Ours, and it must not be the end of the others. The message is read again, and shelved in the end.
            WorkLog.Failed(log, fault, leased.Kind, leased.Lease.Message, leased.Tenant, leased.Reads);
            QueueMeasurements.Ended(queue, leased.Kind, "lost");
        }
    }

    /// <summary>The store's own faults, which say nothing against a message.</summary>
    internal static bool IsOfTheWorld(Exception fault) => fault is StoreUnavailableException or StoreChangedException or DbException;

    private async Task<Ended> Work(IWork work, LeasedMessage leased, CancellationToken cut)
    {
        if (await Find(leased) is not { } message)
        {
            throw new LeaseLostException();
        }

        var now = clock.GetCurrentInstant();
        if (now >= leased.Deadline || leased.Reads > work.MostReads)
        {
            var why = now >= leased.Deadline ? "its time is over" : $"it was begun {leased.Reads - 1} times and came to no end";
            return new(WorkEnd.Hopeless, message.LastError is { } last ? $"{why}; {last}" : why) { Message = message };
        }

        var began = Stopwatch.GetTimestamp();
        await using var heart = new Heartbeat(store, leased, lease, work.Longest, clock, time, cut);
        var context = new WorkContext(store, leased.Tenant, message, leased.Lease, clock, heart.Stopped);
        try
        {
            using var span = Spans.OfWork(leased.Kind);
            var result = await work.Run(context);
            WorkLog.Done(log, leased.Kind, leased.Lease.Message, leased.Tenant, Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            return new(context.IsCommitted ? WorkEnd.Done : result.End, result.Reason, result.After)
            {
                Message = message, IsCommitted = context.IsCommitted, Answered = result.End != WorkEnd.Later,
            };
        }
        catch (OperationCanceledException) when (heart.IsLost)
        {
            throw new LeaseLostException();
        }
        catch (OperationCanceledException) when (cut.IsCancellationRequested && !heart.IsOverTime)
        {
            return new(WorkEnd.Later, "its process ended", Duration.Zero) { Message = message, IsStopped = true };
        }
        catch (Exception fault) when (IsOfTheWorld(fault))
        {
            return new(WorkEnd.Later, fault.Message) { Message = message };
        }
        catch (Exception fault) when (fault is not LeaseLostException)
        {
            WorkLog.Failed(log, fault, leased.Kind, leased.Lease.Message, leased.Tenant, leased.Reads);
            var said = heart.IsOverTime ? $"it ran longer than {work.Longest.TotalSeconds} seconds" : $"{fault.GetType().Name}: {fault.Message}";
            var isLast = leased.Reads >= work.MostReads;
            return new(isLast ? WorkEnd.Hopeless : WorkEnd.Later, isLast ? $"it was begun {leased.Reads} times and came to no end; {said}" : said)
            {
                Message = message, Fault = fault, Answered = false,
            };
        }
    }

    private async ValueTask<QueueMessage?> Find(LeasedMessage leased)
    {
        await using var session = await store.Read(leased.Tenant, CancellationToken.None);
        return await session.Rows<IQueueRows>().Find(leased.Lease.Message);
    }

    /// <summary>The answer is what to call it.</summary>
    private async Task<string> Write(IWork? work, LeasedMessage leased, Ended end)
    {
        if (end.IsCommitted)
        {
            return "done";
        }

        var now = clock.GetCurrentInstant();
        switch (end.Outcome)
        {
            case WorkEnd.Done:
                await using (var session = await store.Write(leased.Tenant, CancellationToken.None))
                {
                    await session.Rows<IQueueWrites>().FinishWithCommit(leased.Lease);
                    await session.Commit(CancellationToken.None);
                }

                return "done";
            case WorkEnd.Hopeless:
                await Shelve(work!, leased, end, end.Reason!, now);
                return "dead";
            case WorkEnd.Later when end.IsStopped:
                await InSession(leased, rows => rows.GiveBack(leased.Lease, now, null, counts: false));
                return "later";
            case WorkEnd.Later when (work?.Retry ?? Retry.Usual).Next(now, leased.Deadline, Random.Shared.NextDouble(), end.After) is { } next:
                await InSession(leased, rows => rows.GiveBack(leased.Lease, next, end.Reason, counts: end.Fault is not null));
                if (end.Fault is null)
                {
                    WorkLog.Later(log, leased.Kind, leased.Lease.Message, leased.Tenant, end.Reason!);
                }

                return end.Fault is null ? "later" : "failed";
            default:
                // Of a kind that nobody here knows nobody here can tell the failure: whoever does finds its deadline over.
                if (work is null)
                {
                    await InSession(leased, rows => rows.GiveBack(leased.Lease, now + ForOthers, null, counts: false));
                    return "later";
                }

                await Shelve(work, leased, end, $"its time is over; {end.Reason}", now);
                return "dead";
        }
    }

    private async Task InSession(LeasedMessage leased, Func<IQueueWrites, ValueTask<bool>> write)
    {
        await using var session = await store.Write(leased.Tenant, CancellationToken.None);
        if (!await write(session.Rows<IQueueWrites>()))
        {
            throw new LeaseLostException();
        }

        await session.Commit(CancellationToken.None);
    }

    private async Task Shelve(IWork work, LeasedMessage leased, Ended end, string reason, Instant now)
    {
        try
        {
            await Shelve(work, leased, end.Message!, reason, now, tells: true);
        }
        catch (Exception fault) when (!IsOfTheWorld(fault) && fault is not LeaseLostException)
        {
            WorkLog.NotTold(log, fault, leased.Kind, leased.Lease.Message);
            await Shelve(work, leased, end.Message!, reason, now, tells: false);
        }

        WorkLog.Dead(log, leased.Kind, leased.Lease.Message, leased.Tenant, reason);
    }

    private async Task Shelve(IWork work, LeasedMessage leased, QueueMessage message, string reason, Instant now, bool tells)
    {
        await using var session = await store.Write(leased.Tenant, CancellationToken.None);
        if (!await session.Rows<IQueueWrites>().Bury(leased.Lease, reason, now))
        {
            throw new LeaseLostException();
        }

        if (tells)
        {
            await work.Failed(message, reason, now, session);
        }

        await session.Commit(CancellationToken.None);
    }

    private sealed record Ended(WorkEnd Outcome, string? Reason = null, Duration? After = null)
    {
        public QueueMessage? Message { get; init; }

        public bool? Answered { get; init; }

        public bool IsCommitted { get; init; }

        public bool IsStopped { get; init; }

        /// <summary>What the work threw: it counts against the message.</summary>
        public Exception? Fault { get; init; }
    }
}
