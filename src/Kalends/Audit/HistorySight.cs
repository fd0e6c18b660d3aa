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
        return new(
            context, await AskedCalendars.Find(context, calendars), calendar,
            await EntryState.PrivacyNow(context.Rows<IAppointmentRows>(), context.Rows<IChangeRows>(), entries));
    }

    /// <summary>The entry as the caller may see it, or null.</summary>
    public HistoryEntry? Show(TrailEntry entry)
    {
        if (entry.Appointment is null)
        {
            return SeesCommand(entry) ? Of(entry) with { Data = JsonDocument.Parse(entry.Data!).RootElement.Clone() } : null;
        }

        var (before, after) = (Judge(entry, entry.Before), Judge(entry, entry.After));
        var seen = new[] { before, after }.OfType<JudgedState>().ToList();
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

    private HistoryEntry Details(TrailEntry entry, JudgedState? before, JudgedState? after)
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
        Appointment = AppointmentView.MaskedId(context, named),
        Kind = before is null ? ChangeKind.Created : after is null ? ChangeKind.Deleted : ChangeKind.Modified,
        Before = before is { } was ? AppointmentView.BusyBlock(was, masked: true) : null,
        After = after is { } becomes ? AppointmentView.BusyBlock(becomes, masked: true) : null,
        Masked = true,
    };

    /// <summary>What a command did that changed no appointment is for who did it, who may modify all that it touched, and who administers.</summary>
    private bool SeesCommand(TrailEntry entry) => entry.By == context.Caller.Person || context.Caller.Scopes.HasFlag(Scopes.Admin)
        || (entry.Calendars.Count > 0 && entry.Calendars.All(id => asked.Sight.On(id) == Permission.Modify));

    private JudgedState? Judge(TrailEntry entry, byte[]? json) =>
        EntryState.Of(entry, json, asked.Rows, now)?.Judge(asked.Sight, asked.IdOf, id => calendar is not { } only || id == only);
}
