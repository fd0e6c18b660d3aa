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
public sealed record GetAppointments : PagedQuery<FoundAppointments>, IShowsCalendars
{
    public required Timespan Timespan { get; init; }

    public required IReadOnlyList<CalendarId> Attendees { get; init; }

    public Detail? Detail { get; init; }

    /// <summary>
    /// The calendars as they were at the end of that second (<see cref="IChangeRows.VersionsAt"/>), as private as they are now; as they are where absent.
    /// </summary>
    public Instant? AsOf { get; init; }

    /// <summary>A person's busy year is some 5,000 entries; fifty people's month 20,000.</summary>
    protected override int MostPerPage => 20_000;

    IEnumerable<CalendarId> IShowsCalendars.Shown => Attendees;

    public override void Validate(Errors errors)
    {
        base.Validate(errors);
        QueryLimits.Check(Timespan, errors);
        QueryLimits.Check(Attendees, errors);
    }

    public override async ValueTask<Outcome<FoundAppointments>> Execute(QueryContext context)
    {
        var cursor = await Cursors.Read<FoundAppointments, SteadyPlace>(this, context);
        if (cursor.Refusal is { } refusal)
        {
            return refusal;
        }

        if (AsOf > context.Now)
        {
            return Refusal.At(RefusalCode.Invalid, "/asOf", "is still to come; give a moment that has passed, or none");
        }

        if (cursor.Value is null && AsOf is not null && await context.Rows<IRetentionRows>().Dropped() is { } dropped && AsOf < dropped.KeptFrom)
        {
            return Refusal.At(RefusalCode.Invalid, "/asOf", $"is too long ago: {dropped.Sentence}");
        }

        var asked = cursor.Value is null && AsOf is null && Detail != Appointments.Detail.Busy
            ? await AskedCalendars.LookAhead(context, Attendees, Span, Math.Min(LimitInForce + 1, PageInMaking.PerRead) + 1)
            : await AskedCalendars.Find(context, Attendees);
        if (cursor.Value is { } place && await IsDropped(context, asked, place.AsOf))
        {
            return Refusal.At(RefusalCode.CursorExpired, "/cursor", "goes on from what has been dropped from the trail: ask the query again without a cursor");
        }

        var page = new PageInMaking(cursor.Value?.At, cursor.Value?.AsOf ?? await Then(context, asked));
        while (!page.IsFull(LimitInForce))
        {
            await ReadOn(context, asked, page);
            if (context.Items is { } items && page.TakeNew(LimitInForce) is { Count: > 0 } found)
            {
                await items.Send(found, page.More ? page.At!.Calendar / (double)asked.Keys.Count : 1, context.Stopped);
            }
        }

        var end = page.End(LimitInForce);
        var next = end is null ? null : await Cursors.Write(this, context, new SteadyPlace(end, page.AsOf!));
        return new FoundAppointments(page.Views, context.Items is null ? page.Entries : [], asked.UnknownOrNull, next);
    }

    private static ValueTask<bool> IsDropped(QueryContext context, AskedCalendars asked, IReadOnlyList<long> asOf) =>
        context.Rows<IRetentionRows>().AnyDropped(Enumerable.Range(0, asked.Keys.Count).Where(place => asked.Keys[place] != AskedCalendars.NoKey)
            .ToDictionary(place => asked.Keys[place], place => asOf.ElementAtOrDefault(place)));

    private async ValueTask<IReadOnlyList<long>?> Then(QueryContext context, AskedCalendars asked)
    {
        if (AsOf is not { } moment)
        {
            return null;
        }

        List<long> there = [.. asked.Keys.Where(key => key != AskedCalendars.NoKey)];
        var versions = await context.Rows<IChangeRows>().VersionsAt(there, moment.ToUnixTimeSeconds());
        return [.. asked.Keys.Select(key => versions.GetValueOrDefault(key))];
    }

    private (long From, long To) Span => (Timespan.From.ToUnixTimeSeconds(), Timespan.To.ToUnixTimeSeconds());

    /// <summary>
    /// The next some hundred attendances: what may not be shown takes no place on a page, so that an empty one tells nothing, and
    /// bodies are read only as far as the page goes.
    /// </summary>
    private async ValueTask ReadOn(QueryContext context, AskedCalendars asked, PageInMaking page)
    {
        context.Stopped.ThrowIfCancellationRequested();
        var after = page.AsOf is null ? null : new SteadyPlace(page.At, page.AsOf);
        var wanted = Math.Min(LimitInForce + 1 - page.Entries.Count, PageInMaking.PerRead);
        var found = await SteadyPages.Read(context, asked, Span, false, after, wanted + 1);
        (page.More, page.AsOf) = (found.Attendances.Count > wanted, found.AsOf);
        IReadOnlyList<Attendance> read = page.More ? [.. found.Attendances.Take(wanted)] : found.Attendances;
        await Show(context, asked, read, found.Then, page);
        page.At = read.Count > 0 ? asked.PlaceOf(read[^1]) : page.At;
    }

