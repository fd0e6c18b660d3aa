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
    private readonly IReadOnlyDictionary<long, Told> told;
    private readonly IReadOnlyDictionary<long, ToldReminder> reminders;

    private PublicationSight(
        IReadSession session, IPermissions permissions, IReadOnlyDictionary<CalendarId, Calendar> rows,
        IReadOnlyDictionary<long, Told> told, IReadOnlyDictionary<long, ToldReminder> reminders)
    {
        (this.session, this.permissions, this.rows, this.told, this.reminders) = (session, permissions, rows, told, reminders);
        ids = rows.Values.ToDictionary(calendar => calendar.Key, calendar => calendar.Id);
    }

    /// <param name="session">At whose moment it is judged.</param>
    /// <param name="permissions">Who may what.</param>
    /// <param name="entries">What is to be told.</param>
    /// <param name="persons">To whom.</param>
    public static async ValueTask<PublicationSight> Over(
        IReadSession session, IPermissions permissions, IReadOnlyCollection<PlacedEntry> entries, IEnumerable<CalendarId> persons)
    {
        if (entries.Count == 0)
        {
            return new(
                session, permissions, new Dictionary<CalendarId, Calendar>(), new Dictionary<long, Told>(), new Dictionary<long, ToldReminder>());
        }

        var rows = await session.Rows<ICalendarRows>().Find([.. entries.SelectMany(entry => entry.Calendars).Concat(persons).Distinct()]);
        var changes = entries.Where(entry => entry.Change is not null).Select(entry => (entry.Published, Change: entry.Change!)).ToList();
        var now = await EntryState.PrivacyNow(
            session.Rows<IAppointmentRows>(), session.Rows<IChangeRows>(), [.. changes.Select(entry => entry.Change)]);
        return new(
            session, permissions, rows,
            changes.ToDictionary(entry => entry.Published.Seq, entry => new Told(
                entry.Published,
                EntryState.Of(entry.Change, entry.Change.Before, rows, now), EntryState.Of(entry.Change, entry.Change.After, rows, now))),
            await ToldReminder.Of(session, entries));
    }

    /// <summary>Of these events those that this caller may hear and asked for, each with its number, type and JSON.</summary>
    public async ValueTask<IReadOnlyList<(long Seq, string Type, byte[] Json)>> Shown(Caller caller, FeedFilter filter, IReadOnlyList<PlacedEntry> entries)
    {
        if (entries.Count == 0)
        {
            return [];
        }

        var sight = new Sight(
            await Decide(caller, [.. entries.SelectMany(entry => entry.Calendars).Distinct()]), rows.GetValueOrDefault(caller.Person)?.Key);
        var shown = new List<(long, string, byte[])>();
        foreach (var entry in entries)
        {
            var seq = entry.Published.Seq;
            if ((reminders.TryGetValue(seq, out var reminder) ? reminder.Show(sight, caller, filter) : Show(told[seq], sight, caller, filter)) is { } seen)
            {
                shown.Add((seq, seen.Type, seen.Json));
            }
        }

        return shown;
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
        if (filter.Types?.Contains(type) == false)
        {
            return null;
        }

        if (isWhole)
        {
            return (type, one.Whole.Value);
        }

        var block = AppointmentView.MaskedId(session.SealingKeys, caller.Tenant, (after?.Block ?? before?.Block)!.Value);
        return (type, CloudEvent.Masked(block, one.Published.Id, type, before?.Block, after?.Block));
    }

    private async ValueTask<Access> Decide(Caller caller, IReadOnlyCollection<CalendarId> calendars) =>
        permissions.Recall(caller, calendars) is { } guess && (guess.Version is not { } version || await permissions.StillHolds(version, session))
            ? guess.Access
            : await permissions.Decide(caller, calendars, session);

    private sealed record Told(PublishedEntry Published, EntryState? Before, EntryState? After)
    {
        public Lazy<byte[]> Whole { get; } = new(() => CloudEvent.Full(Published));
    }
}
