using Kalends.Storage;
using NodaTime;

namespace Kalends.Audit;

/// <summary>
/// Drops what of a tenant's trail is older than it is to be kept, the oldest first, in transactions so small that nobody waits for them. Each leaves a
/// store that is sound, so whoever is stopped in the middle leaves the rest to the next run; any number of processes may do it at once.
/// </summary>
public static class Retention
{
    /// <summary>On a file everybody waits to write for as long: less than a tenth of a second as a rule.</summary>
    public const int PerBatch = 1_000;

    /// <summary>More than a century is for ever.</summary>
    public const int MostDays = 36_500;

    private const int Attempts = 5;

    /// <summary>Whole days of UTC are dropped, since what is counted and exported is told by the day.</summary>
    public static Instant Before(Instant now, int keepDays) => (now - Duration.FromDays(keepDays)).InUtc().Date.AtMidnight().InUtc().ToInstant();

    /// <summary>The answer is how many entries were dropped; progress is told with each transaction.</summary>
    public static async ValueTask<long> Run(
        IStore store, string tenant, Instant before, Action<long>? progress, CancellationToken stopped, int perBatch = PerBatch)
    {
        for (var all = 0L; ;)
        {
            stopped.ThrowIfCancellationRequested();
            var dropped = await Drop(store, tenant, before, perBatch, stopped);
            all += dropped.Entries;
            progress?.Invoke(dropped.Entries);
            if (dropped.Entries < perBatch && dropped.Views < perBatch)
            {
                return all;
            }
        }
    }

    /// <summary>Whoever erases texts may have begun from the other end; one of the two begins anew.</summary>
    private static async ValueTask<DroppedRows> Drop(IStore store, string tenant, Instant before, int perBatch, CancellationToken stopped)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var session = await store.Write(tenant, stopped);
                var dropped = await session.Rows<IRetentionWrites>().Drop(before, perBatch);
                await session.Commit(stopped);
                return dropped;
            }
            catch (StoreChangedException) when (attempt < Attempts)
            {
                await Task.Yield();
            }
        }
    }
}
