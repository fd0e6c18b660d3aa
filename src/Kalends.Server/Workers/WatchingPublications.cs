using System.Collections.Concurrent;
using System.Threading.Channels;
using Kalends.Messages;
using Kalends.Server.Http;
using Kalends.Storage;
using Kalends.Webhooks;
using NodaTime;

namespace Kalends.Server.Workers;

/// <summary>
/// Where there are workers: looks at what is published in tenants with webhooks, at once after a commit of this process and else four times a second, so that
/// each webhook it may be for has its message.
/// </summary>
internal sealed class WatchingPublications(
    IStore store, Dispatcher dispatcher, KalendsSettings settings, IClock clock, TimeProvider time, ILogger<WatchingPublications> log) : BackgroundService
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(250);

    /// <summary>For a first webhook of a tenant that was subscribed in another process to be found.</summary>
    private static readonly TimeSpan BetweenTenants = TimeSpan.FromSeconds(1);

    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly ConcurrentDictionary<string, bool> rung = new(StringComparer.Ordinal);
    private readonly Dictionary<string, WebhookFanOut> tenants = new(StringComparer.Ordinal);
    private long tenantsRead;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        if (settings.Queue.Workers == 0)
        {
            return;
        }

        dispatcher.OnCommitted(tenant =>
        {
            rung[tenant] = true;
            wake.Writer.TryWrite(true);
        });
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Wait(await Look(stoppingToken), stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault)
            {
                WorkLog.NotWatched(log, fault.Message);
                await Wait(BetweenTenants, stoppingToken);
            }
        }
    }

    /// <summary>The answer is when to look again.</summary>
    private async Task<TimeSpan> Look(CancellationToken stopped)
    {
        await FindTenants(stopped);
        rung.Clear();
        var soonest = Between;
        foreach (var fanOut in tenants.Values)
        {
            var next = await fanOut.Step(stopped);
            soonest = next is { } wait && wait.ToTimeSpan() < soonest ? wait.ToTimeSpan() : soonest;
        }

        return soonest;
    }

    private async Task FindTenants(CancellationToken stopped)
    {
        if (tenantsRead != 0 && time.GetElapsedTime(tenantsRead) < BetweenTenants && rung.Keys.All(tenants.ContainsKey))
        {
            return;
        }

        tenantsRead = time.GetTimestamp();
        var found = await store.TenantsWithWebhooks(stopped);
        foreach (var gone in tenants.Keys.Except(found).ToList())
        {
            tenants.Remove(gone);
        }

        foreach (var tenant in found)
        {
            tenants.TryAdd(tenant, new(store, clock, tenant));
        }
    }

    private async Task Wait(TimeSpan until, CancellationToken stopped)
    {
        if (until <= TimeSpan.Zero)
        {
            return;
        }

        using var enough = CancellationTokenSource.CreateLinkedTokenSource(stopped);
        await Task.WhenAny(wake.Reader.WaitToReadAsync(enough.Token).AsTask(), Task.Delay(until, time, enough.Token));
        await enough.CancelAsync();
        wake.Reader.TryRead(out _);
    }
}
