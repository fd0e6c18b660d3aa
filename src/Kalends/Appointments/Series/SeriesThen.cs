using Kalends.Availability;
using Kalends.Messages;

namespace Kalends.Appointments;

/// <summary>
/// Series that have changed since, as they were: their occurrences follow from what they said. Those that were changed by themselves then have
/// their own state, or have not changed since and are read where they lie.
/// </summary>
internal sealed class SeriesThen
{
    private readonly AskedCalendars asked;
    private readonly Dictionary<Guid, OccurrenceText> texts = [];
    private readonly HashSet<Guid> own;
    private readonly Dictionary<Guid, PrivacyNow> privacy;

    private SeriesThen(AskedCalendars asked, IReadOnlyList<StateThen> series, HashSet<Guid> own, Dictionary<Guid, PrivacyNow> privacy)
    {
        (this.asked, this.own, this.privacy) = (asked, own, privacy);
        foreach (var state in series)
        {
            texts[state.Row.Id] = new(state.Row, state.Says);
        }
    }

    /// <param name="stated">Appointments whose own state then is known.</param>
    public static async ValueTask<SeriesThen> Find(QueryContext context, AskedCalendars asked, HashSet<Guid> stated, IReadOnlyList<StateThen> series)
    {
        var (own, privacy) = (new HashSet<Guid>(stated), new Dictionary<Guid, PrivacyNow>());
        foreach (var state in series)
        {
            privacy[state.Row.Id] = await PrivacyNow.Of(context, state.Row.Id);
            var detached = await context.Rows<ISeriesRows>().Occurrences(state.Row.Id, detachedOnly: true);
            own.UnionWith(detached.Select(occurrence => occurrence.Id));
        }

        return new(asked, series, own, privacy);
    }

    /// <summary>Where the occurrences that may overlap a span lay.</summary>
    public IEnumerable<Attendance> Lay((long From, long To) span)
    {
        foreach (var (series, text) in texts)
        {
            var attendees = StateThen.AttendeesOf(text.Series, asked).ToList();
            foreach (var occurrence in new SeriesOccurrences(text.Series).Around(span.From, span.To))
            {
                var id = OccurrenceIds.Of(series, occurrence.Key);
                var row = privacy[series].On(text.Place(id, occurrence), occurrence);
                foreach (var (attendee, calendar) in own.Contains(id) ? [] : attendees)
                {
                    yield return Bookings.OfOccurrence(text.Series, row, occurrence.Key.Local.Date, attendee, calendar);
                }
            }
        }
    }

    /// <summary>What an occurrence of one of these series said, or null for any other id.</summary>
    public AppointmentRow? RowOf(Guid id)
    {
        foreach (var (series, text) in texts)
        {
            if (OccurrenceIds.Read(id, series) is { } key && new SeriesOccurrences(text.Series).Find(key) is { } occurrence)
            {
                return privacy[series].On(text.Row(id, occurrence), occurrence);
            }
        }

        return null;
    }
}
