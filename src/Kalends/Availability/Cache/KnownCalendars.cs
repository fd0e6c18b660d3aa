using System.Collections.Concurrent;
using Kalends.Storage;

namespace Kalends.Availability;

/// <summary>
/// Calendars as they were last read, so that a look at many need ask no more than whether they still have these versions: whatever a query sees of a calendar
/// changes with its version (<see cref="LookFor.Known"/>). May be shared between threads.
/// </summary>
internal sealed class KnownCalendars
{
    /// <summary>
    /// A hundred or two bytes each, and as much again for who is the only one of a tenant. When there are more, all are forgotten, and learned again as they
    /// are asked for.
    /// </summary>
    private const int Most = 50_000;

    private readonly ConcurrentDictionary<(int Lineage, string Tenant), ConcurrentDictionary<CalendarId, Calendar>> tenants = new();
    private int count;

    /// <summary>Of these calendars those that are known.</summary>
    public IReadOnlyDictionary<CalendarId, Calendar> Find(int lineage, string tenant, IReadOnlyCollection<CalendarId> ids)
    {
        var found = new Dictionary<CalendarId, Calendar>(ids.Count);
        if (!tenants.TryGetValue((lineage, tenant), out var calendars))
        {
            return found;
        }

        foreach (var id in ids)
        {
            if (calendars.TryGetValue(id, out var calendar))
            {
                found.TryAdd(id, calendar);
            }
        }

        return found;
    }

    /// <summary>Those of an older version, as of a replica that is behind, do not take the place of newer ones.</summary>
    public void Keep(int lineage, string tenant, IEnumerable<Calendar> read)
    {
        foreach (var calendar in read)
        {
            var calendars = tenants.GetOrAdd((lineage, tenant), _ => new(concurrencyLevel: 1, capacity: 1));
            if (calendars.TryGetValue(calendar.Id, out var known) && known.Version >= calendar.Version)
            {
                continue;
            }

            calendars[calendar.Id] = calendar;
            if (known is null && Interlocked.Increment(ref count) > Most)
            {
                Forget();
            }
        }
    }

    private void Forget()
    {
        tenants.Clear();
        Volatile.Write(ref count, 0);
    }
}
