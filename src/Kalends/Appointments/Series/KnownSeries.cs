using Kalends.Messages;

namespace Kalends.Appointments;

/// <summary>A stored series: itself, how far its occurrences are stored, which are, and those that were changed by themselves.</summary>
public sealed record KnownSeries(
    KnownAppointment Series, SeriesHorizon Horizon, IReadOnlyList<StoredOccurrence> Stored, IReadOnlyList<KnownAppointment> Detached)
{
    public Guid Id => Series.Row.Id;

    public Appointment Says => Series.Says;

    /// <summary>Every calendar that the series or a detached occurrence of it lies on.</summary>
    public IEnumerable<Storage.CalendarId> Calendars => Series.Calendars.Concat(Detached.SelectMany(occurrence => occurrence.Calendars));

    public static async ValueTask<IReadOnlyDictionary<Guid, KnownSeries>> Find(QueryContext context, IReadOnlyCollection<Guid> ids)
    {
        var found = new Dictionary<Guid, KnownSeries>(ids.Count);
        if (ids.Count == 0)
        {
            return found;
        }

        var rows = context.Rows<ISeriesRows>();
        var known = await KnownAppointments.Find(context, ids);
        var horizons = await rows.Horizons(ids);
        foreach (var (id, series) in known.Where(pair => pair.Value.IsSeries))
        {
            var stored = await rows.Occurrences(id, detachedOnly: false);
            var detached = await KnownAppointments.Find(context, [.. stored.Where(occurrence => occurrence.Detached).Select(occurrence => occurrence.Id)]);
            found[id] = new(series, horizons[id], stored, [.. detached.Values.OrderBy(occurrence => occurrence.Row.Id)]);
        }

        return found;
    }
}
