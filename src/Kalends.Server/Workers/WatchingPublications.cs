using System.Collections.Concurrent;
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

    private readonly Alarm alarm = new(time);
    private readonly ConcurrentDictionary<string, bool> rung = new(StringComparer.Ordinal);
    private readonly Dictionary<string, WebhookFanOut> tenants = new(StringComparer.Ordinal);
    private readonly HashSet<string> soon = new(StringComparer.Ordinal);
    private long tenantsRead;
    private long lookedAtAll;

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
            alarm.Ring();
        });
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await alarm.Wait(await Look(stoppingToken), stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault)
            {
                WorkLog.NotWatched(log, fault.Message);
                await alarm.Wait(BetweenTenants, stoppingToken);
            }
        }
    }

    /// <summary>At all tenants now and then, in between at those where something is. The answer is when to look again.</summary>
    private async Task<TimeSpan> Look(CancellationToken stopped)
    {
        await FindTenants(stopped);
        var isRound = time.GetElapsedTime(lookedAtAll) >= Between;
        lookedAtAll = isRound ? time.GetTimestamp() : lookedAtAll;
        var due = tenants.Where(pair => isRound | rung.TryRemove(pair.Key, out _) | soon.Remove(pair.Key)).ToList();
        var next = Between;
        foreach (var (tenant, fanOut) in due)
        {
            if (await Step(fanOut, stopped) is { } wait)
            {
                soon.Add(tenant);
                next = wait.ToTimeSpan() < next ? wait.ToTimeSpan() : next;
            }
        }

        return next;
    }

    /// <summary>What goes wrong in one tenant, and is not the store's fault, keeps nobody else waiting.</summary>
    private async ValueTask<Duration?> Step(WebhookFanOut fanOut, CancellationToken stopped)
    {
        try
        {
            return await fanOut.Step(stopped);
        }
        catch (Exception fault) when (!WorkRun.IsOfTheWorld(fault) && !stopped.IsCancellationRequested)
        {
            WorkLog.NotWatched(log, fault.Message);
            return null;
        }
    }

    private async Task FindTenants(CancellationToken stopped)
    {
        if (tenantsRead != 0 && time.GetElapsedTime(tenantsRead) < BetweenTenants)
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

        foreach (var other in rung.Keys.Except(found).ToList())
        {
            rung.TryRemove(other, out _);
        }
    }
}
