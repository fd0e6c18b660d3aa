using Kalends.Availability;
using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Appointments;

/// <summary>
/// Stores more occurrences of a series that nobody is saving just now, so that nobody could be asked: where one would double-book a calendar
/// that refuses it, it is made all the same, and that calendar has declined.
/// </summary>
internal static class SeriesLayer
{
    /// <summary>The answer is how many could not be in some calendar.</summary>
    public static async ValueTask<int> Lay(
        CommandContext context, KnownSeries known, Laying laying, IReadOnlyDictionary<CalendarId, Calendar> calendars)
    {
        var rows = context.Rows<ISeriesWrites>();
        List<Attendance> attendances = [.. laying.Attendances];
        var clashes = await ConflictGuard.FindAll(context, attendances, calendars, id => OccurrenceIds.Read(id, known.Id) is not null);
        await rows.Lay([.. laying.Rows], attendances);
        await rows.Save(laying.Horizon, laying.Calendars);
        var names = calendars.Values.ToDictionary(calendar => calendar.Key, calendar => calendar.Id);
        var edits = new List<Edit>();
        foreach (var clash in clashes.GroupBy(clash => clash.Wanted))
        {
            var occurrence = (await KnownAppointments.Find(context, [clash.Key]))[clash.Key];
            var taken = clash.Select(each => names[each.Calendar]).ToHashSet();
            edits.Add(OccurrenceEdits.This(occurrence, occurrence.Says with
            {
                Version = occurrence.Row.Version + 1,
                UpdatedAt = context.Now,
                Attendees = [.. occurrence.Says.Attendees!.Select(attendee =>
                    taken.Contains(attendee.Calendar) ? attendee with { Response = AttendeeResponse.Declined } : attendee)],
            }));
        }

        await KnownAppointments.Write(context, edits, calendars);
        return edits.Count;
    }
}
