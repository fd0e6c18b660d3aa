using System.Collections.Concurrent;
using Kalends.Messages;
using Kalends.Publications;
using Kalends.Queue;
using Kalends.Server.Http;
using Kalends.Server.Workers;
using Kalends.Storage;
using NodaTime;
using StackExchange.Redis;

namespace Kalends.Server.Redis;

/// <summary>
/// Where there are workers, and this process has the lease: writes what is published in every tenant into its stream, at once where a commit is told of, and
/// else in rounds over all tenants.
/// </summary>
internal sealed class RelayingPublications : BackgroundService
{
    /// <summary>For what nobody tells of; and to see whether the streams are still there.</summary>
    private static readonly TimeSpan BetweenRounds = TimeSpan.FromSeconds(2);

    /// <summary>A round of very many tenants takes long: this many times as long nothing is asked of the store by itself.</summary>
    private const int RestsAsLong = 9;

    private readonly ConcurrentDictionary<string, bool> rung = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TenantRelay> tenants = new(StringComparer.Ordinal);
    private readonly HashSet<string> soon = new(StringComparer.Ordinal);
    private readonly IStore store;
    private readonly IPermissions permissions;
    private readonly IRelay relay;
    private readonly WriterLease lease;
    private readonly KalendsSettings settings;
    private readonly TimeProvider time;
    private readonly ILogger<RelayingPublications> log;
    private readonly RelayLag? lag;
    private readonly Alarm alarm;
    private TimeSpan pause;
    private long roundEnded;
    private bool isFailing;

    public RelayingPublications(
        IStore store, IPermissions permissions, IRelay relay, WriterLease lease, Dispatcher dispatcher, RedisBell bell, KalendsSettings settings,
        TimeProvider time, ILogger<RelayingPublications> log)
    {
        (this.store, this.permissions, this.relay, this.lease, this.settings, this.time, this.log) =
            (store, permissions, relay, lease, settings, time, log);
        alarm = new(time);
        if (settings.Queue.Workers == 0)
        {
            return;
        }

        lag = new(time);
        dispatcher.OnCommitted(Ring);
        bell.OnHeard(tenant =>
        {
            if (tenant is not null)
            {
                Ring(tenant);
            }
        });
    }

    public override void Dispose()
    {
        lag?.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The host is not kept from starting.
        await Task.Yield();
        try
        {
            while (settings.Queue.Workers > 0)
            {
                await alarm.Wait(await Try(stoppingToken), stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await lease.GiveUp();
        }
    }

    /// <summary>The answer is when to come again.</summary>
    private async Task<TimeSpan> Try(CancellationToken stopped)
    {
        try
        {
            if (await lease.Hold(stopped))
            {
                return await Work(stopped);
            }

            lag!.Leave();
            rung.Clear();
            IsGood();
            await Task.Delay(WriterLease.BetweenAsking, time, stopped);
            return TimeSpan.Zero;
        }
        catch (Exception fault) when (fault is not OperationCanceledException || !stopped.IsCancellationRequested)
        {
            // Whatever was known may be otherwise when they are back.
            tenants.Clear();
            soon.Clear();
            roundEnded = 0;
            IsBad(fault);
            await Task.Delay(Retry.Usual.Next(Random.Shared.NextDouble()).ToTimeSpan(), time, stopped);
            return TimeSpan.Zero;
        }
    }

    private async Task<TimeSpan> Work(CancellationToken stopped)
    {
        var (isRound, began, fault) = (roundEnded == 0 || time.GetElapsedTime(roundEnded) >= pause, time.GetTimestamp(), (Exception?)null);
        if (isRound)
        {
            await FindTenants(stopped);
        }

        var next = pause;
        foreach (var (tenant, one) in tenants.Where(pair => isRound | rung.TryRemove(pair.Key, out _) | soon.Remove(pair.Key)).ToList())
        {
            if (!await lease.Hold(stopped))
            {
                return TimeSpan.Zero;
            }

            try
            {
                var wait = await Step(tenant, one, isRound, stopped);
                next = wait < next ? wait : next;
            }
            catch (Exception ofOne) when (IsOfOneTenant(ofOne) && !stopped.IsCancellationRequested)
            {
                // All others go on; it is tried again with the next round.
                fault = ofOne;
            }
        }

        if (isRound)
        {
            roundEnded = time.GetTimestamp();
            pause = time.GetElapsedTime(began) * RestsAsLong is var rest && rest > BetweenRounds ? rest : BetweenRounds;
            next = next < pause ? next : pause;
        }

        End(fault, isRound);
        return next;
    }

    /// <summary>The answer is when it is to be looked at again, unless a round is due before.</summary>
    private async ValueTask<TimeSpan> Step(string tenant, TenantRelay one, bool looks, CancellationToken stopped)
    {
        var wait = await one.Step(looks, stopped);
        lag!.Set(tenant, one.IsBehind);
        if (wait is not null)
        {
            soon.Add(tenant);
        }

        return wait?.ToTimeSpan() ?? TimeSpan.MaxValue;
    }

    private void End(Exception? fault, bool isRound)
    {
        if (fault is not null)
        {
            IsBad(fault);
        }
        else if (lag!.IsNone && (isRound || !isFailing))
        {
            lag.Know();
            IsGood();
        }
    }

    private static bool IsOfOneTenant(Exception fault) =>
        !WorkRun.IsOfTheWorld(fault) && fault is RedisServerException or not (RedisException or TimeoutException or ObjectDisposedException);

    private async ValueTask FindTenants(CancellationToken stopped)
    {
        var found = (await store.Tenants(stopped)).Where(tenant => tenant != IStore.OwnTenant).ToHashSet(StringComparer.Ordinal);
        foreach (var tenant in found.Where(tenant => !tenants.ContainsKey(tenant)))
        {
            var (reader, judges) = settings.Redis.Reader(tenant, permissions);
            tenants[tenant] = new(store, judges, relay, reader, settings.Redis.KeepEvents);
        }

        foreach (var other in rung.Keys.Where(other => !found.Contains(other)))
        {
            rung.TryRemove(other, out _);
        }
    }

    private void Ring(string tenant)
    {
        rung[tenant] = true;
        alarm.Ring();
    }

    private void IsGood()
    {
        if (isFailing)
        {
            isFailing = false;
            RedisLog.Written(log);
        }
    }

    /// <summary>Said once, until it is good again.</summary>
    private void IsBad(Exception fault)
    {
        lag!.KnowNothing();
        if (!isFailing)
        {
            isFailing = true;
            RedisLog.NotWritten(log, fault.Message);
        }
    }
}
