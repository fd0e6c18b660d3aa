using Kalends.Appointments;
using Kalends.Messages;
using Kalends.Messages.Json;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Reminders;

/// <summary>What is published of a reminder: of which appointment, whom, and what came of it.</summary>
public sealed record ReminderPublication
{
    public const string Received = "kalends.reminder.received.v1";

    public const string Failed = "kalends.reminder.failed.v1";

    public required Guid Id { get; init; }

    public required CalendarId Owner { get; init; }

    public required IReadOnlyList<CalendarId> Attendees { get; init; }

    public required Timespan Timespan { get; init; }

    /// <summary>Of an occurrence, which one of which series.</summary>
    public SeriesLink? Series { get; init; }

    /// <summary>Who was reminded, or was to be.</summary>
    public required CalendarId Calendar { get; init; }

    public required ReminderChannel Channel { get; init; }

    public required Instant ScheduledTime { get; init; }

    /// <summary>When the channel took it.</summary>
    public Instant? ActualTime { get; init; }

    /// <summary>Of one that failed: a word for programs.</summary>
    public string? Code { get; init; }

    public string? Reason { get; init; }

    internal Publication Publication => new(Code is null ? Received : Failed, Id.ToString(), WireJson.Write(this));

    internal static ReminderPublication Of(Appointment says, DueReminder reminder, ReminderChannel channel, string zone) => new()
    {
        Id = reminder.Appointment,
        Owner = says.Owner!.Value,
        Attendees = [.. says.Attendees!.Select(attendee => attendee.Calendar)],
        Timespan = Completion.SpanIn(says, zone),
        Series = says.Series is { RecurrenceId: not null } occurrence ? occurrence with { Detached = null } : null,
        Calendar = reminder.Calendar,
        Channel = channel,
        ScheduledTime = reminder.Due,
    };
}

/// <summary>Why a reminder failed, as publications say it.</summary>
public static class ReminderFaults
{
    /// <summary>It came to its turn when it was of no use any more.</summary>
    public const string TooLate = "too-late";

    public const string NoChannel = "channel-not-configured";

    public const string NoAddress = "no-address";

    /// <summary>Whoever sent it fell silent between sending it and saying so: it may have been received, and is not sent a second time.</summary>
    public const string Unknown = "unknown-outcome";

    /// <summary>The channel will never take it.</summary>
    public const string Refused = "refused";

    /// <summary>The channel did not answer until the appointment began.</summary>
    public const string Unreachable = "unreachable";
}
