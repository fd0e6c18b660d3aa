using System.Collections.Concurrent;
using System.Threading.Channels;
using Kalends.Messages;
using Kalends.Queue;
using Kalends.Server.Http;
using StackExchange.Redis;

namespace Kalends.Server.Redis;

/// <summary>
/// Tells other processes in which tenants this one has committed something, behind the commands that did, once for all that came meanwhile; and tells in here
/// what others say. Nobody relies on it: what is lost is found by looking.
/// </summary>
internal sealed class RedisBell : BackgroundService
{
    /// <summary>What is committed meanwhile is told at once: 200 messages a second and tenant at most.</summary>
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(5);

    private readonly RedisLine line;
    private readonly TimeProvider time;
    private readonly RedisChannel channel;
    private readonly string self = Guid.NewGuid().ToString("N");
    private readonly ConcurrentDictionary<string, bool> rung = new(StringComparer.Ordinal);
    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private ISubscriber? subscriber;
    private Action<string?>? heard;

    public RedisBell(RedisLine line, Dispatcher dispatcher, KalendsSettings settings, TimeProvider time)
    {
        (this.line, this.time) = (line, time);
        channel = RedisChannel.Literal($"{settings.Redis.Prefix}:committed");
        dispatcher.OnCommitted(tenant =>
        {
            rung[tenant] = true;
            wake.Writer.TryWrite(true);
        });
    }

    /// <summary>Whether what others say is heard just now, as far as this side can know.</summary>
    public bool Hears => Volatile.Read(ref subscriber) is { } one && one.SubscribedEndpoint(channel) is not null && one.IsConnected(channel);

    /// <summary>Who is told the tenant in which another process committed something; null: something may have been missed, of any.</summary>
    public void OnHeard(Action<string?> told) => heard += told;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The host is not kept from starting.
        await Task.Yield();
        var redis = await line.Connected(stoppingToken);
        redis.ConnectionFailed += (_, _) => heard?.Invoke(null);
        redis.ConnectionRestored += (_, _) => heard?.Invoke(null);
        await Subscribe(redis.GetSubscriber(), stoppingToken);
        while (await wake.Reader.WaitToReadAsync(stoppingToken))
        {
            wake.Reader.TryRead(out _);
            foreach (var tenant in rung.Keys)
            {
                // First, since what is committed from here on is told another time.
                rung.TryRemove(tenant, out _);
                await Tell(redis.GetSubscriber(), tenant);
            }

            await Task.Delay(Between, time, stoppingToken);
        }
    }

    private async Task Subscribe(ISubscriber one, CancellationToken stopped)
    {
        while (true)
        {
            try
            {
                await one.SubscribeAsync(channel, (_, message) => Hear((string?)message ?? ""));
                Volatile.Write(ref subscriber, one);
                heard?.Invoke(null);
                return;
            }
            catch (Exception fault) when (RedisLine.IsItsFault(fault))
            {
                // The line says that Redis is away.
                await Task.Delay(Retry.Usual.Next(Random.Shared.NextDouble()).ToTimeSpan(), time, stopped);
            }
        }
    }

    private async Task Tell(ISubscriber one, string tenant)
    {
        try
        {
            await one.PublishAsync(channel, self + tenant, CommandFlags.FireAndForget);
        }
        catch (Exception fault) when (RedisLine.IsItsFault(fault))
        {
            // Others look each so often themselves while they do not hear.
        }
    }

    private void Hear(string message)
    {
        if (message.Length > self.Length && !message.StartsWith(self, StringComparison.Ordinal))
        {
            heard?.Invoke(message[self.Length..]);
        }
    }
}
