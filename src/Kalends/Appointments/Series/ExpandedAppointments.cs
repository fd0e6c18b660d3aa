namespace Kalends.Appointments;

/// <summary>
/// Appointments as their readers know them, on a store that keeps of a derived occurrence its place alone and of those beyond a series'
/// horizon nothing: both are found by id and say in full what follows from their series. Put in front of the store's own rows by each
/// store.
/// </summary>
public sealed class ExpandedAppointments(IAppointmentRows stored, ISeriesRows series) : IAppointmentRows
{
    public async ValueTask<IReadOnlyDictionary<Guid, AppointmentRow>> Find(IReadOnlyCollection<Guid> ids)
    {
        var found = await stored.Find(ids);
        var missing = found.Count == ids.Count ? [] : ids.Where(id => !found.ContainsKey(id) && OccurrenceIds.MayBe(id)).Distinct().ToList();
        if (missing.Count == 0 && !found.Values.Any(row => row.IsDerived))
        {
            return found;
        }

        var texts = await Texts([.. found.Values.Where(row => row.IsDerived).Select(row => row.Series!.Value).Distinct()]);
        var all = found.ToDictionary(pair => pair.Key, pair => Whole(pair.Value, texts));
        var candidates = new Dictionary<Guid, Beyond?>();
        foreach (var id in missing)
        {
            if (await NotStored(id, candidates) is { } row)
            {
                all[id] = row;
            }
        }

        return all;
    }

    public ValueTask<IReadOnlyDictionary<string, AppointmentRow>> FindByUid(long owner, IReadOnlyCollection<string> uids) => stored.FindByUid(owner, uids);

    public ValueTask<IReadOnlySet<string>> UidsOfOthers(long calendar, IReadOnlyCollection<string> uids) => stored.UidsOfOthers(calendar, uids);

    public ValueTask<IReadOnlyList<AppointmentRow>> OnCalendar(long calendar, Guid? after, int limit) => stored.OnCalendar(calendar, after, limit);

    public async ValueTask<IReadOnlyList<AppointmentRow>> Page(Guid? after, int limit)
    {
        var page = await stored.Page(after, limit);
        var texts = await Texts([.. page.Where(row => row.IsDerived).Select(row => row.Series!.Value).Distinct()]);
        return [.. page.Select(row => Whole(row, texts))];
    }

    public ValueTask<long> Count() => stored.Count();

    public ValueTask<IReadOnlyList<Availability.Attendance>> Attendances(IReadOnlyCollection<Guid> appointments) => stored.Attendances(appointments);

    /// <summary>A derived row without its series is broken; verification says so, and nobody else meets one.</summary>
    private static AppointmentRow Whole(AppointmentRow row, Dictionary<Guid, OccurrenceText> texts) =>
        row.IsDerived && texts.TryGetValue(row.Series!.Value, out var text) && OccurrenceIds.Read(row.Id, row.Series.Value) is { } key
            ? text.Row(row.Id, new(key, row.From, row.To))
            : row;

    private async ValueTask<Dictionary<Guid, OccurrenceText>> Texts(IReadOnlyCollection<Guid> ids) => ids.Count == 0
        ? []
        : (await stored.Find(ids)).ToDictionary(pair => pair.Key, pair => new OccurrenceText(pair.Value));

    /// <summary>Not stored is what lies beyond its series' horizon. What lies before it and is not there was deleted.</summary>
    private async ValueTask<AppointmentRow?> NotStored(Guid id, Dictionary<Guid, Beyond?> candidates)
    {
        foreach (var candidate in await series.BeginningLike(id))
        {
            if (OccurrenceIds.Read(id, candidate) is not { } key)
            {
                continue;
            }

            if (!candidates.TryGetValue(candidate, out var beyond))
            {
                candidates[candidate] = beyond = await Open(candidate);
            }

            return beyond?.Occurrences.Find(key) is { } occurrence && occurrence.From >= beyond.Horizon.StoredUntil ? beyond.Text.Row(id, occurrence) : null;
        }

        return null;
    }

    private async ValueTask<Beyond?> Open(Guid id) =>
        (await series.Horizons([id])).GetValueOrDefault(id) is { IsOpen: true } horizon && (await stored.Find([id])).GetValueOrDefault(id) is { } row
            && new OccurrenceText(row) is var text
            ? new(horizon, text, new(text.Series))
            : null;

    private sealed record Beyond(SeriesHorizon Horizon, OccurrenceText Text, SeriesOccurrences Occurrences);
}
