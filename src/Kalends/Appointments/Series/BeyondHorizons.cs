using Kalends.Availability;
using Kalends.Storage;

namespace Kalends.Appointments;

/// <summary>
/// The series on some calendars that go on beyond what is stored of them, and the attendances that follow from their rules there. What was
/// moved by itself is stored, and what was deleted is excluded, so neither comes here.
/// </summary>
internal sealed class BeyondHorizons
{
    private readonly IReadOnlyList<Following> all;

    private BeyondHorizons(IReadOnlyList<Following> all) => this.all = all;

    /// <summary>Null when all that starts before <paramref name="to"/> is stored.</summary>
    public static async ValueTask<BeyondHorizons?> Find(ISeriesRows series, ICalendarRows rows, IReadOnlyList<long> calendars, long to)
    {
        // Whole days begin up to a day earlier in some calendar than they do in UTC.
        var open = await series.Open(calendars, to + Time.NominalDuration.SecondsPerDay);
        if (open.Count == 0)
        {
            return null;
        }

        var texts = open.Select(one => new OccurrenceText(one.Row)).ToList();
        var known = await rows.Find([.. texts.SelectMany(text => KnownAppointment.CalendarsOf(text.Series)).Distinct()]);
        var all = new List<Following>();
        foreach (var (one, text) in open.Zip(texts))
        {
            var moved = await series.Occurrences(one.Horizon.Series, detachedOnly: true);
            var attendees = text.Series.Attendees!.Select(attendee => (Attendee: attendee, Calendar: known[attendee.Calendar]))
                .Where(pair => one.Calendars.Contains(pair.Calendar.Key)).ToList();
            all.Add(new(one.Horizon, text, attendees, [.. moved.Select(occurrence => occurrence.Id)]));
        }

        return new(all);
    }

    /// <summary>Those that overlap [from, to) and pass; of each series in each calendar at least the first so many, if there are.</summary>
    public List<Attendance> Between(long from, long to, bool blockingOnly, Func<Attendance, bool>? passes = null, int most = int.MaxValue)
    {
        var found = new List<Attendance>();
        foreach (var one in all)
        {
            // Counted calendar by calendar: a page that stands late in one has still all of the next before it.
            var (left, open) = (one.Attendees.ToDictionary(pair => pair.Calendar.Key, _ => most), one.Attendees.Count);
            var passing = one.Between(from, to).Where(attendance => left[attendance.Calendar] > 0
                && attendance.Overlaps(from, to) && (!blockingOnly || attendance.Blocks) && passes?.Invoke(attendance) != false);
            foreach (var attendance in passing)
            {
                found.Add(attendance);
                open -= --left[attendance.Calendar] == 0 ? 1 : 0;
                if (open == 0)
                {
                    break;
                }
            }
        }

        return found;
    }

    private sealed record Following(
        SeriesHorizon Horizon, OccurrenceText Text, IReadOnlyList<(Attendee Attendee, Calendar Calendar)> Attendees, HashSet<Guid> Moved)
    {
        public IEnumerable<Attendance> Between(long from, long to)
        {
            foreach (var occurrence in new SeriesOccurrences(Text.Series).Around(from, to))
            {
                var id = OccurrenceIds.Of(Horizon.Series, occurrence.Key);
                if (occurrence.From < Horizon.StoredUntil || Moved.Contains(id))
                {
                    continue;
                }

                var row = Text.Place(id, occurrence);
                foreach (var (attendee, calendar) in Attendees)
                {
                    yield return Bookings.OfOccurrence(Text.Series, row, occurrence.Key.Local.Date, attendee, calendar);
                }
            }
        }
    }
}
