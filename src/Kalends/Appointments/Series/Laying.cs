using Kalends.Availability;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Appointments;

/// <summary>
/// What a change of a series does to its stored occurrences: which go, which come, in which calendars the others are attended otherwise,
/// and how far all of them are stored then. Pure.
/// </summary>
internal sealed class Laying
{
    private readonly Appointment series;
    private readonly OccurrenceText text;
    private readonly IReadOnlyList<(Attendee Attendee, Calendar Calendar)> attendees;

    private Laying(AppointmentRow row, Appointment series, IReadOnlyDictionary<CalendarId, Calendar> calendars)
    {
        (Row, this.series, text) = (row, series, new(row, series));
        attendees = [.. series.Attendees!.Select(attendee => (attendee, calendars[attendee.Calendar]))];
        Calendars = [.. attendees.Select(pair => pair.Calendar.Key)];
        Horizon = new(row.Id, SeriesHorizon.Everything);
    }

    /// <summary>The series' own row.</summary>
    public AppointmentRow Row { get; }

    public IReadOnlyList<long> Calendars { get; }

    public SeriesHorizon Horizon { get; private set; }

    public IReadOnlyList<Occurrence> Coming { get; private set; } = [];

    /// <summary>Ids of stored occurrences that the series has no more, or at another time.</summary>
    public IReadOnlyList<Guid> Going { get; private set; } = [];

    public IReadOnlyList<Occurrence> Staying { get; private set; } = [];

    /// <summary>Keys of calendars in which the staying occurrences are attended otherwise than before, or no more.</summary>
    public IReadOnlyList<long> Reattended { get; private set; } = [];

    /// <summary>How many occurrences are stored, those left out that were changed by themselves.</summary>
    public int Count => Coming.Count + Staying.Count;

    /// <summary>The moment before which occurrences are stored: midnight in UTC, two years from now, so that it moves once a day at most.</summary>
    public static long HorizonAt(Instant now) =>
        now.InUtc().Date.PlusYears(SeriesLimits.YearsStored).AtMidnight().InUtc().ToInstant().ToUnixTimeSeconds();

    /// <summary>How far ahead a series in a calendar without double-booking is checked.</summary>
    public static long CheckedUntil(Instant now) =>
        now.InUtc().Date.PlusYears(SeriesLimits.YearsChecked).AtMidnight().InUtc().ToInstant().ToUnixTimeSeconds();

    /// <param name="plan">A change that leaves a series.</param>
    /// <param name="calendars">Those of the series.</param>
    /// <param name="until">The horizon that is wanted.</param>
    /// <param name="room">How many attendances may come; where they are more, the horizon is nearer.</param>
    public static Laying Of(SeriesPlan plan, IReadOnlyDictionary<CalendarId, Calendar> calendars, long until, int room)
    {
        var after = plan.Series.After!;
        var laying = new Laying(Bookings.Of(after, calendars).Appointment, after, calendars);
        var stored = plan.Before?.Stored.Where(occurrence => !occurrence.Detached).ToDictionary(occurrence => occurrence.Id) ?? [];
        var derived = laying.Until(until, plan.Detached, stored, room);
        laying.Staying = [.. derived.Where(one => IsThere(stored, one.Id, one.Occurrence)).Select(one => one.Occurrence)];
        laying.Coming = [.. derived.Where(one => !IsThere(stored, one.Id, one.Occurrence)).Select(one => one.Occurrence)];
        var kept = laying.Staying.Select(laying.IdOf).ToHashSet();
        laying.Going = [.. stored.Keys.Where(id => !kept.Contains(id) && !plan.Detached.Contains(id))];
        laying.Reattended = plan.Before is null ? [] : laying.AttendedOtherwise(plan.Before.Says, calendars);
        return laying;
    }

    /// <summary>What follows a horizon, up to another or as many attendances as there is room for.</summary>
    public static Laying Beyond(KnownSeries before, IReadOnlyDictionary<CalendarId, Calendar> calendars, long until, int room)
    {
        var laying = new Laying(before.Series.Row, before.Says, calendars);
        var detached = before.Detached.Select(occurrence => occurrence.Row.Id).ToHashSet();
        laying.Coming = [.. laying.Until(until, detached, [], room, before.Horizon.StoredUntil).Select(one => one.Occurrence)];
        return laying;
    }