    private async ValueTask Show(
        QueryContext context, AskedCalendars asked, IReadOnlyList<Attendance> read, IReadOnlyDictionary<Guid, AppointmentRow> then, PageInMaking page)
    {
        var seen = read.Select(attendance => asked.Sight.Of(attendance, asked.IdOf(attendance.Calendar))).ToList();
        var rows = await Bodies(context, read, seen, then);
        for (var index = 0; index < read.Count; index++)
        {
            var attendance = read[index];
            var row = then.GetValueOrDefault(attendance.Appointment) ?? rows.GetValueOrDefault(attendance.Appointment);
            var details = seen[index] == Seen.Details || (row is not null && Attends(row, context.Caller));
            if (!details && seen[index] != Seen.BusyBlock)
            {
                continue;
            }

            var id = details ? attendance.Appointment : AppointmentView.MaskedId(context, attendance);
            page.Add(Entry.Of(asked.IdOf(attendance.Calendar), id, attendance), asked.PlaceOf(attendance));
            if (!page.Knows(id))
            {
                page.Add(id, details ? View(row, attendance, asked.ViewerZone) : AppointmentView.BusyBlock(attendance, masked: true));
            }
        }
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

/// <summary>A page while it is read, up to its limit or to 32 MiB of appointments, whichever comes first: a cursor goes on from there.</summary>
internal sealed class PageInMaking(AttendancePlace? at, IReadOnlyList<long>? asOf)
{
    /// <summary>A person's year; of larger pages as much as is in memory at once.</summary>
    public const int PerRead = 2_000;

    private const long MostBytes = 32 * 1024 * 1024;

    private readonly List<AttendancePlace> places = [];
    private readonly HashSet<Guid> known = [];
    private int taken;
    private long bytes;

    public AttendancePlace? At { get; set; } = at;

    public IReadOnlyList<long>? AsOf { get; set; } = asOf;

    public bool More { get; set; } = true;

    public List<Entry> Entries { get; } = [];

    public Dictionary<Guid, AppointmentView> Views { get; } = [];

    /// <summary>One more than the limit says that there is another page; whether hidden ones follow says nothing.</summary>
    public bool IsFull(int limit) => !More || Entries.Count > limit || bytes >= MostBytes;

    /// <summary>Where the page ends when another follows, else null. What was read too much goes.</summary>
    public AttendancePlace? End(int limit)
    {
        if (Entries.Count <= limit)
        {
            return More ? At : null;
        }

        Entries.RemoveRange(limit, Entries.Count - limit);
        var shown = Entries.Select(entry => entry.Appointment).ToHashSet();
        foreach (var id in Views.Keys.Where(id => !shown.Contains(id)).ToList())
        {
            Views.Remove(id);
        }

        return places[limit - 1];
    }

    /// <summary>
    /// The entries that have not been taken yet, each appointment with the first of its own: it is not kept then, and <see cref="Views"/> lacks it.
    /// </summary>
    public IReadOnlyList<FoundEntry> TakeNew(int limit)
    {
        var found = Entries.Take(limit).Skip(taken)
            .Select(entry => new FoundEntry(entry, Views.Remove(entry.Appointment, out var view) ? view : null)).ToList();
        taken += found.Count;
        return found;
    }

    public bool Knows(Guid id) => known.Contains(id);

    public void Add(Entry entry, AttendancePlace place)
    {
        Entries.Add(entry);
        places.Add(place);
    }

    public void Add(Guid id, AppointmentView view)
    {
        Views.Add(id, view);
        known.Add(id);
        bytes += view.Length;
    }
}

/// <summary>Appointments by id, and where they lie: each entry one attendee's stretch of one appointment.</summary>
public sealed record FoundAppointments(
    IReadOnlyDictionary<Guid, AppointmentView> Appointments, IReadOnlyList<Entry> Entries, IReadOnlyList<UnknownCalendar>? Unknown, string? Cursor);

/// <summary>What is handed out by who streams: an entry, and the first time that its appointment is met, that too.</summary>
public sealed record FoundEntry(Entry Entry, AppointmentView? Appointment);

public readonly record struct Entry(CalendarId Calendar, Guid Appointment, Instant From, Instant To)
{
    public static Entry Of(CalendarId calendar, Guid shown, Attendance attendance) =>
        new(calendar, shown, Instant.FromUnixTimeSeconds(attendance.From), Instant.FromUnixTimeSeconds(attendance.To));
}
