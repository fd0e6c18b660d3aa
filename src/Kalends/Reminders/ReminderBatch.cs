using System.Text.Json;
using Kalends.Appointments;
using Kalends.Messages.Json;
using Kalends.Queue;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Reminders;

/// <summary>One reminder that is to leave: whom of what, as it was when it was claimed. What it says is read just before.</summary>
/// <param name="Appointment">Or the occurrence.</param>
/// <param name="Version">Of it, then.</param>
/// <param name="Calendar">Who is reminded.</param>
/// <param name="Start">When it begins for them.</param>
/// <param name="Reminder">How long before, or until when it was snoozed.</param>
/// <param name="Due">When it is to leave.</param>
public sealed record DueReminder(Guid Appointment, long Version, CalendarId Calendar, Instant Start, string Reminder, Instant Due)
{
    /// <summary>How long an appointment that has begun may be told of where the reminder is for its very start.</summary>
    private static readonly Duration Grace = Duration.FromMinutes(1);

    private const string Snooze = "snoozed until ";

    public bool IsSnoozed => Reminder.StartsWith(Snooze, StringComparison.Ordinal);

    /// <summary>When it has lost its purpose: with the start.</summary>
    public Instant Deadline => Instant.Max(Start, Due + Grace);

    public static string Snoozed(Instant until) => $"{Snooze}{until}";

    public DeliveryKey Key(long calendar, ReminderChannel channel) => new(Start.ToUnixTimeSeconds(), Appointment, calendar, Reminder, channel);
}

/// <summary>A message of the queue: some reminders of one channel that are due at one time.</summary>
public sealed record ReminderBatch(ReminderChannel Channel, IReadOnlyList<DueReminder> Reminders)
{
    public const string Queue = "reminders";

    public const string Kind = "reminders";

    /// <summary>Why they did not leave the last time; null where they were not tried yet.</summary>
    public string? LastReason { get; init; }

    /// <summary>As many as are looked at and noted at once at most.</summary>
    public const int Most = 50;

    public static ReminderBatch Read(QueueMessage message) => JsonSerializer.Deserialize<ReminderBatch>(message.Body, WireJson.Options)!;

    /// <summary>In messages that each wait for one time; those of one channel share the fate of their destination.</summary>
    public static IEnumerable<NewMessage> Messages(IEnumerable<(ReminderChannel Channel, DueReminder Reminder)> due) =>
        from one in due
        group one.Reminder by (one.Channel, one.Reminder.Due) into same
        orderby same.Key.Due
        from some in same.Chunk(Most)
        select new ReminderBatch(same.Key.Channel, some).At(same.Key.Due);

    public NewMessage At(Instant visibleAt) => new(Queue, Kind, WireJson.Write(this), Reminders.Max(reminder => reminder.Deadline))
    {
        Destination = Channel.ToString().ToLowerInvariant(), VisibleAt = visibleAt,
    };
}