    /// <summary>What came up before the horizon without having been there.</summary>
    public static Laying Added(KnownSeries before, IReadOnlyDictionary<CalendarId, Calendar> calendars, MovedRules rules) =>
        new(before.Series.Row, before.Says, calendars) { Coming = rules.Coming, Horizon = rules.Horizon };

    public Guid IdOf(Occurrence occurrence) => OccurrenceIds.Of(Row.Id, occurrence.Key);

    public IEnumerable<AppointmentRow> Rows => Coming.Select(occurrence => text.Place(IdOf(occurrence), occurrence));

    /// <summary>Of those that come, in all calendars.</summary>
    public IEnumerable<Attendance> Attendances => AttendancesOf(Coming, Calendars);

    /// <summary>Of those that stay, in the calendars where something changed.</summary>
    public IEnumerable<Attendance> Reattendances => AttendancesOf(Staying, Reattended);

    /// <summary>Of all that is stored, and of what follows beyond it up to a moment: what a check for double-booking looks at.</summary>
    public IEnumerable<Attendance> Wanted(IReadOnlySet<long> guarded, long until, IReadOnlySet<Guid> detached)
    {
        List<long> keys = [.. Calendars.Where(guarded.Contains)];
        if (keys.Count == 0)
        {
            return [];
        }

        var beyond = Horizon.IsOpen ? new SeriesOccurrences(series).Starting(Horizon.StoredUntil, until) : [];
        return AttendancesOf(Staying.Concat(Coming).Concat(beyond.Where(occurrence => !detached.Contains(IdOf(occurrence)))), keys);
    }

    private static bool IsThere(Dictionary<Guid, StoredOccurrence> stored, Guid id, Occurrence occurrence) =>
        stored.TryGetValue(id, out var there) && (there.From, there.To) == (occurrence.From, occurrence.To);

    private List<(Guid Id, Occurrence Occurrence)> Until(
        long until, IReadOnlySet<Guid> detached, Dictionary<Guid, StoredOccurrence> stored, int room, long from = long.MinValue)
    {
        var occurrences = new SeriesOccurrences(series);
        var found = new List<(Guid, Occurrence)>();
        var beginning = Math.Max(from, -SeriesOccurrences.End);
        foreach (var occurrence in occurrences.Starting(beginning, until))
        {
            var id = IdOf(occurrence);
            if (detached.Contains(id))
            {
                continue;
            }

            room -= IsThere(stored, id, occurrence) ? 0 : attendees.Count;
            if (room < 0 && found.Count > 0)
            {
                until = occurrence.From;
                break;
            }

            found.Add((id, occurrence));
        }

        Horizon = new(Row.Id, IsAnythingFrom(occurrences, Math.Max(until, beginning)) ? until : SeriesHorizon.Everything);
        return found;
    }

    /// <summary>Where that takes too long to tell, something may come.</summary>
    private static bool IsAnythingFrom(SeriesOccurrences occurrences, long moment)
    {
        try
        {
            return occurrences.FirstFrom(moment) is not null;
        }
        catch (Messages.TooMuchWorkException)
        {
            return true;
        }
    }

    private List<long> AttendedOtherwise(Appointment before, IReadOnlyDictionary<CalendarId, Calendar> calendars)
    {
        var (was, now) = (Busyness(before, calendars), Busyness(series, calendars));
        var all = (before.Privacy, before.Owner, before.AllDay) != (series.Privacy, series.Owner, series.AllDay);
        return [.. was.Keys.Union(now.Keys).Where(key => all || !was.TryGetValue(key, out var old) || !now.TryGetValue(key, out var one) || old != one)];
    }

    private static Dictionary<long, Busyness> Busyness(Appointment says, IReadOnlyDictionary<CalendarId, Calendar> calendars) =>
        says.Attendees!.ToDictionary(
            attendee => calendars[attendee.Calendar].Key,
            attendee => Busy.Of(says.FreeBusyStatus!.Value, says.Status!.Value, attendee.Role!.Value, attendee.Response!.Value));

    private IEnumerable<Attendance> AttendancesOf(IEnumerable<Occurrence> occurrences, IReadOnlyCollection<long> keys)
    {
        var attending = attendees.Where(pair => keys.Contains(pair.Calendar.Key)).ToList();
        foreach (var occurrence in attending.Count == 0 ? [] : occurrences)
        {
            var row = text.Place(IdOf(occurrence), occurrence);
            foreach (var (attendee, calendar) in attending)
            {
                yield return Bookings.OfOccurrence(series, row, occurrence.Key.Local.Date, attendee, calendar);
            }
        }
    }
}
