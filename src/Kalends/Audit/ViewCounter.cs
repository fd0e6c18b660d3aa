using System.Runtime.InteropServices;
using Kalends.Messages;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Audit;

/// <summary>
/// Counts views in memory, so that no query waits for a write; <see cref="Write"/> adds them to the store. One entry for each day, calendar and viewer, however
/// often they look. A process that is killed loses what it has not written.
/// </summary>
public sealed class ViewCounter(int most = ViewCounter.MostEntries)
{
    /// <summary>What is written every so often. An answer says that views are counted up to then.</summary>
    public static readonly Duration Between = Duration.FromSeconds(10);

    /// <summary>Some ten megabytes.</summary>
    public const int MostEntries = 50_000;

    private readonly Lock entering = new();
    private Dictionary<string, Dictionary<Entry, long>> counted = new(StringComparer.Ordinal);
    private TaskCompletionSource early = NewSignal();
    private int entries;

    /// <summary>Done once a fifth of the room is taken: what is counted should be written now. One transaction then takes a twentieth of a second.</summary>
    public Task Early
    {
        get
        {
            lock (entering)
            {
                return early.Task;
            }
        }
    }

    public void Count(Viewing viewing)
    {
        var (day, lost) = (viewing.At.InUtc().Date, 0L);
        lock (entering)
        {
            ref var ofTenant = ref CollectionsMarshal.GetValueRefOrAddDefault(counted, viewing.Tenant, out _);
            ofTenant ??= [];
            foreach (var calendar in viewing.Calendars)
            {
                lost += Add(ofTenant, new(day, calendar, viewing.Viewer), 1);
            }
        }

        Measurements.LostViews(lost);
    }

    /// <summary>
    /// Adds what was counted to the store, one transaction a tenant. Throws what the store throws; then what was not written is kept for the next time, but for
    /// that which may have been committed or not: it counts as lost, since it must not be there twice.
    /// </summary>
    public async ValueTask Write(IStore store, CancellationToken stopped)
    {
        var left = Take();
        try
        {
            foreach (var (tenant, views) in left)
            {
                await using var session = await store.Write(tenant, stopped);
                var added = await session.Rows<IEngagementWrites>().Add(
                    [.. views.Select(pair => new CalendarViews(pair.Key.Day, pair.Key.Calendar, pair.Key.Viewer, pair.Value))]);
                left.Remove(tenant);
                if (added > 0)
                {
                    await Commit(session, views.Values.Sum());
                }
            }
        }
        finally
        {
            PutBack(left);
        }
    }

    private static async ValueTask Commit(IWriteSession session, long views)
    {
        var isCommitted = false;
        try
        {
            await session.Commit(CancellationToken.None);
            isCommitted = true;
        }
        finally
        {
            Measurements.LostViews(isCommitted ? 0 : views);
        }
    }

    private Dictionary<string, Dictionary<Entry, long>> Take()
    {
        lock (entering)
        {
            var taken = counted;
            (counted, entries, early) = (new(StringComparer.Ordinal), 0, NewSignal());
            return taken;
        }
    }

    private void PutBack(Dictionary<string, Dictionary<Entry, long>> left)
    {
        var lost = 0L;
        lock (entering)
        {
            foreach (var (tenant, views) in left)
            {
                ref var ofTenant = ref CollectionsMarshal.GetValueRefOrAddDefault(counted, tenant, out _);
                ofTenant ??= [];
                foreach (var (entry, number) in views)
                {
                    lost += Add(ofTenant, entry, number);
                }
            }
        }

        Measurements.LostViews(lost);
    }

    /// <summary>The answer is how many were lost for want of room.</summary>
    private long Add(Dictionary<Entry, long> ofTenant, Entry entry, long number)
    {
        if (entries >= most && !ofTenant.ContainsKey(entry))
        {
            return number;
        }

        ref var views = ref CollectionsMarshal.GetValueRefOrAddDefault(ofTenant, entry, out var isThere);
        views += number;
        if (!isThere && ++entries >= most / 5)
        {
            early.TrySetResult();
        }

        return 0;
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly record struct Entry(LocalDate Day, CalendarId Calendar, CalendarId Viewer);
}
