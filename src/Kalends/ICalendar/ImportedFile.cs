using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.ICalendar;

/// <summary>An iCalendar text as one calendar takes it in: appointments and series that can be saved, by UID, and what cannot with its reason.</summary>
internal sealed class ImportedFile
{
    private readonly List<SkippedEvent> skipped = [];
    private readonly Dictionary<string, Appointment> appointments = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ImportedSeries> series = new(StringComparer.Ordinal);

    private readonly string floatingZone;

    private ImportedFile(string floatingZone) => this.floatingZone = floatingZone;

    public IReadOnlyDictionary<string, Appointment> Appointments => appointments;

    /// <summary>By the UID of the master. No UID is in both.</summary>
    public IReadOnlyDictionary<string, ImportedSeries> Series => series;

    public IEnumerable<string> Uids => appointments.Keys.Concat(series.Keys);

    /// <summary>
    /// What changed occurrences were called if they came before their series did, by the UID of the series; without what the text calls so itself.
    /// </summary>
    public ILookup<string, string> OrphanUids => series.Values
        .SelectMany(each => each.Overrides.SelectMany(one => DerivedUid.OfOccurrence(each.Master, one.Series!.RecurrenceId!.Value, floatingZone))
            .Where(uid => !appointments.ContainsKey(uid) && !series.ContainsKey(uid)).Select(uid => (each.Master.Uid, Orphan: uid)))
        .ToLookup(pair => pair.Uid!, pair => pair.Orphan);

    public IReadOnlyList<SkippedEvent> Skipped => skipped;

    /// <summary>Appointments, series and their changed occurrences.</summary>
    public IEnumerable<Appointment> All => appointments.Values.Concat(series.Values.SelectMany(each => each.Overrides.Append(each.Master)));

    public IEnumerable<CalendarId> Named => All.SelectMany(item => item.Attendees!.Select(attendee => attendee.Calendar));

    public static Outcome<ImportedFile> Read(string text, Calendar owner, int mostItems)
    {
        var file = new ImportedFile(owner.ZoneOrUtc);
        var grouping = new SeriesGrouping(owner.ZoneOrUtc);
        foreach (var item in CalendarReader.Read(text, new() { FloatingZone = owner.ZoneOrUtc, MostItems = mostItems }))
        {
            switch (item)
            {
                case CalendarItem.Skipped { Code: SkipCode.NotICalendar, Reason: var reason }:
                    return Refusal.At(RefusalCode.Invalid, "/text", reason);
                case CalendarItem.Skipped { Code: SkipCode.TooLarge, Uid: null, Reason: var reason }:
                    return Refusal.At(RefusalCode.TooLarge, "/text", reason);
                case CalendarItem.Skipped left:
                    file.skipped.Add(new(left.Uid, left.Reason));
                    break;
                case CalendarItem.Read read:
                    grouping.Add(read);
                    break;
            }
        }

        file.Take(grouping.Group(), owner.Id);
        return file;
    }

    public void Skip(string uid, string reason)
    {
        appointments.Remove(uid);
        series.Remove(uid);
        skipped.Add(new(uid, reason));
    }

    /// <summary>Says what was left out of something that is taken all the same.</summary>
    public void Note(string uid, string reason) => skipped.Add(new(uid, reason));

    private void Take(GroupedCalendar grouped, CalendarId owner)
    {
        skipped.AddRange(grouped.Skipped.Select(left => new SkippedEvent(left.Uid, left.Reason)));
        foreach (var found in grouped.Series)
        {
            var owned = found with { Master = Owned(found.Master, owner), Overrides = [.. found.Overrides.Select(one => Owned(one, owner))] };
            if (MayTake(owned.Master.Uid!, owned.Overrides.Append(owned.Master).Max(one => one.Attendees!.Count), owner))
            {
                series[owned.Master.Uid!] = owned;
            }
        }

        foreach (var owned in grouped.Singles.Select(single => Owned(single, owner)))
        {
            if (MayTake(owned.Uid!, owned.Attendees!.Count, owner))
            {
                appointments[owned.Uid!] = owned;
            }
        }
    }

    /// <summary>A UID comes twice where a text has one that another's occurrence is given (<see cref="DerivedUid"/>): text that was written from it.</summary>
    private bool MayTake(string uid, int attendees, CalendarId owner)
    {
        var reason = attendees > AppointmentLimits.Attendees ? $"has {attendees} attendees with {owner}; the limit is {AppointmentLimits.Attendees}"
            : appointments.ContainsKey(uid) || series.ContainsKey(uid) ? "stands in the text under its own UID too; that one was taken"
            : null;
        if (reason is not null)
        {
            skipped.Add(new(uid, reason));
        }

        return reason is null;
    }

    private static Appointment Owned(Appointment read, CalendarId owner) => read with { Owner = owner, Attendees = WithOwner(read.Attendees ?? [], owner) };

    private static IReadOnlyList<Attendee> WithOwner(IReadOnlyList<Attendee> attendees, CalendarId owner) =>
        attendees.Any(attendee => attendee.Calendar == owner)
            ? attendees
            : [.. attendees, new()
            {
                Calendar = owner,
                Role = attendees.Count == 0 ? AttendeeRole.Chair : AttendeeRole.Required,
                Response = AttendeeResponse.Accepted,
            }];
}
