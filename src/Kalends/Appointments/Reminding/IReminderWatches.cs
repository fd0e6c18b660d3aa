using Kalends.Storage;
using NodaTime;

namespace Kalends.Appointments;

/// <summary>When an appointment, or any occurrence of a series that was not changed by itself, is to be looked at for reminders; never when null.</summary>
public readonly record struct ReminderWatch(Guid Appointment, long? DueAt);

/// <summary>
/// One row for what has reminders at all: a series of two years has one, moved on as its occurrences come. So a save that is about no reminders writes nothing,
/// and what is due is found along one index in order of time.
/// </summary>
public interface IReminderWatches
{
    ValueTask Watch(IReadOnlyCollection<ReminderWatch> watches);

    /// <summary>Of what is watched among these, or whose series is: looks by then, since whole days begin at another moment now.</summary>
    ValueTask LookAgain(IReadOnlyCollection<Guid> appointments, long by);
}

/// <summary>From edits of appointments to what is to be watched. What was due before it was saved is not made up for.</summary>
internal static class WatchedEdits
{
    public static List<ReminderWatch> Of(IReadOnlyList<Edit> edits, IReadOnlyDictionary<CalendarId, Calendar> calendars, Instant now) =>
    [
        .. edits.Where(edit => Has(edit.After) || Has(edit.Before?.Says)).Select(edit => new ReminderWatch(
            edit.After?.Id ?? edit.Before!.Row.Id,
            Has(edit.After) ? ReminderTimes.Next(edit.After!, id => calendars[id].ZoneOrUtc, now.ToUnixTimeSeconds()) : null)),
    ];

    private static bool Has(Appointment? says) => says is not null && ReminderTimes.HasAny(says);
}
