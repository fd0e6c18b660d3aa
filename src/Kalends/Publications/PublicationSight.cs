using Kalends.Appointments;
using Kalends.Audit;
using Kalends.Availability;
using Kalends.Messages;
using Kalends.Messages.Json;
using Kalends.Storage;

namespace Kalends.Publications;

/// <summary>
/// The one exit of publications: every event that leaves is judged here, by what the caller may see at the moment the session shows, as history
/// judges it. What it takes to judge is read once for all who listen.
/// </summary>
internal sealed class PublicationSight
{
    private readonly IReadSession session;
    private readonly IPermissions permissions;
    private readonly IReadOnlyDictionary<CalendarId, Calendar> rows;
    private readonly Dictionary<long, CalendarId> ids;
    private readonly List<Told> told;
    private readonly List<ToldReminder> reminders;

    private PublicationSight(
        IReadSession session, IPermissions permissions, IReadOnlyDictionary<CalendarId, Calendar> rows, List<Told> told, List<ToldReminder> reminders)
    {
        (this.session, this.permissions, this.rows, this.told, this.reminders) = (session, permissions, rows, told, reminders);
        ids = rows.Values.ToDictionary(calendar => calendar.Key, calendar => calendar.Id);
    }

    /// <param name="session">At whose moment it is judged.</param>
    /// <param name="permissions">Who may what.</param>
    /// <param name="entries">What is to be told.</param>
    /// <param name="persons">Who listens.</param>
    public static async ValueTask<PublicationSight> Over(
        IReadSession session, IPermissions permissions, IReadOnlyList<PublishedEntry> entries, IEnumerable<CalendarId> persons)
    {
        List<PublishedEntry> known = [.. entries.Where(entry => entry.Entry is not null)];
        var reminders = await ToldReminder.Of(session, entries);
        if (known.Count == 0)
        {
            var listeners = reminders.Count == 0 ? new Dictionary<CalendarId, Calendar>() : await session.Rows<ICalendarRows>().Find([.. persons.Distinct()]);
            return new(session, permissions, listeners, [], reminders);
        }

        var calendars = known.ToDictionary(entry => entry.Seq, entry => CalendarsOf(entry.Entry!));
        var rows = await session.Rows<ICalendarRows>().Find([.. calendars.Values.SelectMany(lies => lies).Concat(persons).Distinct()]);
        var now = await EntryState.PrivacyNow(
            session.Rows<IAppointmentRows>(), session.Rows<IChangeRows>(), [.. known.Select(entry => entry.Entry!)]);
        return new(session, permissions, rows, [.. known.Select(entry => new Told(
            entry, calendars[entry.Seq],
            EntryState.Of(entry.Entry!, entry.Entry!.Before, rows, now), EntryState.Of(entry.Entry!, entry.Entry!.After, rows, now)))],
            reminders);
    }

    /// <summary>The events after a place that this caller may hear and asked for, each with its number, type and JSON.</summary>
    public async ValueTask<IReadOnlyList<(long Seq, string Type, byte[] Json)>> Shown(Caller caller, FeedFilter filter, long after)
    {
        List<Told> asked = [.. told.Where(one => one.Published.Seq > after && (filter.Calendars is null || filter.Calendars.Overlaps(one.Calendars)))];
        List<ToldReminder> reminded = [.. reminders.Where(one => one.Published.Seq > after && filter.Takes(one.Calendar))];
        if (asked.Count == 0 && reminded.Count == 0)
        {
            return [];
        }

        var sight = new Sight(
            await Decide(caller, [.. asked.SelectMany(one => one.Calendars).Concat(reminded.Select(one => one.Calendar)).Distinct()]),
            rows.GetValueOrDefault(caller.Person)?.Key);
        var shown = new List<(long, string, byte[])>();
        foreach (var one in asked)
        {
            if (Show(one, sight, caller, filter) is { } seen)
            {
                shown.Add((one.Published.Seq, seen.Type, seen.Json));
            }
        }

        foreach (var one in reminded)
        {
            if (one.Show(sight, caller, filter) is { } seen)
            {
                shown.Add((one.Published.Seq, seen.Type, seen.Json));
            }
        }

        return reminded.Count == 0 ? shown : [.. shown.OrderBy(one => one.Item1)];
    }

    private (string Type, byte[] Json)? Show(Told one, Sight sight, Caller caller, FeedFilter filter)
    {
        var (before, after) = (one.Before?.Judge(sight, key => ids[key], filter.Takes), one.After?.Judge(sight, key => ids[key], filter.Takes));
        if (before?.Block is null && after?.Block is null)
        {
            return null;
        }

        var isWhole = (before ?? after)!.Seen == Seen.Details && (after ?? before)!.Seen == Seen.Details;
        var type = isWhole ? one.Published.Type
            : before?.Block is null ? FeedFilter.Created : after?.Block is null ? FeedFilter.Deleted : FeedFilter.Modified;
        return filter.Types?.Contains(type) == false ? null
            : (type, isWhole ? one.Whole.Value : CloudEvent.Masked(caller.Tenant, one.Published.Id, type, before?.Block, after?.Block));
    }

    private async ValueTask<Access> Decide(Caller caller, IReadOnlyCollection<CalendarId> calendars) =>
        permissions.Recall(caller, calendars) is { } guess && (guess.Version is not { } version || await permissions.StillHolds(version, session))
            ? guess.Access
            : await permissions.Decide(caller, calendars, session);

    private static HashSet<CalendarId> CalendarsOf(TrailEntry entry) =>
        [.. new[] { entry.Before, entry.After }.OfType<byte[]>().SelectMany(json => KnownAppointment.CalendarsOf(WireJson.Read<Appointment>(json)))];

    private sealed record Told(PublishedEntry Published, HashSet<CalendarId> Calendars, EntryState? Before, EntryState? After)
    {
        public Lazy<byte[]> Whole { get; } = new(() => CloudEvent.Full(Published));
    }
}
