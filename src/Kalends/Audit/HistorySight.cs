using System.Text.Json;
using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Messages;
using Kalends.Messages.Json;
using Kalends.Storage;

namespace Kalends.Audit;

/// <summary>
/// The one exit of the trail: every entry that leaves it is judged here. What an appointment said before a change and after it are each judged as it lay
/// then, and as private as it is now. Whoever sees the details of both sees everything; else what is at least a busy block to them comes as one;
/// else nothing does.
/// </summary>
internal sealed class HistorySight
{
    private readonly QueryContext context;
    private readonly AskedCalendars asked;
    private readonly CalendarId? calendar;
    private readonly Dictionary<Guid, Privacy> now;

    private HistorySight(QueryContext context, AskedCalendars asked, CalendarId? calendar, Dictionary<Guid, Privacy> now) =>
        (this.context, this.asked, this.calendar, this.now) = (context, asked, calendar, now);

    /// <param name="context">Who asks.</param>
    /// <param name="entries">Those that are to be judged.</param>
    /// <param name="calendar">The one asked for: a busy block is shown where it lies on it, and under its name there.</param>
    public static async ValueTask<HistorySight> Over(QueryContext context, IReadOnlyList<TrailEntry> entries, CalendarId? calendar)
    {
        var calendars = entries.SelectMany(entry => new[] { entry.Before, entry.After }).OfType<byte[]>()
            .SelectMany(json => KnownAppointment.CalendarsOf(WireJson.Read<Appointment>(json))).Concat(entries.SelectMany(entry => entry.Calendars));
        return new(context, await AskedCalendars.Find(context, calendars), calendar, await PrivacyNow(context, entries));
    }

    /// <summary>The entry as the caller may see it, or null.</summary>
    public HistoryEntry? Show(TrailEntry entry)
    {
        if (entry.Appointment is null)
        {
            return SeesCommand(entry) ? Of(entry) with { Data = JsonDocument.Parse(entry.Data!).RootElement.Clone() } : null;
        }

        var (before, after) = (Judge(entry, entry.Before), Judge(entry, entry.After));
        var seen = new[] { before, after }.OfType<Judged>().ToList();
        return seen.TrueForAll(state => state.Seen == Seen.Details) ? Details(entry, before, after) : Masked(entry, before?.Block, after?.Block);
    }

    private static HistoryEntry Of(TrailEntry entry) => new()
    {
        At = entry.At,
        By = entry.By,
        App = entry.App,
        Command = entry.Command,
        CommandId = entry.CommandId,
        RequestId = entry.RequestId,
    };

    private HistoryEntry Details(TrailEntry entry, Judged? before, Judged? after)
    {
        var owner = (after ?? before)!.Says.Owner!.Value;
        return Of(entry) with
        {
            OnBehalfOf = owner == entry.By ? null : owner,
            Appointment = entry.Appointment,
            Kind = entry.Kind,
            Version = entry.Version,
            Before = before is null ? null : AppointmentView.Full(before.Row, asked.ViewerZone),
            After = after is null ? null : AppointmentView.Full(after.Row, asked.ViewerZone),
            Summary = ChangeSummary.Of(before?.Says, after?.Says, entry.By.Value, entry.App),
        };
    }

    private HistoryEntry? Masked(TrailEntry entry, Attendance? before, Attendance? after) => (after ?? before) is not { } named ? null : new()
    {
        At = entry.At,
        Appointment = AppointmentView.MaskedId(context.Caller.Tenant, named),
        Kind = before is null ? ChangeKind.Created : after is null ? ChangeKind.Deleted : ChangeKind.Modified,
        Before = before is { } was ? AppointmentView.BusyBlock(was, masked: true) : null,
        After = after is { } becomes ? AppointmentView.BusyBlock(becomes, masked: true) : null,
        Masked = true,
    };

    /// <summary>What a command did that changed no appointment is for who did it, who may modify all that it touched, and who administers.</summary>
    private bool SeesCommand(TrailEntry entry) => entry.By == context.Caller.Person || context.Caller.Scopes.HasFlag(Scopes.Admin)
        || (entry.Calendars.Count > 0 && entry.Calendars.All(id => asked.Sight.On(id) == Permission.Modify));

    private Judged? Judge(TrailEntry entry, byte[]? json)
    {
        if (json is null)
        {
            return null;
        }

        var says = WireJson.Read<Appointment>(json);
        var owner = KeyOf(says.Owner!.Value);
        var row = Bookings.Row(says, owner, json);
        var privacy = now.GetValueOrDefault(entry.Appointment!.Value, row.Privacy);
        row = row with { Privacy = privacy > row.Privacy ? privacy : row.Privacy };
        var places = says.Attendees!.Where(attendee => asked.Rows.ContainsKey(attendee.Calendar))
            .Select(attendee => Bookings.OfAttendee(says, row, attendee, asked.Rows[attendee.Calendar]))
            .Append(new(owner, row.From, row.To, row.Id, Busyness.Busy, row.Privacy, owner, row.AllDay))
            .Where(place => place.Calendar != AskedCalendars.NoKey)
            .Select(place => (Place: place, Seen: asked.Sight.Of(place, asked.IdOf(place.Calendar)))).ToList();
        var block = places.Where(place => place.Seen >= Seen.BusyBlock && (calendar is not { } only || asked.IdOf(place.Place.Calendar) == only))
            .Select(place => (Attendance?)place.Place).FirstOrDefault();
        return new(says, row, places.Select(place => place.Seen).DefaultIfEmpty().Max(), block);
    }

    private long KeyOf(CalendarId id) => asked.Rows.GetValueOrDefault(id)?.Key ?? AskedCalendars.NoKey;

    /// <summary>
    /// By appointment: of what is there no more, as private as it was last. An occurrence that went with its series is as private as that.
    /// </summary>
    private static async ValueTask<Dictionary<Guid, Privacy>> PrivacyNow(QueryContext context, IReadOnlyList<TrailEntry> entries)
    {
        HashSet<Guid> ids = [.. entries.Select(entry => entry.Appointment).OfType<Guid>()];
        var series = entries.Where(entry => entry.Series is not null).GroupBy(entry => entry.Appointment!.Value)
            .ToDictionary(group => group.Key, group => group.First().Series!.Value);
        HashSet<Guid> asked = [.. ids, .. series.Values];
        var now = (await context.Rows<IAppointmentRows>().Find(asked)).ToDictionary(pair => pair.Key, pair => pair.Value.Privacy);
        var last = (await context.Rows<IChangeRows>().LastSaid([.. asked.Where(id => !now.ContainsKey(id))]))
            .ToDictionary(pair => pair.Key, pair => WireJson.Read<Appointment>(pair.Value).Privacy!.Value);
        return ids.ToDictionary(
            id => id, id => now.ContainsKey(id) || !series.TryGetValue(id, out var own) ? Last(id) : Most(Last(id), Last(own)));

        Privacy Last(Guid id) => now.TryGetValue(id, out var privacy) ? privacy : last.GetValueOrDefault(id);

        static Privacy Most(Privacy one, Privacy other) => one > other ? one : other;
    }

    /// <summary>What an appointment said, how much of it the caller sees, and the busy block that it is to them where it is at least one.</summary>
    private sealed record Judged(Appointment Says, AppointmentRow Row, Seen Seen, Attendance? Block);
}
