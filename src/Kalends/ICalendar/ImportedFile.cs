using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.ICalendar;

/// <summary>An iCalendar text as one calendar takes it in: what can be saved by UID, and what cannot with its reason.</summary>
internal sealed class ImportedFile
{
    private readonly List<SkippedEvent> skipped = [];
    private readonly Dictionary<string, Appointment> appointments = new(StringComparer.Ordinal);

    private ImportedFile()
    {
    }

    public IReadOnlyDictionary<string, Appointment> Appointments => appointments;

    public IReadOnlyList<SkippedEvent> Skipped => skipped;

    public IEnumerable<CalendarId> Named => appointments.Values.SelectMany(item => item.Attendees!.Select(attendee => attendee.Calendar));

    public static Outcome<ImportedFile> Read(string text, Calendar owner, int mostItems)
    {
        var file = new ImportedFile();
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
                    file.Take(read.Appointment, owner.Id);
                    break;
            }
        }

        return file;
    }

    public void Skip(string uid, string reason)
    {
        appointments.Remove(uid);
        skipped.Add(new(uid, reason));
    }

    private void Take(Appointment read, CalendarId owner)
    {
        var uid = read.Uid!;
        if (appointments.Remove(uid))
        {
            skipped.Add(new(uid, "the same UID comes again later in the text; the later one was taken"));
        }

        var attendees = WithOwner(read.Attendees ?? [], owner);
        if (attendees.Count > AppointmentLimits.Attendees)
        {
            skipped.Add(new(uid, $"has {attendees.Count} attendees with {owner}; the limit is {AppointmentLimits.Attendees}"));
            return;
        }

        appointments[uid] = read with { Owner = owner, Attendees = attendees };
    }

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
