using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Kalends.Server.Redis;

/// <summary>
/// For how long streams have lacked what was committed: of the tenant whose stream lacks it longest, or since when nobody here can know. A process that leaves
/// writing to another has no lag.
/// </summary>
internal sealed class RelayLag : IDisposable
{
    private readonly ConcurrentDictionary<string, long> behind = new(StringComparer.Ordinal);
    private readonly Meter meter = new("Kalends");
    private readonly TimeProvider time;

    /// <summary>0 where it is known.</summary>
    private long unknownSince;

    public RelayLag(TimeProvider time)
    {
        (this.time, unknownSince) = (time, time.GetTimestamp());
        meter.CreateObservableGauge(
            "kalends.relay.lag", () => Longest.TotalSeconds, "s",
            "For how long the streams in Redis have not been known to have all that is published; 0 where another process writes them");
    }

    public bool IsNone => behind.IsEmpty;

    private TimeSpan Longest => behind.Values.Append(Volatile.Read(ref unknownSince)).Where(since => since != 0)
        .Select(since => time.GetElapsedTime(since)).DefaultIfEmpty(TimeSpan.Zero).Max();

    public void Set(string tenant, bool isBehind)
    {
        if (isBehind)
        {
            behind.TryAdd(tenant, time.GetTimestamp());
        }
        else
        {
            behind.TryRemove(tenant, out _);
        }
    }

    public void Know() => Volatile.Write(ref unknownSince, 0);

    public void KnowNothing() => Interlocked.CompareExchange(ref unknownSince, time.GetTimestamp(), 0);

    /// <summary>Another process sees to it.</summary>
    public void Leave()
    {
        behind.Clear();
        Know();
    }

    public void Dispose() => meter.Dispose();
}
