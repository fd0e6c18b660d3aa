using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Messages.Json;
using Kalends.Storage;

namespace Kalends.Audit;

/// <summary>
/// What an appointment said before or after a change, with the places where it lay then, as private as it is now. Made once for all who are to
/// see it, and judged for each.
/// </summary>
internal sealed record EntryState(Appointment Says, AppointmentRow Row, IReadOnlyList<Attendance> Places)
{
    /// <param name="entry">The change.</param>
    /// <param name="json">What it said; null where it was not there.</param>
    /// <param name="rows">Of all calendars it may lie on that anybody ever wrote to.</param>
    /// <param name="now">How private each appointment is now.</param>
    public static EntryState? Of(
        TrailEntry entry, byte[]? json, IReadOnlyDictionary<CalendarId, Calendar> rows, IReadOnlyDictionary<Guid, Privacy> now)
    {
        if (json is null)
        {
            return null;
        }

        var says = WireJson.Read<Appointment>(json);
        var owner = rows.GetValueOrDefault(says.Owner!.Value)?.Key ?? AskedCalendars.NoKey;
        var row = Bookings.Row(says, owner, json);
        var privacy = now.GetValueOrDefault(entry.Appointment!.Value, row.Privacy);
        row = row with { Privacy = privacy > row.Privacy ? privacy : row.Privacy };
        return new(says, row, [.. says.Attendees!.Where(attendee => rows.ContainsKey(attendee.Calendar))
            .Select(attendee => Bookings.OfAttendee(says, row, attendee, rows[attendee.Calendar]))
            .Append(new(owner, row.From, row.To, row.Id, Busyness.Busy, row.Privacy, owner, row.AllDay))
            .Where(place => place.Calendar != AskedCalendars.NoKey)]);
    }

    /// <param name="sight">Of who is to see it.</param>
    /// <param name="idOf">The calendar of a key.</param>
    /// <param name="fits">On which calendars a busy block may be shown.</param>
    public JudgedState Judge(Sight sight, Func<long, CalendarId> idOf, Func<CalendarId, bool> fits)
    {
        var (most, block) = (Seen.Nothing, (Attendance?)null);
        foreach (var place in Places)
        {
            var calendar = idOf(place.Calendar);
            var seen = sight.Of(place, calendar);
            most = seen > most ? seen : most;
            block ??= seen >= Seen.BusyBlock && fits(calendar) ? place : null;
        }

        return new(Says, Row, most, block);
    }

    /// <summary>
    /// By appointment: of what is there no more, as private as it was last. An occurrence that went with its series is as private as that.
    /// </summary>
    public static async ValueTask<Dictionary<Guid, Privacy>> PrivacyNow(IAppointmentRows rows, IChangeRows changes, IReadOnlyList<TrailEntry> entries)
    {
        HashSet<Guid> ids = [.. entries.Select(entry => entry.Appointment).OfType<Guid>()];
        var series = entries.Where(entry => entry.Series is not null).GroupBy(entry => entry.Appointment!.Value)
            .ToDictionary(group => group.Key, group => group.First().Series!.Value);
        HashSet<Guid> asked = [.. ids, .. series.Values];
        var now = (await rows.Find(asked)).ToDictionary(pair => pair.Key, pair => pair.Value.Privacy);
        var last = (await changes.LastSaid([.. asked.Where(id => !now.ContainsKey(id))]))
            .ToDictionary(pair => pair.Key, pair => WireJson.Read<Appointment>(pair.Value).Privacy!.Value);
        return ids.ToDictionary(
            id => id, id => now.ContainsKey(id) || !series.TryGetValue(id, out var own) ? Last(id) : Most(Last(id), Last(own)));

        Privacy Last(Guid id) => now.TryGetValue(id, out var privacy) ? privacy : last.GetValueOrDefault(id);

        static Privacy Most(Privacy one, Privacy other) => one > other ? one : other;
    }
}

/// <summary>What an appointment said, how much of it the caller sees, and the busy block that it is to them where it is at least one.</summary>
internal sealed record JudgedState(Appointment Says, AppointmentRow Row, Seen Seen, Attendance? Block);
