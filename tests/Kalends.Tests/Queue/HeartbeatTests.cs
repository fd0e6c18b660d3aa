using System.Collections.Concurrent;
using Kalends.Queue;
using Kalends.Server.Workers;
using Kalends.Tests.Conversations;
using NodaTime;

namespace Kalends.Tests.Queue;

/// <summary>How often a lease is extended, by a time that passes at once.</summary>
public sealed class HeartbeatTests
{
    [Fact]
    public async Task A_lease_is_extended_three_times_while_it_would_last()
    {
        await using var office = await Office.Open(onPostgres: false);
        await office.Send("note", "slow");
        var (lease, now) = (Duration.FromSeconds(30), SystemClock.Instance.GetCurrentInstant());
        var taken = (await office.Store.Queue.Take(new(Clerk.Letters, 1, lease), now, TestContext.Current.CancellationToken)).Messages.Single();
        var (time, later) = (new NotedTime(4), Instant.FromUnixTimeSeconds(now.ToUnixTimeSeconds() + 5));
        await using var heart = new Heartbeat(
            office.Store, taken, lease, Duration.FromMinutes(10), new StandingClock(later), time, TestContext.Current.CancellationToken);
        await Office.Until(() => Task.FromResult(time.Waited.Count == 4));
        Assert.All(time.Waited, waited => Assert.Equal(TimeSpan.FromSeconds(10), waited));
        Assert.Equal((false, false), (heart.IsLost, heart.IsOverTime));
        Assert.Equal(later + lease, (await office.Messages()).Single().VisibleAt);
    }

    /// <summary>Notes what is waited for, and lets all but the last pass.</summary>
    private sealed class NotedTime(int most) : TimeProvider
    {
        public ConcurrentQueue<TimeSpan> Waited { get; } = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Waited.Enqueue(dueTime);
            return base.CreateTimer(callback, state, Waited.Count < most ? TimeSpan.Zero : Timeout.InfiniteTimeSpan, period);
        }
    }
}
