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

    /// <summary>Those that overlap [from, to), calendar by calendar and in no other order.</summary>
    public IEnumerable<Attendance> Between(long calendar, long from, long to, bool blockingOnly) =>
        On(calendar, blockingOnly).SelectMany(one => one.Between(from, to)).Where(attendance => Counts(attendance, from, to, blockingOnly));

    /// <summary>
    /// The same in order of start, end and appointment, merged as they are asked for: the first some hundred cost what they are, however many
    /// series go on for however long.
    /// </summary>
    public IEnumerable<Attendance> InOrder(long calendar, long from, long to, bool blockingOnly)
    {
        var next = new PriorityQueue<IEnumerator<Attendance>, (long, long, Guid)>();
        foreach (var one in On(calendar, blockingOnly))
        {
            Enqueue(one.Between(from, to).GetEnumerator());
        }

        while (next.TryDequeue(out var rows, out _))
        {
            yield return rows.Current;
            Enqueue(rows);
        }

        void Enqueue(IEnumerator<Attendance> rows)
        {
            while (rows.MoveNext())
            {
                if (Counts(rows.Current, from, to, blockingOnly))
                {
                    next.Enqueue(rows, (rows.Current.From, rows.Current.To, rows.Current.Appointment));
                    return;
                }
            }

            rows.Dispose();
        }
    }

    private static bool Counts(Attendance attendance, long from, long to, bool blockingOnly) =>
        attendance.Overlaps(from, to) && (!blockingOnly || attendance.Blocks);

    /// <summary>What never blocks a calendar need not be worked out for who asks what does.</summary>
    private IEnumerable<OnOneCalendar> On(long calendar, bool blockingOnly) =>
        from one in all
        from attending in one.Attendees
        where attending.Calendar.Key == calendar && (!blockingOnly || one.MayBlock(attending.Attendee))
        select new OnOneCalendar(one, attending.Attendee, attending.Calendar);

    private sealed record OnOneCalendar(Following Series, Attendee Attendee, Calendar Calendar)
    {
        public IEnumerable<Attendance> Between(long from, long to) => Series.Between(from, to)
            .Select(place => Bookings.OfOccurrence(Series.Text.Series, place.Row, place.At.Key.Local.Date, Attendee, Calendar));
    }

    private sealed record Following(
        SeriesHorizon Horizon, OccurrenceText Text, IReadOnlyList<(Attendee Attendee, Calendar Calendar)> Attendees, HashSet<Guid> Moved)
    {
        private SeriesOccurrences Occurrences => field ??= new(Text.Series);

        public bool MayBlock(Attendee attendee) => Busy.Of(
            Text.Series.FreeBusyStatus!.Value, Text.Series.Status!.Value, attendee.Role!.Value, attendee.Response!.Value) != Busyness.Free;

        public IEnumerable<(AppointmentRow Row, Occurrence At)> Between(long from, long to)
        {
            foreach (var occurrence in Occurrences.Around(Math.Max(from, Horizon.StoredUntil), to))
            {
                var id = OccurrenceIds.Of(Horizon.Series, occurrence.Key);
                if (occurrence.From >= Horizon.StoredUntil && !Moved.Contains(id))
                {
                    yield return (Text.Place(id, occurrence), occurrence);
                }
            }
        }
    }
}
