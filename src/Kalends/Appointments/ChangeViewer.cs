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
    /// <summary>
    /// For changes after a version of the calendar, <paramref name="since"/>; 0 for a client that knows nothing yet. Where these are later pages of changes
    /// after <paramref name="began"/>, the client knows each as it was then, or as a page has shown it since.
    /// </summary>
    public async ValueTask<IReadOnlyList<ChangeView>> Show(IReadOnlyList<ChangedAppointment> changes, long since, long began)
    {
        List<Guid> ids = [.. changes.Select(change => change.Appointment)];
        var now = await context.Rows<IAppointmentRows>().Find(ids);
        var known = await Known(ids, since, began);
        return [.. changes.SelectMany(change => Show(
            change,
            [.. known[change.Appointment].Select(json => NameThere(WireJson.Read<Appointment>(json))).OfType<Guid>().Distinct()],
            !change.Deleted && now.TryGetValue(change.Appointment, out var row) ? NameOf(WireJson.Read<Appointment>(row.Json)) : null))];
    }

    private async ValueTask<ILookup<Guid, byte[]>> Known(List<Guid> ids, long since, long began)
    {
        var rows = context.Rows<IChangeRows>();
        List<(Guid Id, byte[] Said)> known = since == 0
            ? []
            : [.. (await rows.AsOf(ids, new Dictionary<long, long> { [calendar] = since })).Select(pair => (pair.Key, pair.Value))];
        if (began < since)
        {
            known.AddRange((await rows.AsOf(ids, new Dictionary<long, long> { [calendar] = began })).Select(pair => (pair.Key, pair.Value)));
            known.AddRange(await rows.Between(ids, calendar, began, since));
        }

        return known.ToLookup(one => one.Id, one => one.Said);
    }

    private static IEnumerable<ChangeView> Show(ChangedAppointment change, IReadOnlyList<Guid> known, Guid? name)
    {
        foreach (var gone in known.Where(one => one != name))
        {
            yield return new(gone, ChangeKind.Deleted, change.Version);
        }

        if (name is { } shown)
        {
            yield return new(shown, known.Contains(shown) ? ChangeKind.Modified : ChangeKind.Created, change.Version);
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
            Seen.BusyBlock => AppointmentView.MaskedId(context, attendance),
            _ => null,
        };
    }
}
