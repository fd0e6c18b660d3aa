using Kalends.Queue;
using Kalends.Server.Http;
using StackExchange.Redis;

namespace Kalends.Server.Redis;

/// <summary>
/// The connection of this process, made in the background from the first time that somebody wants it until it is there; from then on it mends itself. Whether
/// Redis is away is logged once each time.
/// </summary>
internal sealed class RedisLine : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly KalendsSettings settings;
    private readonly TimeProvider time;
    private readonly ILogger<RedisLine> log;
    private readonly Lazy<Task<IConnectionMultiplexer>> connecting;
    private int isAway;

    public RedisLine(KalendsSettings settings, TimeProvider time, ILogger<RedisLine> log)
    {
        (this.settings, this.time, this.log) = (settings, time, log);
        connecting = new(() => Task.Run(Connect));
    }

    /// <summary>Whatever a command of Redis may end with that is no bug of ours.</summary>
    public static bool IsItsFault(Exception fault) => fault is RedisException or TimeoutException or ObjectDisposedException;

    /// <summary>Once it was connected; it may have been lost since.</summary>
    public Task<IConnectionMultiplexer> Connected(CancellationToken stopped) => connecting.Value.WaitAsync(stopped);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        if (connecting.IsValueCreated && await connecting.Value.ContinueWith(task => task.IsCompletedSuccessfully, TaskScheduler.Default))
        {
            await (await connecting.Value).DisposeAsync();
        }

        stop.Dispose();
    }

    private async Task<IConnectionMultiplexer> Connect()
    {
        while (true)
        {
            try
            {
                var redis = await ConnectionMultiplexer.ConnectAsync(settings.Redis.Options()).WaitAsync(stop.Token);
                redis.ConnectionFailed += (_, lost) => Away($"the connection was lost ({lost.FailureType})");
                redis.ConnectionRestored += (_, _) => There();
                There();
                return redis;
            }
            catch (Exception fault) when (!stop.IsCancellationRequested)
            {
                // Whatever it is, the process is not to end for it.
                Away(fault.Message);
                await Task.Delay(Retry.Usual.Next(Random.Shared.NextDouble()).ToTimeSpan(), time, stop.Token);
            }
        }
    }

    private void Away(string reason)
    {
        if (!stop.IsCancellationRequested && Interlocked.Exchange(ref isAway, 1) == 0)
        {
            RedisLog.Away(log, reason);
        }
    }

    private void There()
    {
        if (Interlocked.Exchange(ref isAway, 0) == 1)
        {
            RedisLog.There(log);
        }
    }
}
