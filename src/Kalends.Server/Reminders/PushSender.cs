using System.Net;
using System.Net.Http.Headers;
using Kalends.Outgoing;
using Kalends.Reminders;
using Kalends.Reminders.Push;
using Kalends.Server.Outgoing;
using NodaTime;
using static System.FormattableString;

namespace Kalends.Server.Reminders;

/// <summary>
/// Posts one message to one browser's push service (RFC 8030 §5), by the guarded client. Of the answer it reads the head alone: what a stranger says is not
/// for us to keep, or to wait for.
/// </summary>
internal sealed class PushSender(PushIdentity identity, OutgoingRules rules, IClock clock, TimeProvider time) : IDisposable
{
    /// <summary>Push services answer within a second.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly Duration ShortestLife = Duration.FromMinutes(1);

    /// <summary>Services keep nothing longer.</summary>
    private static readonly Duration LongestLife = Duration.FromDays(28);

    private readonly HttpClient client = GuardedHttp.Client(rules);

    public async ValueTask<SendResult> Send(OutgoingReminder reminder, byte[] text, PushSubscription to)
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

    public void Dispose() => client.Dispose();

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
