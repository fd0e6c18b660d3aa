using Kalends.Queue;
using NodaTime;

namespace Kalends.Server.Workers;

/// <summary>
/// Reads one queue for this process: as many messages as workers are free, when something was sent, a worker has become free while more wait, the next message
/// becomes visible, or a second has passed. A message whose reader has fallen silent may be what silenced it, so of those one at a time is run, beside the
/// others: it takes none of its kind with it again, and what it took along the first time is not taken a second time. Where work is quick, some messages are
/// read ahead, so that a worker does not wait for each.
/// </summary>
internal sealed class QueueLoop(
    string queue, int workers, WorkRun run, Destinations destinations, int perDestination, Duration lease, IWorkQueue source, IClock clock, TimeProvider time,
    ILogger<QueueWorkers> log)
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1);

    /// <summary>So many more than there are workers, where that means waiting for less than half a second.</summary>
    private const int MostAhead = 8;

    private static readonly TimeSpan Quick = TimeSpan.FromMilliseconds(50);

    private readonly Alarm alarm = new(time);
    private readonly Lock changing = new();
    private readonly HashSet<Task> running = [];
    private readonly Queue<LeasedMessage> ahead = [];

    /// <summary>What a run takes of late, on average; at first as if work were slow.</summary>
    private TimeSpan usual = Quick * 2;
    private bool isOver;
    private bool isFull;
    private bool lostRuns;
    private bool lostIsDue = true;
    private long lookedForLost;

    public int Running
    {
        get
        {
            lock (changing)
            {
                return running.Count;
            }
        }
    }

    /// <summary>Until stopped; what runs then goes on.</summary>
    public async Task Run(CancellationToken stopped, CancellationToken cut)
    {
        await using var listening = source.Listen(sent =>
        {
            if (sent == queue)
            {
                alarm.Ring();
            }
        });
        while (!stopped.IsCancellationRequested)
        {
            try
            {
                var until = await Round(cut);
                await alarm.Wait(until, stopped);
            }
            catch (OperationCanceledException)
            {
                break;
            }
            catch (Exception fault) when (WorkRun.IsOfTheWorld(fault))
            {
                WorkLog.Unreadable(log, queue, fault.Message);
                await Task.Delay(Retry.Usual.Next(Random.Shared.NextDouble()).ToTimeSpan(), time, stopped).ContinueWith(_ => { }, TaskScheduler.Default);
            }
        }

        await GiveBackWhatIsAhead();
    }

    /// <summary>Done when nothing runs any more.</summary>
    public Task Ended()
    {
        lock (changing)
        {
            return Task.WhenAll(running);
        }
    }

    /// <summary>The answer is when to look again, unless something comes up.</summary>
    private async Task<TimeSpan> Round(CancellationToken cut)
    {
        var next = await TakeLost(cut);
        // First, so that whoever becomes free from here on says so.
        isFull = true;
        var room = Room();
        if (room <= 0)
        {
            return Between;
        }

        var taken = await Take(new(queue, room, lease), cut);
        isFull = taken.Messages.Count == room;
        return isFull ? Between : taken.PutOff.Count > 0 ? TimeSpan.Zero : Earlier(next, taken.Next);
    }

    /// <summary>How many messages to read: none while nobody is free and enough are ahead.</summary>
    private int Room()
    {
        lock (changing)
        {
            var (free, most) = (workers - running.Count + (lostRuns ? 1 : 0), usual < Quick ? MostAhead : 0);
            return free <= 0 && ahead.Count > most / 2 ? 0 : free + most - ahead.Count;
        }
    }

    /// <summary>Each second, and as soon as the one before has come to its end.</summary>
    private async Task<Instant?> TakeLost(CancellationToken cut)
    {
        if (lostRuns || (!lostIsDue && time.GetElapsedTime(lookedForLost) < Between))
        {
            return null;
        }

        (lostIsDue, lookedForLost) = (false, time.GetTimestamp());
        return (await Take(new(queue, 1, lease) { OfLost = true }, cut)).Next;
    }

    /// <summary>To its end, though the process is to end: what was read and not received would lie still until its lease runs out.</summary>
    private async Task<Taken> Take(TakeOrder order, CancellationToken cut)
    {
        var now = clock.GetCurrentInstant();
        var taken = await source.Take(
            order with { UsualRoom = perDestination, UsualBack = Destinations.UsualBack(now), Rooms = destinations.Rooms(now) }, now, CancellationToken.None);
        destinations.PutOff(taken.PutOff);
        foreach (var message in taken.Messages)
        {
            if (message.Destination is { } destination)
            {
                destinations.Begun(destination);
            }

            Start(message, order.OfLost, cut);
        }

        return taken;
    }

    /// <summary>Or keeps it for whoever becomes free.</summary>
    private void Start(LeasedMessage message, bool isLost, CancellationToken cut)
    {
        lock (changing)
        {
            if (!isLost && running.Count - (lostRuns ? 1 : 0) >= workers)
            {
                ahead.Enqueue(message);
                return;
            }

            lostRuns |= isLost;
            var began = time.GetTimestamp();
            var task = Task.Run(() => run.Run(queue, message, cut), CancellationToken.None);
            running.Add(task);
            task.ContinueWith(ended => End(ended, message, isLost, began, cut), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private void End(Task<bool?> ended, LeasedMessage message, bool isLost, long began, CancellationToken cut)
    {
        Free(message, ended.IsCompletedSuccessfully ? ended.Result : null);
        lock (changing)
        {
            running.Remove(ended);
            usual = (usual * 0.9) + (time.GetElapsedTime(began) * 0.1);
            if (isLost)
            {
                (lostRuns, lostIsDue) = (false, true);
            }

            if (!isOver && ahead.TryDequeue(out var next))
            {
                Start(next, isLost: false, cut);
            }
        }

        if (isLost || isFull)
        {
            alarm.Ring();
        }
    }

    private void Free(LeasedMessage message, bool? answered)
    {
        if (message.Destination is { } destination)
        {
            destinations.Ended(destination, answered, clock.GetCurrentInstant(), Random.Shared.NextDouble());
        }
    }

    private async Task GiveBackWhatIsAhead()
    {
        List<LeasedMessage> left;
        lock (changing)
        {
            isOver = true;
            left = [.. ahead];
            ahead.Clear();
        }

        foreach (var message in left)
        {
            Free(message, null);
            await run.GiveBack(queue, message);
        }
    }

    private TimeSpan Earlier(Instant? one, Instant? other)
    {
        var now = clock.GetCurrentInstant();
        var next = Instant.Min(one ?? Instant.MaxValue, other ?? Instant.MaxValue);
        return next >= now + Duration.FromTimeSpan(Between) ? Between : Duration.Max(next - now, Duration.FromMilliseconds(1)).ToTimeSpan();
    }
}
