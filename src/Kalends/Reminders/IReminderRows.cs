using Kalends.Appointments;
using Kalends.Messages;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Reminders;

/// <summary>
/// One reminder of one person: never sent twice. <see cref="Start"/> is when the appointment begins for them, so that what was moved is another;
/// <see cref="Reminder"/> is how long before (<c>PT15M</c>), or until when it was snoozed. Times are seconds since 1970, calendars keys.
/// </summary>
public readonly record struct DeliveryKey(long Start, Guid Appointment, long Calendar, string Reminder, ReminderChannel Channel) : IComparable<DeliveryKey>
{
    /// <summary>The same however often it is tried, so that receivers may know it again.</summary>
    public Guid MessageId(string tenant) => HashedId.Of($"reminder {tenant} {Start} {Appointment} {Calendar} {Reminder} {Channel}");

    /// <summary>In the order of their rows, so that two who write some of them wait for each other in one order.</summary>
    public int CompareTo(DeliveryKey other) => (Start, Appointment, Calendar).CompareTo((other.Start, other.Appointment, other.Calendar)) is not 0 and var order
        ? order
        : string.CompareOrdinal(Reminder, other.Reminder) is not 0 and var text ? text : Channel.CompareTo(other.Channel);

    public static bool operator <(DeliveryKey left, DeliveryKey right) => left.CompareTo(right) < 0;

    public static bool operator >(DeliveryKey left, DeliveryKey right) => left.CompareTo(right) > 0;

    public static bool operator <=(DeliveryKey left, DeliveryKey right) => left.CompareTo(right) <= 0;

    public static bool operator >=(DeliveryKey left, DeliveryKey right) => left.CompareTo(right) >= 0;
}

public enum DeliveryState
{
    /// <summary>It was about to be sent; whether it was, only a later state says.</summary>
    Sending,
    Sent,
    Failed,
}

/// <summary>That something is about to be sent. The id is the message's own, the same however often it is tried.</summary>
public readonly record struct DeliveryIntent(DeliveryKey Key, long ScheduledAt, Guid Id);

/// <summary>What came of it, and what is published of that; nothing where nobody is to hear of it.</summary>
public sealed record DeliveryEnd(DeliveryKey Key, long ScheduledAt, DeliveryState State, Publication? Publication);

/// <summary>
/// What an attendee said of the reminders of an appointment, or of one occurrence: those due by <see cref="Acknowledged"/> are of no use any more (RFC 9074
/// §6.1), and one comes again at <see cref="SnoozedUntil"/> (§9).
/// </summary>
public sealed record Acknowledgement(Guid Appointment, long Calendar, long Acknowledged)
{
    public long? SnoozedUntil { get; init; }

    public ReminderChannel? Channel { get; init; }

    /// <summary>Until when it is of use, and then forgotten.</summary>
    public required long KeptUntil { get; init; }
}

public interface IReminderRows
{
    ValueTask<IReadOnlyList<Acknowledgement>> Acknowledged(IReadOnlyCollection<Guid> appointments);

    /// <summary>The states of those of these that are known, and the message of the queue whose reader noted them.</summary>
    ValueTask<IReadOnlyDictionary<DeliveryKey, (DeliveryState State, long Message)>> States(IReadOnlyCollection<DeliveryKey> keys);
}

public interface IReminderWrites : IReminderRows, IReminderWatches
{
    /// <summary>What is to be looked at by a moment, the earliest first; nobody else is given it before this transaction ends.</summary>
    ValueTask<IReadOnlyList<ReminderWatch>> TakeDue(long until, int most);

    /// <summary>The same of what was snoozed; each is snoozed no more then.</summary>
    ValueTask<IReadOnlyList<Acknowledgement>> TakeSnoozed(long until, int most);

    /// <summary>In the place of what was said before.</summary>
    ValueTask Acknowledge(Acknowledgement said);

    /// <summary>Notes what the reader of a message is about to send; the answer is which of it may be: of each key one, once.</summary>
    ValueTask<IReadOnlySet<DeliveryKey>> Intend(IReadOnlyCollection<DeliveryIntent> intents, long message, Instant now);

    /// <summary>Takes back what was noted for a message and surely not sent, so that it may be tried again.</summary>
    ValueTask TakeBack(IReadOnlyCollection<DeliveryKey> keys, long message);

    /// <summary>
    /// Writes what came of some, and publishes it. Of what has come to an end before, or was noted for another message, nothing is written or published.
    /// </summary>
    ValueTask End(IReadOnlyCollection<DeliveryEnd> ends, long message, Instant now);

    /// <summary>
    /// Forgets, with its publications, what began before a moment; the answer is how many. It is to be <see cref="FewestDays"/> ago at least.
    /// </summary>
    ValueTask<long> Forget(Instant before, int most);

    /// <summary>Stands for no message: of what failed before it was in one.</summary>
    const long NoMessage = 0;

    /// <summary>Whoever listens may come back after a week.</summary>
    const int FewestDays = 30;
}
