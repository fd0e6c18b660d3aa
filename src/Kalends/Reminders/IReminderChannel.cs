using System.Runtime.CompilerServices;
using Kalends.Appointments;
using Kalends.Reminders.Push;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Reminders;

/// <summary>One place where a channel reaches somebody.</summary>
/// <param name="Text">An email address, a phone number, the address that stands for a browser.</param>
public record ReminderAddress(string Text)
{
    /// <summary>Of a channel whose addresses stand in calendars.</summary>
    public static ValueTask<IReadOnlyDictionary<CalendarId, IReadOnlyList<ReminderAddress>>> In(
        IEnumerable<Calendar> people, Func<Calendar, string?> address) =>
        ValueTask.FromResult<IReadOnlyDictionary<CalendarId, IReadOnlyList<ReminderAddress>>>(
            (from person in people
             let text = address(person)
             where text is not null
             select (person.Id, text)).ToDictionary(one => one.Id, one => (IReadOnlyList<ReminderAddress>)[new(one.text)]));
}

/// <summary>What a channel is to send: to whom, of what, under which id.</summary>
/// <param name="Id">The message's own, the same however often it is tried.</param>
/// <param name="Addresses">One at least.</param>
/// <param name="Says">The appointment, as it stands now.</param>
/// <param name="Person">Whom it is for.</param>
/// <param name="Start">When it begins for them.</param>
public sealed record OutgoingReminder(Guid Id, IReadOnlyList<ReminderAddress> Addresses, Appointment Says, Calendar Person, Instant Start)
{
    /// <summary>Of a channel that knows one for each person.</summary>
    public string Address => Addresses[0].Text;
}

public enum SendEnd
{
    Sent,

    /// <summary>Surely not sent, and may be tried again.</summary>
    Later,

    /// <summary>Surely not sent, and never will be.</summary>
    Refused,

    /// <summary>Nobody knows whether it was.</summary>
    Unknown,
}

/// <param name="End">What came of it.</param>
/// <param name="Reason">Why it was not sent: for operators and whoever may see the appointment, so no secrets.</param>
/// <param name="After">For how long whoever is away wants to be left alone.</param>
/// <param name="Gone">Browsers that are not subscribed any more.</param>
public readonly record struct SendResult(SendEnd End, string? Reason = null, Duration? After = null, IReadOnlyList<PushSubscription>? Gone = null)
{
    public static SendResult Sent => new(SendEnd.Sent);
}

/// <summary>A way to people: email, SMS, push. Chosen by configuration.</summary>
public interface IReminderChannel
{
    ReminderChannel Kind { get; }

    /// <summary>Whether all goes by one server, so that who does not answer for one reminder will not for the next.</summary>
    bool GoesByOneServer => true;

    /// <summary>Where it reaches each of these people; those are absent whom it cannot reach. Asked once for a batch.</summary>
    ValueTask<IReadOnlyDictionary<CalendarId, IReadOnlyList<ReminderAddress>>> AddressesOf(IReadOnlyCollection<Calendar> people, IReadSession session);

    /// <summary>How many are sent side by side: so many are noted together, and lost to sight where a process dies.</summary>
    int AtOnce { get; }

    /// <summary>
    /// Sends what is handed to it, so many at once at most, and answers for each in order before it takes the next. Where it ends before all is taken, the rest
    /// is for later, as the last one was. What is under way it ends in a time of its own, though told to stop. Throws for nothing that the world does.
    /// </summary>
    IAsyncEnumerable<IReadOnlyList<SendResult>> Send(IAsyncEnumerable<IReadOnlyList<OutgoingReminder>> reminders, CancellationToken stopped);
}

/// <summary>Takes everything and sends nothing: for measuring.</summary>
public sealed class NullChannel(ReminderChannel kind) : IReminderChannel
{
    public ReminderChannel Kind => kind;

    public int AtOnce => ReminderBatch.Most;

    public ValueTask<IReadOnlyDictionary<CalendarId, IReadOnlyList<ReminderAddress>>> AddressesOf(IReadOnlyCollection<Calendar> people, IReadSession session) =>
        ReminderAddress.In(people, person => person.Id.Value);

    public async IAsyncEnumerable<IReadOnlyList<SendResult>> Send(
        IAsyncEnumerable<IReadOnlyList<OutgoingReminder>> reminders, [EnumeratorCancellation] CancellationToken stopped)
    {
        await foreach (var some in reminders.WithCancellation(stopped))
        {
            yield return [.. some.Select(_ => SendResult.Sent)];
        }
    }
}
