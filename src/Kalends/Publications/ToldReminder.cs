using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Messages;
using Kalends.Messages.Json;
using Kalends.Reminders;
using Kalends.Storage;

namespace Kalends.Publications;

/// <summary>
/// What became of a reminder, told to whom it was for and to who sees the appointment's details in their calendar; to all others it is not told at all.
/// </summary>
internal sealed class ToldReminder(PublishedEntry published, CloudEventData data, AppointmentRow? row)
{
    public PublishedEntry Published => published;

    public CalendarId Calendar => data.Calendar!.Value;

    public static async ValueTask<List<ToldReminder>> Of(IReadSession session, IEnumerable<PublishedEntry> entries)
    {
        List<(PublishedEntry Published, CloudEventData Data)> told =
        [
            .. entries.Where(entry => entry.Type is ReminderPublication.Received or ReminderPublication.Failed)
                .Select(entry => (entry, WireJson.Read<CloudEventData>(entry.Data))),
        ];
        var rows = told.Count == 0
            ? new Dictionary<Guid, AppointmentRow>()
            : await session.Rows<IAppointmentRows>().Find([.. told.Select(one => one.Data.Id).Distinct()]);
        return [.. told.Select(one => new ToldReminder(one.Published, one.Data, rows.GetValueOrDefault(one.Data.Id)))];
    }

    /// <summary>An appointment that is there no more is as good as secret.</summary>
    public (string Type, byte[] Json)? Show(Sight sight, Caller caller, FeedFilter filter)
    {
        var seen = Calendar == caller.Person ? Seen.Details
            : sight.Of(sight.On(Calendar), row?.Privacy ?? Privacy.Secret, row?.Owner ?? AskedCalendars.NoKey);
        return seen == Seen.Details && filter.Takes(Calendar) && filter.Types?.Contains(published.Type) != false
            ? (published.Type, CloudEvent.Full(published))
            : null;
    }
}
