using Kalends.Availability;
using Kalends.Messages;
using Kalends.Messages.Json;
using Kalends.Storage;

namespace Kalends.Appointments;

/// <summary>
/// Changes of one calendar as one caller may see them. What counts is under which name the caller knew the appointment at their
/// token and under which they may know it now: the same name is a modification, a new one a creation, one that is gone a deletion. So
/// what turned secret is told as deleted, and what was secret all along is not told at all. A series is told of under its own id; an occurrence
/// under its own once it was changed by itself.
/// </summary>
internal sealed class ChangeViewer(QueryContext context, AskedCalendars asked, long calendar)
{
    /// <summary>For changes after a version of the calendar; 0 for a client that knows nothing yet.</summary>
    public async ValueTask<IReadOnlyList<ChangeView>> Show(IReadOnlyList<ChangedAppointment> changes, long since)
    {
        var ids = changes.Select(change => change.Appointment).ToList();
        var now = await context.Rows<IAppointmentRows>().Find(ids);
        var then = since == 0 ? new Dictionary<Guid, byte[]>() : await context.Rows<IChangeRows>().AsOf(ids, new Dictionary<long, long> { [calendar] = since });
        return [.. changes.SelectMany(change => Show(
            change,
            then.TryGetValue(change.Appointment, out var json) ? NameThere(WireJson.Read<Appointment>(json)) : null,
            !change.Deleted && now.TryGetValue(change.Appointment, out var row) ? NameOf(WireJson.Read<Appointment>(row.Json)) : null))];
    }

    private static IEnumerable<ChangeView> Show(ChangedAppointment change, Guid? known, Guid? name)
    {
        if (known is { } gone && known != name)
        {
            yield return new(gone, ChangeKind.Deleted, change.Version);
        }

        if (name is { } shown)
        {
            yield return new(shown, known == name ? ChangeKind.Modified : ChangeKind.Created, change.Version);
        }
    }

    /// <summary>The same of what it said then: it may have lain elsewhere, and come and gone since.</summary>
    private Guid? NameThere(Appointment said) => KnownAppointment.CalendarsOf(said).Contains(asked.IdOf(calendar)) ? NameOf(said) : null;

    /// <summary>The id under which the caller may know it, or null.</summary>
    private Guid? NameOf(Appointment says)
    {
        var owner = asked.Rows.GetValueOrDefault(says.Owner!.Value)?.Key ?? AskedCalendars.NoKey;
        var row = Bookings.Row(says, owner, []);
        var attendance = new Attendance(calendar, row.From, row.To, row.Id, Busyness.Busy, row.Privacy, owner, row.AllDay);
        var seen = says.Attendees!.Any(attendee => attendee.Calendar == context.Caller.Person)
            ? Seen.Details
            : asked.Sight.Of(attendance, asked.IdOf(calendar));
        return seen switch
        {
            Seen.Details => row.Id,
            Seen.BusyBlock => AppointmentView.MaskedId(context.Caller.Tenant, attendance),
            _ => null,
        };
    }
}
