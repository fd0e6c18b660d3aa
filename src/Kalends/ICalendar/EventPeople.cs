using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Storage;

namespace Kalends.ICalendar;

/// <summary>Who is on an event: ORGANIZER and ATTENDEE (RFC 5545 §3.8.4.1, §3.8.4.3) as owner and attendees.</summary>
internal static class EventPeople
{
    /// <summary>Kalends' own parameter on ORGANIZER: the owner does not attend. Elsewhere an organizer who is not listed attends.</summary>
    public const string Attends = "X-KALENDS-ATTENDS";

    public static CalendarId? Owner(RawComponent item) => item.First("ORGANIZER") is { } line ? CalendarAddresses.FromLine(line) : null;

    /// <summary>Each calendar once, as first listed; null when nobody is.</summary>
    public static IReadOnlyList<Attendee>? Attendees(RawComponent item)
    {
        var attendees = item.All("ATTENDEE").Select(Read).OfType<Attendee>().DistinctBy(attendee => attendee.Calendar).ToList();
        if (attendees.Count == 0)
        {
            return null;
        }

        if (Owner(item) is { } owner && !item.First("ORGANIZER")!.Has(Attends, "FALSE") && attendees.TrueForAll(attendee => attendee.Calendar != owner))
        {
            attendees.Insert(0, new() { Calendar = owner, Role = AttendeeRole.Chair, Response = AttendeeResponse.Accepted });
        }

        return attendees;
    }

    public static string? Word(AttendeeRole? role) => role switch
    {
        AttendeeRole.Chair => "CHAIR",
        AttendeeRole.Required => "REQ-PARTICIPANT",
        AttendeeRole.Optional => "OPT-PARTICIPANT",
        AttendeeRole.Informational => "NON-PARTICIPANT",
        _ => null,
    };

    public static string? Word(AttendeeResponse? response) => response switch
    {
        AttendeeResponse.NeedsAction => "NEEDS-ACTION",
        AttendeeResponse.Accepted => "ACCEPTED",
        AttendeeResponse.Declined => "DECLINED",
        AttendeeResponse.Tentative => "TENTATIVE",
        _ => null,
    };

    private static Attendee? Read(ContentLine line) => CalendarAddresses.FromLine(line) is { } calendar
        ? new() { Calendar = calendar, Role = CalendarAddresses.IsResource(line) ? AttendeeRole.Resource : Role(line), Response = Response(line) }
        : null;

    private static AttendeeRole? Role(ContentLine line) => line.Parameter("ROLE")?.Trim().ToUpperInvariant() switch
    {
        null => null,
        "CHAIR" => AttendeeRole.Chair,
        "OPT-PARTICIPANT" => AttendeeRole.Optional,
        "NON-PARTICIPANT" => AttendeeRole.Informational,
        _ => AttendeeRole.Required,
    };

    /// <summary>Who delegated does not come; what RFC 5545 does not know counts as no answer (§3.2.12).</summary>
    private static AttendeeResponse? Response(ContentLine line) => line.Parameter("PARTSTAT")?.Trim().ToUpperInvariant() switch
    {
        null => null,
        "ACCEPTED" => AttendeeResponse.Accepted,
        "DECLINED" or "DELEGATED" => AttendeeResponse.Declined,
        "TENTATIVE" => AttendeeResponse.Tentative,
        _ => AttendeeResponse.NeedsAction,
    };
}
