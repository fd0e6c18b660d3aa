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
    private readonly StatesThen then;
    private readonly Dictionary<Guid, (OccurrenceText Text, SeriesOccurrences Occurrences)> texts = [];
    private readonly HashSet<Guid> own;
    private readonly Dictionary<Guid, PrivacyNow> privacy;

    private SeriesThen(AskedCalendars asked, StatesThen then, HashSet<Guid> own, Dictionary<Guid, PrivacyNow> privacy)
    {
        (this.asked, this.then, this.own, this.privacy) = (asked, then, own, privacy);
        foreach (var state in then.Series)
        {
            texts[state.Row.Id] = (new(state.Row, state.Says), new(state.Says));
        }
    }

    /// <param name="context">Where to look.</param>
    /// <param name="asked">For whom.</param>
    /// <param name="changed">All that has changed since: an occurrence that says something of its own now, and is not among them, did so then.</param>
    /// <param name="then">What is known of these.</param>
    public static async ValueTask<SeriesThen> Find(QueryContext context, AskedCalendars asked, IReadOnlySet<Guid> changed, StatesThen then)
    {
        var (own, privacy) = (then.Own.Keys.ToHashSet(), new Dictionary<Guid, PrivacyNow>());
        foreach (var state in then.Series)
        {
            privacy[state.Row.Id] = await PrivacyNow.Of(context, state.Row.Id);
            var detached = await context.Rows<ISeriesRows>().Occurrences(state.Row.Id, detachedOnly: true);
            own.UnionWith(detached.Select(occurrence => occurrence.Id).Where(id => !changed.Contains(id)));
        }

        return new(asked, then, own, privacy);
    }

    /// <summary>Where the occurrences that may overlap a span lay.</summary>
    public IEnumerable<Attendance> Lay((long From, long To) span)
    {
        foreach (var (series, (text, occurrences)) in texts)
        {
            var attendees = StateThen.AttendeesOf(text.Series, asked).ToList();
            foreach (var occurrence in occurrences.Around(span.From, span.To))
            {
                var id = OccurrenceIds.Of(series, occurrence.Key);
                var row = privacy[series].On(then.AsPrivateAsNow(text.Place(id, occurrence)), occurrence);
                foreach (var (attendee, calendar) in own.Contains(id) ? [] : attendees)
                {
                    yield return Bookings.OfOccurrence(text.Series, row, occurrence.Key.Local.Date, attendee, calendar);
                }
            }
        }
    }

    /// <summary>What an occurrence of one of these series said, or null for any other id, and for one that said by itself what it was.</summary>
    public AppointmentRow? RowOf(Guid id)
    {
        if (own.Contains(id))
        {
            return null;
        }

        foreach (var (series, (text, occurrences)) in texts)
        {
            if (OccurrenceIds.Read(id, series) is { } key && occurrences.Find(key) is { } occurrence)
            {
                return privacy[series].On(then.AsPrivateAsNow(text.Row(id, occurrence)), occurrence);
            }
        }

        return null;
    }
}
