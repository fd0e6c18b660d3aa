using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Availability;

/// <summary>
/// A reading session with the cache before it. The query's first look reads each calendar's version; what is kept of exactly these versions is
/// what the store holds at that moment, so when all of it is there, nothing more is asked of the store. Else what is missing is read at one moment
/// with its versions, and kept.
/// </summary>
internal sealed class CachedSession(CachedStore store, IReadSession session, string tenant) : IReadSession, IAvailabilityRows
{
    private CachedRows? rows;

    public SealingKeys SealingKeys => session.SealingKeys;

    public bool IsOfReplica => session.IsOfReplica;

    public ValueTask<Position> Reached() => session.Reached();

    public ValueTask<bool> Covers(Position position) => session.Covers(position);

    public T Rows<T>()
        where T : class => typeof(T) == typeof(IAvailabilityRows) ? (T)(object)this : rows as T ?? session.Rows<T>();

    public async ValueTask<FirstLook> Look(LookFor wanted)
    {
        var own = session.Rows<IAvailabilityRows>();
        if (!CachedLook.Fits(wanted))
        {
            return await own.Look(wanted);
        }

        var lineage = store.Lineages.Now;
        var look = await own.Glance(wanted with { Known = store.Known.Find(lineage, tenant, wanted.Calendars) });
        var cached = In(lineage, wanted, look);
        var isWhole = cached?.IsWhole == true;
        // Of another store than was known nothing holds, be it of a moment that lasts.
        if (cached is null || (!isWhole && !look.Lasts))
        {
            look = await own.Look(wanted with { Ahead = cached?.Missing });
            cached = In(lineage, wanted, look);
            isWhole = cached?.IsWhole == true;
        }

        if (cached is not null)
        {
            store.Known.Keep(lineage, tenant, look.Calendars.Values);
        }

        if (cached is not null && (isWhole || await Load(cached)))
        {
            store.Count(cached);
            rows = new(cached, session.Rows<IAttendanceRows>(), session.Rows<IOpenHoursRows>());
        }

        return look;
    }

    public ValueTask<FirstLook> Glance(LookFor wanted) => session.Rows<IAvailabilityRows>().Glance(wanted);

    public ValueTask DisposeAsync() => session.DisposeAsync();

    /// <summary>Null when the store turns out to be another than it was when this look began, so that nobody knows which of them was seen.</summary>
    private CachedLook? In(int lineage, LookFor wanted, FirstLook look)
    {
        store.Lineages.See(look.Lineage);
        return store.Lineages.Now != lineage ? null : new(store.Cache, wanted, look, calendar => (
            new(store.NumberOf(tenant), calendar.Key), new(lineage, calendar.Version)));
    }

    /// <summary>
    /// More is read than was asked for, whole fortnights: where series take too long to work out in these, the store is asked for no more than
    /// the query wants.
    /// </summary>
    private async ValueTask<bool> Load(CachedLook cached)
    {
        try
        {
            return await cached.Load(session.Rows<IAttendanceRows>(), session.Rows<IOpenHoursRows>());
        }
        catch (TooMuchWorkException)
        {
            return false;
        }
    }
}
