using Kalends.Queue;
using StackExchange.Redis;

namespace Kalends.Server.Redis;

/// <summary>Connects again after the pause that holds for whatever is away: short, with jitter, never growing.</summary>
internal sealed class ConstantPause : IReconnectRetryPolicy
{
    public bool ShouldRetry(long currentRetryCount, int timeElapsedMillisecondsSinceLastRetry) =>
        timeElapsedMillisecondsSinceLastRetry >= Retry.Usual.Next(Random.Shared.NextDouble()).TotalMilliseconds;
}
