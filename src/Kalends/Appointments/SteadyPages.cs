using Kalends.Availability;
using Kalends.Messages;
using Kalends.Messages.Json;

namespace Kalends.Appointments;

/// <summary>Where a page ended, and the sequence number at which the first one was read.</summary>
public sealed record SteadyPlace(AttendancePlace At, long AsOf);

/// <summary>A page of attendances, and the rows, as they were then, of those appointments that have changed since the first page.</summary>
public sealed record SteadyPage(IReadOnlyList<Attendance> Attendances, IReadOnlyDictionary<Guid, AppointmentRow> Then, long AsOf);

/// <summary>
/// Pages that show the calendars as they stood when the first page was read, however much is moved, added and deleted meanwhile: what
/// has not changed since is read where it lies, and what has is put back from the trail to where it lay. So nothing is shown twice
/// and nothing is missed, and no reader holds the store. What has become more private since is as private as it is now.
/// </summary>
public static class SteadyPages
{
    private static readonly IReadOnlyDictionary<Guid, AppointmentRow> Nothing = new Dictionary<Guid, AppointmentRow>();

    public static async ValueTask<SteadyPage> Read(
        QueryContext context, AskedCalendars asked, (long From, long To) span, bool blockingOnly, SteadyPlace? after, int limit)
    {
        var rows = context.Rows<IAttendanceRows>();
        var last = await context.Rows<IChangeRows>().Last();
        var changed = after is null || after.AsOf == last ? [] : await ChangedSince(context, asked, after.AsOf);
        if (changed.Count == 0)
        {
            return new(await rows.Page(asked.Keys, span.From, span.To, blockingOnly, after?.At, limit), Nothing, after?.AsOf ?? last);
        }

        var then = await Then(context, asked, changed, after!.AsOf);
        var current = await rows.Page(asked.Keys, span.From, span.To, blockingOnly, after.At, limit + (changed.Count * asked.Keys.Count));
        var putBack = then.SelectMany(state => state.Lay)
            .Where(attendance => Overlaps(attendance, span) && (!blockingOnly || attendance.Blocks) && asked.PlaceOf(attendance).IsAfter(after.At));
        return new(
            [.. current.Where(attendance => !changed.Contains(attendance.Appointment)).Concat(putBack)
                .Select(attendance => (Attendance: attendance, Place: asked.PlaceOf(attendance)))
                .OrderBy(pair => pair.Place.Calendar).ThenBy(pair => pair.Place.From).ThenBy(pair => pair.Place.To).ThenBy(pair => pair.Place.Appointment)
                .Select(pair => pair.Attendance).Take(limit)],
            then.ToDictionary(state => state.Row.Id, state => state.Row),
            after.AsOf);
    }

    private static async ValueTask<HashSet<Guid>> ChangedSince(QueryContext context, AskedCalendars asked, long asOf)
    {
        var changed = new HashSet<Guid>();
        foreach (var key in asked.Keys.Where(key => key != AskedCalendars.NoKey))
        {
            changed.UnionWith((await context.Rows<IChangeRows>().Since(key, asOf, int.MaxValue)).Select(change => change.Appointment));
        }

        return changed;
    }

    private static async ValueTask<List<State>> Then(QueryContext context, AskedCalendars asked, HashSet<Guid> changed, long asOf)
    {
        var said = await context.Rows<IChangeRows>().AsOf(changed, asOf);
        var now = await context.Rows<IAppointmentRows>().Find([.. said.Keys]);
        return [.. said.Select(pair =>
        {
            var says = WireJson.Read<Appointment>(pair.Value);
            var row = Bookings.Row(says, asked.Rows.GetValueOrDefault(says.Owner!.Value)?.Key ?? AskedCalendars.NoKey, pair.Value);
            row = row with { Privacy = (Privacy)Math.Max((int)row.Privacy, (int)(now.GetValueOrDefault(pair.Key)?.Privacy ?? row.Privacy)) };
            return new State(row, [.. says.Attendees!.Where(attendee => asked.Visible.Contains(attendee.Calendar) && asked.Rows.ContainsKey(attendee.Calendar))
                .Select(attendee => Bookings.OfAttendee(says, row, attendee, asked.Rows[attendee.Calendar]))]);
        })];
    }

    private static bool Overlaps(Attendance attendance, (long From, long To) span) => attendance.From == attendance.To
        ? attendance.From >= span.From && attendance.From < span.To
        : attendance.From < span.To && attendance.To > span.From;

    /// <summary>An appointment as it was, and where it lay among the calendars asked for.</summary>
    private sealed record State(AppointmentRow Row, IReadOnlyList<Attendance> Lay);
}
