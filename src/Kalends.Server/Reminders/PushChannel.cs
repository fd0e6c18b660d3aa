using System.Net;
using System.Net.Http.Headers;
using Kalends.Appointments;
using Kalends.Outgoing;
using Kalends.Queue;
using Kalends.Reminders;
using Kalends.Reminders.Push;
using Kalends.Server.Outgoing;
using Kalends.Storage;
using NodaTime;
using static System.FormattableString;

namespace Kalends.Server.Reminders;

/// <summary>
/// Web Push (RFC 8030): each of a person's browsers is sent the reminder by the push service that it named, all at once. Endpoints are addresses that users
/// name, so the guarded client goes there, and whoever does not answer holds up nobody but himself.
/// </summary>
internal sealed class PushChannel(PushIdentity identity, OutgoingRules rules, IClock clock, TimeProvider time) : IReminderChannel, IDisposable
{
    /// <summary>Push services answer within a second.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private const int AtOnce = 64;

    private static readonly Duration ShortestLife = Duration.FromMinutes(1);

    /// <summary>Services keep nothing longer.</summary>
    private static readonly Duration LongestLife = Duration.FromDays(28);

    private readonly HttpClient client = GuardedHttp.Client(rules);

    private readonly Destinations services = new(int.MaxValue);

    public ReminderChannel Kind => ReminderChannel.Push;

    public bool GoesByOneServer => false;

    public async ValueTask<IReadOnlyDictionary<CalendarId, IReadOnlyList<ReminderAddress>>> AddressesOf(
        IReadOnlyCollection<Calendar> people, IReadSession session)
    {
        var now = clock.GetCurrentInstant();
        return (await session.Rows<IPushRows>().Of([.. people.Select(person => person.Id)])).Where(one => one.IsValidAt(now))
            .GroupBy(one => one.Person).ToDictionary(some => some.Key, some => (IReadOnlyList<ReminderAddress>)[.. some]);
    }

    public async ValueTask<IReadOnlyList<SendResult>> Send(IReadOnlyList<OutgoingReminder> reminders, CancellationToken stopped)
    {
        using var turns = new SemaphoreSlim(AtOnce);
        return await Task.WhenAll(reminders.Select(async reminder =>
        {
            var text = PushText.Of(reminder);
            return Together(await Task.WhenAll(reminder.Addresses.Cast<PushSubscription>().Select(to => InTurn(turns, reminder, text, to, stopped))));
        }));
    }

    public void Dispose() => client.Dispose();

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
            var result = await Push(reminder, text, to);
            answered = result.End is SendEnd.Sent or SendEnd.Refused;
            return result;
        }
        finally
        {
            services.Ended(to.Service, answered, clock.GetCurrentInstant(), Random.Shared.NextDouble());
        }
    }

    private async Task<SendResult> Push(OutgoingReminder reminder, byte[] text, PushSubscription to)
    {
        if (rules.Refuse(to.Endpoint) is { } wrong)
        {
            return new(SendEnd.Refused, $"the address of the push service {wrong}");
        }

        using var over = new CancellationTokenSource(Patience, time);
        try
        {
            using var request = Request(reminder, text, to);
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, over.Token);
            return Of(answer, to);
        }
        catch (HttpRequestException fault) when (fault.InnerException is AddressRefusedException refused)
        {
            return new(SendEnd.Refused, $"the push service cannot be called: {refused.Message}");
        }
        catch (HttpRequestException fault) when (fault.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
            or HttpRequestError.SecureConnectionError)
        {
            return new(SendEnd.Later, $"the push service cannot be reached: {fault.HttpRequestError}");
        }
        catch (OperationCanceledException) when (!over.IsCancellationRequested)
        {
            return new(SendEnd.Later, "the push service could not be connected to in time");
        }
        catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException or IOException)
        {
            return new(SendEnd.Unknown, "the push service did not answer");
        }
    }

    private HttpRequestMessage Request(OutgoingReminder reminder, byte[] text, PushSubscription to)
    {
        var (endpoint, now) = (new Uri(to.Endpoint), clock.GetCurrentInstant());
        var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = new ByteArrayContent(PushEncryption.Encrypt(text, to)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        request.Content.Headers.ContentEncoding.Add(PushEncryption.Coding);
        request.Headers.Authorization = identity.For(endpoint, now);
        // Of no use once the appointment has begun.
        var life = Duration.Max(ShortestLife, Duration.Min(reminder.Start - now, LongestLife));
        request.Headers.Add("TTL", Invariant($"{(long)life.TotalSeconds}"));
        request.Headers.Add("Urgency", "high");
        // What waits for a browser that is away gives way to what comes under the same name.
        request.Headers.Add("Topic", reminder.Id.ToString("N"));
        return request;
    }

    private SendResult Of(HttpResponseMessage answer, PushSubscription to)
    {
        var said = Invariant($"the push service said {(int)answer.StatusCode}");
        return answer.StatusCode switch
        {
            >= HttpStatusCode.OK and < HttpStatusCode.Ambiguous => SendResult.Sent,
            HttpStatusCode.NotFound or HttpStatusCode.Gone => new(SendEnd.Refused, said, Gone: [to]),
            HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError =>
                new(SendEnd.Later, said, RetryAfter.Of(answer, time)),
            // Other keys than it was subscribed for: for the operator to mend, and soon.
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new(SendEnd.Later, said),
            _ => new(SendEnd.Refused, said),
        };
    }
}
