using Kalends.Availability;
using Kalends.Messages;
using Kalends.Messages.Json;

namespace Kalends.Appointments;

/// <summary>
/// Where a page ended (null: none was read yet), and the moment of the first one: the versions that its calendars had then, in the order asked.
/// </summary>
public sealed record SteadyPlace(AttendancePlace? At, IReadOnlyList<long> AsOf);

/// <summary>A page of attendances, and the rows, as they were then, of those appointments that have changed since the first page.</summary>
public sealed record SteadyPage(IReadOnlyList<Attendance> Attendances, IReadOnlyDictionary<Guid, AppointmentRow> Then, IReadOnlyList<long> AsOf);

/// <summary>
/// Pages that show the calendars as they stood when the first page was read, or at a moment before, however much is moved, added and deleted since: what
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
        var asOf = after?.AsOf ?? asked.Versions;
        var moment = Risen(asked, asOf);
        var changed = moment.Count == 0 ? new HashSet<Guid>() : await context.Rows<IChangeRows>().ChangedSince(moment);
        if (changed.Count == 0)
        {
            return new(await rows.Page(asked.Keys, span.From, span.To, blockingOnly, after?.At, limit), Nothing, asOf);
        }

        var then = await Then(context, asked, changed, moment);
        var before = await SeriesThen.Find(context, asked, changed, then);
        var putBack = then.Own.Values.SelectMany(state => state.Lay).Concat(before.Lay(span))
            .Where(attendance => attendance.Overlaps(span.From, span.To) && (!blockingOnly || attendance.Blocks)
                && (after?.At is not { } at || asked.PlaceOf(attendance).IsAfter(at)))
            .ToList();
        var current = await Unchanged(context, asked, span, blockingOnly, after?.At, limit, changed);
        var page = current.Concat(putBack).Select(attendance => (Attendance: attendance, Place: asked.PlaceOf(attendance)))
            .OrderBy(pair => pair.Place.Calendar).ThenBy(pair => pair.Place.From).ThenBy(pair => pair.Place.To).ThenBy(pair => pair.Place.Appointment)
            .Select(pair => pair.Attendance).Take(limit).ToList();
        return new(
            page, page.Select(attendance => attendance.Appointment).Distinct()
                .Select(id => then.Own.TryGetValue(id, out var state) ? state.Row : before.RowOf(id)).OfType<AppointmentRow>().ToDictionary(row => row.Id),
            asOf);
    }

    /// <summary>As many as the page may need of what lies where it lay.</summary>
    private static async ValueTask<List<Attendance>> Unchanged(
        QueryContext context, AskedCalendars asked, (long From, long To) span, bool blockingOnly, AttendancePlace? at, int limit, IReadOnlySet<Guid> changed)
    {
        var (rows, appointments) = (context.Rows<IAttendanceRows>(), context.Rows<IAppointmentRows>());
        var found = new List<Attendance>();
        while (true)
        {
            context.Stopped.ThrowIfCancellationRequested();
            var read = await rows.Page(asked.Keys, span.From, span.To, blockingOnly, at, limit);
            var known = await appointments.Find([.. read.Select(attendance => attendance.Appointment).Where(OccurrenceIds.MayBe).Distinct()]);
            found.AddRange(read.Where(attendance => !changed.Contains(attendance.Appointment)
                && !(known.GetValueOrDefault(attendance.Appointment) is { IsDerived: true, Series: { } series } && changed.Contains(series))));
            if (read.Count < limit || found.Count >= limit)
            {
                return found;
            }

            at = asked.PlaceOf(read[^1]);
        }
    }

    /// <summary>The calendars whose version is another now, with the one they had.</summary>
    private static Dictionary<long, long> Risen(AskedCalendars asked, IReadOnlyList<long> asOf) => Enumerable.Range(0, asked.Keys.Count)
        .Where(place => asked.Keys[place] != AskedCalendars.NoKey && asked.Versions[place] != asOf.ElementAtOrDefault(place))
        .ToDictionary(place => asked.Keys[place], place => asOf.ElementAtOrDefault(place));

    private static async ValueTask<StatesThen> Then(
        QueryContext context, AskedCalendars asked, IReadOnlySet<Guid> changed, IReadOnlyDictionary<long, long> moment)
    {
        var rows = context.Rows<IChangeRows>();
        var said = await rows.AsOf(changed, moment);
        var now = (await context.Rows<IAppointmentRows>().Find([.. said.Keys])).ToDictionary(pair => pair.Key, pair => pair.Value.Privacy);
        foreach (var (id, last) in await rows.LastSaid([.. said.Keys.Where(id => !now.ContainsKey(id))]))
        {
            // What is there no more is as private as it was last.
            now[id] = WireJson.Read<Appointment>(last).Privacy!.Value;
        }

        var states = said.Select(pair =>
        {
            var says = WireJson.Read<Appointment>(pair.Value);
            var row = StatesThen.AsPrivateAs(
                now, Bookings.Row(says, asked.Rows.GetValueOrDefault(says.Owner!.Value)?.Key ?? AskedCalendars.NoKey, pair.Value));
            return new StateThen(row, says, says.Recurrence is not null ? [] :
                [.. StateThen.AttendeesOf(says, asked).Select(pair => Bookings.OfAttendee(says, row, pair.Attendee, pair.Calendar))]);
        });

        // What an occurrence that was first changed by itself after its series had changed said just before is not what it said then: that
        // follows from the series as it was, if there was one.
        return new(states.Where(state => !state.Row.IsDerived || !changed.Contains(state.Row.Series!.Value)).ToDictionary(state => state.Row.Id), now);
    }
}

/// <summary>
/// What is known of appointments as they were: of each that said it by itself, its state; and how private those are now that have changed.
/// </summary>
internal sealed record StatesThen(IReadOnlyDictionary<Guid, StateThen> Own, IReadOnlyDictionary<Guid, Privacy> Now)
{
    public IEnumerable<StateThen> Series => Own.Values.Where(state => state.Says.Recurrence is not null);

    public AppointmentRow AsPrivateAsNow(AppointmentRow row) => AsPrivateAs(Now, row);

    public static AppointmentRow AsPrivateAs(IReadOnlyDictionary<Guid, Privacy> now, AppointmentRow row) =>
        row with { Privacy = (Privacy)Math.Max((int)row.Privacy, (int)now.GetValueOrDefault(row.Id, row.Privacy)) };
}

/// <summary>An appointment as it was, and where it lay among the calendars asked for; a series lay through its occurrences.</summary>
internal sealed record StateThen(AppointmentRow Row, Appointment Says, IReadOnlyList<Attendance> Lay)
{
    public static IEnumerable<(Attendee Attendee, Storage.Calendar Calendar)> AttendeesOf(Appointment says, AskedCalendars asked) => says.Attendees!
        .Where(attendee => asked.Visible.Contains(attendee.Calendar) && asked.Rows.ContainsKey(attendee.Calendar))
        .Select(attendee => (attendee, asked.Rows[attendee.Calendar]));
}
