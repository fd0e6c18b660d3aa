using Kalends.Availability;
using Kalends.Messages;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Appointments;

/// <summary>
/// The appointments of up to 500 attendees in a timespan of up to five years: entries by attendee in the order asked, then time;
/// each appointment once. What the caller may not see in full comes as a busy block or not at all.
/// </summary>
public sealed record GetAppointments : PagedQuery<FoundAppointments>
{
    public required Timespan Timespan { get; init; }

    public required IReadOnlyList<CalendarId> Attendees { get; init; }

    public Detail? Detail { get; init; }

    /// <summary>A person's busy year is some 5,000 entries; fifty people's month 20,000.</summary>
    protected override int MostPerPage => 20_000;

    public override void Validate(Errors errors)
    {
        base.Validate(errors);
        QueryLimits.Check(Timespan, errors);
        QueryLimits.Check(Attendees, errors);
    }

    public override async ValueTask<Outcome<FoundAppointments>> Execute(QueryContext context)
    {
        var cursor = Cursors.Read<FoundAppointments, SteadyPlace>(this, context);
        if (cursor.Refusal is { } refusal)
        {
            return refusal;
        }

        var asked = await AskedCalendars.Find(context, Attendees);
        var span = (Timespan.From.ToUnixTimeSeconds(), Timespan.To.ToUnixTimeSeconds());
        var found = await SteadyPages.Read(context, asked, span, false, cursor.Value, LimitInForce + 1);
        var more = found.Attendances.Count > LimitInForce;
        IReadOnlyList<Attendance> page = more ? [.. found.Attendances.Take(LimitInForce)] : found.Attendances;
        var (entries, views) = await Show(context, asked, page, found.Then);
        var next = more ? Cursors.Write(this, context, new SteadyPlace(asked.PlaceOf(page[^1]), found.AsOf)) : null;
        return new FoundAppointments(views, entries, asked.UnknownOrNull, next);
    }

    private async ValueTask<(List<Entry> Entries, Dictionary<Guid, AppointmentView> Views)> Show(
        QueryContext context, AskedCalendars asked, IReadOnlyList<Attendance> page, IReadOnlyDictionary<Guid, AppointmentRow> then)
    {
        var seen = page.Select(attendance => asked.Sight.Of(attendance, asked.IdOf(attendance.Calendar))).ToList();
        var rows = await Bodies(context, page, seen, then);
        var entries = new List<Entry>(page.Count);
        var views = new Dictionary<Guid, AppointmentView>(rows.Count);
        for (var index = 0; index < page.Count; index++)
        {
            var attendance = page[index];
            var row = then.GetValueOrDefault(attendance.Appointment) ?? rows.GetValueOrDefault(attendance.Appointment);
            var details = seen[index] == Seen.Details || (row is not null && Attends(row, context.Caller));
            if (!details && seen[index] != Seen.BusyBlock)
            {
                continue;
            }

            var id = details ? attendance.Appointment : AppointmentView.MaskedId(context.Caller.Tenant, attendance);
            entries.Add(Entry.Of(asked.IdOf(attendance.Calendar), id, attendance));
            if (!views.ContainsKey(id))
            {
                views.Add(id, details ? View(row, attendance, asked.ViewerZone) : AppointmentView.BusyBlock(attendance, masked: true));
            }
        }

        return (entries, views);
    }

    private async ValueTask<IReadOnlyDictionary<Guid, AppointmentRow>> Bodies(
        QueryContext context, IReadOnlyList<Attendance> page, List<Seen> seen, IReadOnlyDictionary<Guid, AppointmentRow> then)
    {
        // A busy block may be one of the caller's own meetings, so private ones are looked at as well.
        var needed = page.Where((attendance, index) =>
            seen[index] == Seen.Details ? Detail != Appointments.Detail.Busy : attendance.Privacy != Privacy.Public && seen[index] != Seen.Nothing);
        HashSet<Guid> ids = [.. needed.Select(attendance => attendance.Appointment).Where(id => !then.ContainsKey(id))];
        return ids.Count == 0 ? new Dictionary<Guid, AppointmentRow>() : await context.Rows<IAppointmentRows>().Find(ids);
    }

    private AppointmentView View(AppointmentRow? row, Attendance attendance, string viewerZone) => Detail switch
    {
        Appointments.Detail.Busy => AppointmentView.BusyBlock(attendance, masked: false),
        Appointments.Detail.Summary => AppointmentView.Summary(row!, viewerZone),
        _ => AppointmentView.Full(row!, viewerZone),
    };

    private static bool Attends(AppointmentRow row, Caller caller) =>
        row.Privacy != Privacy.Public && KnownAppointment.Of(row).Calendars.Contains(caller.Person);
}

/// <summary>Appointments by id, and where they lie: each entry one attendee's stretch of one appointment.</summary>
public sealed record FoundAppointments(
    IReadOnlyDictionary<Guid, AppointmentView> Appointments, IReadOnlyList<Entry> Entries, IReadOnlyList<UnknownCalendar>? Unknown, string? Cursor);

public readonly record struct Entry(CalendarId Calendar, Guid Appointment, Instant From, Instant To)
{
    public static Entry Of(CalendarId calendar, Guid shown, Attendance attendance) =>
        new(calendar, shown, Instant.FromUnixTimeSeconds(attendance.From), Instant.FromUnixTimeSeconds(attendance.To));
}
