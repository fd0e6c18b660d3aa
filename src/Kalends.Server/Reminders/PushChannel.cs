using System.Runtime.CompilerServices;
using Kalends.Appointments;
using Kalends.Outgoing;
using Kalends.Queue;
using Kalends.Reminders;
using Kalends.Reminders.Push;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Server.Reminders;

/// <summary>
/// Web Push (RFC 8030): each of a person's browsers is sent the reminder by the push service that it named, all at once. Endpoints are addresses that users
/// name, so whoever does not answer holds up nobody but himself.
/// </summary>
internal sealed class PushChannel(PushIdentity identity, OutgoingRules rules, IClock clock, TimeProvider time) : IReminderChannel, IDisposable
{
    private const int RequestsAtOnce = 64;

    private readonly PushSender sender = new(identity, rules, clock, time);

    private readonly Destinations services = new(int.MaxValue);

    public ReminderChannel Kind => ReminderChannel.Push;

    public bool GoesByOneServer => false;

    public int AtOnce => ReminderBatch.Most;

    public async ValueTask<IReadOnlyDictionary<CalendarId, IReadOnlyList<ReminderAddress>>> AddressesOf(
        IReadOnlyCollection<Calendar> people, IReadSession session)
    {
        var now = clock.GetCurrentInstant();
        return (await session.Rows<IPushRows>().Of([.. people.Select(person => person.Id)])).Where(one => one.IsValidAt(now))
            .GroupBy(one => one.Person).ToDictionary(some => some.Key, some => (IReadOnlyList<ReminderAddress>)[.. some]);
    }

    public async IAsyncEnumerable<IReadOnlyList<SendResult>> Send(
        IAsyncEnumerable<IReadOnlyList<OutgoingReminder>> reminders, [EnumeratorCancellation] CancellationToken stopped)
    {
        await foreach (var some in reminders.WithCancellation(stopped))
        {
            yield return await Send(some, stopped);
        }
    }

    private async Task<IReadOnlyList<SendResult>> Send(IReadOnlyList<OutgoingReminder> reminders, CancellationToken stopped)
    {
        using var turns = new SemaphoreSlim(RequestsAtOnce);
        return await Task.WhenAll(reminders.Select(async reminder =>
        {
            var text = PushText.Of(reminder);
            return Together(await Task.WhenAll(reminder.Addresses.Cast<PushSubscription>().Select(to => InTurn(turns, reminder, text, to, stopped))));
        }));
    }

    public void Dispose() => sender.Dispose();

    /// <summary>
    /// What came of it for the person: it was sent where one browser's service took it; where nobody took it and one may have, nobody knows. So a reminder that
    /// is tried again was taken for none of them, and each gets it once at most.
    /// </summary>
    internal static SendResult Together(IReadOnlyList<SendResult> each)
    {
        var end = new[] { SendEnd.Sent, SendEnd.Unknown, SendEnd.Later, SendEnd.Refused }.First(end => each.Any(one => one.End == end));
        return new(end, each.First(one => one.End == end).Reason, each.Max(one => one.After), [.. each.SelectMany(one => one.Gone ?? [])]);
    }

    private async Task<SendResult> InTurn(SemaphoreSlim turns, OutgoingReminder reminder, byte[] text, PushSubscription to, CancellationToken stopped)
    {
        await turns.WaitAsync(CancellationToken.None);
        try
        {
            return stopped.IsCancellationRequested ? new(SendEnd.Later, "its process ended")
                : services.Rooms(clock.GetCurrentInstant()).Any(one => one.Destination == to.Service && one.Room == 0)
                ? new(SendEnd.Later, "the push service does not answer")
                : await Noted(reminder, text, to);
        }
        finally
        {
            turns.Release();
        }
    }

    private async Task<SendResult> Noted(OutgoingReminder reminder, byte[] text, PushSubscription to)
    {
        bool? answered = null;
        services.Begun(to.Service);
        try
        {
            var result = await sender.Send(reminder, text, to);
            answered = result.End is SendEnd.Sent or SendEnd.Refused;
            return result;
        }
        finally
        {
            services.Ended(to.Service, answered, clock.GetCurrentInstant(), Random.Shared.NextDouble());
        }
    }
}
