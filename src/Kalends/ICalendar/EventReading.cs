using System.Globalization;
using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Messages;
using Kalends.Time;

namespace Kalends.ICalendar;

/// <summary>One VEVENT (RFC 5545 §3.6.1) as an appointment, a series or one changed occurrence of one, or the reason why it is none.</summary>
internal static class EventReading
{
    public static CalendarItem Read(RawComponent item, WholeText whole)
    {
        var timeReading = new EventTimeReading(item, whole.Zones, whole.Reading.FloatingZone);
        if (timeReading.Read() is not { } times)
        {
            return Skip(item, SkipCode.Invalid, timeReading.Refusal ?? "the event has no time");
        }

        var appointment = Appointment(item, times);
        var errors = new Errors();
        AppointmentRules.Check(appointment, errors);
        return errors.Any
            ? Skip(item, SkipCode.Invalid, $"{errors.Found[0].Pointer[1..].Replace('/', ' ')} {errors.Found[0].Detail}")
            : Recurring(item, appointment, times, whole);
    }

    private static CalendarItem Recurring(RawComponent item, Appointment appointment, EventTimes times, WholeText whole)
    {
        Fault? fault = null;
        var named = item.First("RECURRENCE-ID") is { } line ? NamedOccurrence.Read(line, whole.Zones, out fault) : null;
        if (fault is not null)
        {
            return Skip(item, fault.Code, fault.Reason);
        }

        // What stands for one occurrence does not recur itself; what changes all later ones may bring their rule.
        if (named is { AndFuture: false })
        {
            return new CalendarItem.Read(appointment with { Series = new() { RecurrenceId = named.Time } }) { Occurrence = named, Sequence = Sequence(item) };
        }

        var recurring = new EventRecurrence(item, times, whole);
        var recurrence = recurring.Read();
        return recurring.Fault is { } broken ? Skip(item, broken.Code, broken.Reason)
            : new CalendarItem.Read(appointment with { Recurrence = recurrence, Series = named is null ? null : new() { RecurrenceId = named.Time } })
            {
                Occurrence = named,
                Sequence = Sequence(item),
                Periods = recurring.Periods,
            };
    }

    private static int Sequence(RawComponent item) =>
        int.TryParse(Word(item, "SEQUENCE"), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static CalendarItem.Skipped Skip(RawComponent item, SkipCode code, string reason) => new(item.ShownUid, code, reason);

    private static Appointment Appointment(RawComponent item, EventTimes times) => new()
    {
        Uid = item.UidOrMade,
        Owner = EventPeople.Owner(item),
        Title = Text(item, "SUMMARY"),
        Description = Text(item, "DESCRIPTION"),
        Location = Text(item, "LOCATION"),
        Start = times.Start,
        TimeZone = times.Zone,
        Duration = times.Duration,
        EndTimeZone = times.EndZone,
        AllDay = times.AllDay,
        Status = Status(item),
        FreeBusyStatus = FreeBusy(item),
        Privacy = Class(item),
        Attendees = EventPeople.Attendees(item),
        Links = EventExtras.Links(item),
        Attachments = EventExtras.Attachments(item),
        Reminders = EventReminders.Read(item, times),
        Metadata = EventExtras.Metadata(item),
        CreatedAt = EventTimes.Utc(item.First("CREATED")),
        UpdatedAt = EventTimes.Utc(item.First("LAST-MODIFIED")),
    };

    private static string? Text(RawComponent item, string property) =>
        item.First(property) is { } line && TextValues.Unescape(line.Value) is { Length: > 0 } text ? text : null;

    private static string? Word(RawComponent item, string property) => item.First(property)?.Value.Trim().ToUpperInvariant();

    private static AppointmentStatus? Status(RawComponent item) => Word(item, "STATUS") switch
    {
        "CONFIRMED" => AppointmentStatus.Confirmed,
        "TENTATIVE" => AppointmentStatus.Tentative,
        "CANCELLED" => AppointmentStatus.Cancelled,
        _ => null,
    };

    /// <summary>Microsoft's property says more than TRANSP (RFC 5545 §3.8.2.7) and goes before it. Working elsewhere is free there too.</summary>
    private static FreeBusyStatus? FreeBusy(RawComponent item) => (Word(item, "X-MICROSOFT-CDO-BUSYSTATUS"), Word(item, "TRANSP")) switch
    {
        ("FREE" or "WORKINGELSEWHERE", _) => FreeBusyStatus.Free,
        ("TENTATIVE", _) => FreeBusyStatus.Tentative,
        ("BUSY", _) => FreeBusyStatus.Busy,
        ("OOF", _) => FreeBusyStatus.OutOfOffice,
        (_, "TRANSPARENT") => FreeBusyStatus.Free,
        (_, "OPAQUE") => FreeBusyStatus.Busy,
        _ => null,
    };

    /// <summary>RFC 5545 §3.8.1.3: a class that is not known counts as PRIVATE.</summary>
    private static Privacy? Class(RawComponent item) => Word(item, "CLASS") switch
    {
        null or "" => null,
        "PUBLIC" => Privacy.Public,
        "CONFIDENTIAL" => Privacy.Secret,
        _ => Privacy.Private,
    };
}
