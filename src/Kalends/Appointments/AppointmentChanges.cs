using Kalends.Messages;
using Kalends.Messages.Json;
using Kalends.Storage;
using Kalends.Time;

namespace Kalends.Appointments;

/// <summary>From an appointment before and after to the one change that trail, change logs and outbox keep. Pure.</summary>
public static class AppointmentChanges
{
    public static Change Of(AppointmentRow? before, AppointmentRow? after, Sides sides)
    {
        var kind = before is null ? ChangeKind.Created : after is null ? ChangeKind.Deleted : ChangeKind.Modified;
        var last = (sides.After ?? sides.Before)!;
        var data = new PublicationData
        {
            Id = last.Id!.Value,
            Owner = last.Owner!.Value,
            Attendees = [.. last.Attendees!.Select(attendee => attendee.Calendar)],
            Timespan = Span(after ?? before!),
            Rule = last.Recurrence?.Rule,
            Series = last.Series is { RecurrenceId: not null } occurrence ? occurrence with { Detached = null } : null,
            PreviousTimespan = kind == ChangeKind.Modified ? Span(before!) : null,
        };
        return new()
        {
            Kind = kind,
            Appointment = data.Id,
            Version = last.Version!.Value,
            Calendars = PerCalendar(sides),
            Series = (after ?? before!).Series,
            Before = before?.Json,
            After = after?.Json,
            Publication = new($"kalends.appointment.{EnumWord(kind)}.v1", data.Id.ToString(), WireJson.Write(data)),
        };
    }

    private static List<CalendarChange> PerCalendar(Sides sides)
    {
        var before = On(sides.Before, sides.Calendars);
        var after = On(sides.After, sides.Calendars);
        return [
            .. after.Select(key => new CalendarChange(key, before.Contains(key) ? ChangeKind.Modified : ChangeKind.Created)),
            .. before.Where(key => !after.Contains(key)).Select(key => new CalendarChange(key, ChangeKind.Deleted)),
        ];
    }

    /// <summary>The calendars an appointment lies on: its attendees' and its owner's.</summary>
    private static HashSet<long> On(Appointment? appointment, IReadOnlyDictionary<CalendarId, Calendar> calendars) => appointment is null
        ? []
        : [calendars[appointment.Owner!.Value].Key, .. appointment.Attendees!.Select(attendee => calendars[attendee.Calendar].Key)];

    private static Timespan Span(AppointmentRow row) =>
        new(NodaTime.Instant.FromUnixTimeSeconds(row.From), NodaTime.Instant.FromUnixTimeSeconds(row.To));

    private static string EnumWord(ChangeKind kind) => kind switch
    {
        ChangeKind.Created => "created",
        ChangeKind.Modified => "modified",
        _ => "deleted",
    };

    /// <summary>The two states of one appointment, read, and the rows of all calendars either lies on.</summary>
    public sealed record Sides(Appointment? Before, Appointment? After, IReadOnlyDictionary<CalendarId, Calendar> Calendars);
}

/// <summary>What a publication about an appointment carries.</summary>
public sealed record PublicationData
{
    public required Guid Id { get; init; }

    public required CalendarId Owner { get; init; }

    public required IReadOnlyList<CalendarId> Attendees { get; init; }

    public required Timespan Timespan { get; init; }

    public Timespan? PreviousTimespan { get; init; }

    /// <summary>Of a series, its rule; the timespan is its first occurrence's.</summary>
    public string? Rule { get; init; }

    /// <summary>Of an occurrence, which one of which series.</summary>
    public SeriesLink? Series { get; init; }
}
