using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Kalends.Appointments;
using Kalends.Reminders;
using Kalends.Server.Http;
using Kalends.Storage;
using NodaTime;
using static System.FormattableString;

namespace Kalends.Server.Reminders;

/// <summary>
/// SMS through a provider that takes what Twilio's Messages resource takes: a form to /2010-04-01/Accounts/{account}/Messages.json, answered by 201 or by an
/// error in JSON. The address is the operator's choice; nowhere else is gone, so redirects are not followed. An idempotency token goes along for providers
/// that know one.
/// </summary>
internal sealed class SmsChannel : IReminderChannel, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Of an answer; more is not read.</summary>
    private const int LongestAnswer = 64 * 1024;

    private const string NoAnswer = "the provider did not answer";

    private readonly HttpClient client;
    private readonly SmsSettings settings;
    private readonly Uri messages;

    public SmsChannel(SmsSettings settings)
    {
        this.settings = settings;
        messages = new(new Uri(settings.BaseAddress), $"/2010-04-01/Accounts/{Uri.EscapeDataString(settings.Account!)}/Messages.json");
        client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(5) })
        {
            Timeout = Patience, MaxResponseContentBufferSize = LongestAnswer,
        };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{settings.Account}:{settings.AuthToken}")));
    }

    public ReminderChannel Kind => ReminderChannel.Sms;

    public ValueTask<IReadOnlyDictionary<CalendarId, IReadOnlyList<ReminderAddress>>> AddressesOf(IReadOnlyCollection<Calendar> people, IReadSession session) =>
        ReminderAddress.In(people, person => person.Phone);

    public int AtOnce => 1;

    public async IAsyncEnumerable<IReadOnlyList<SendResult>> Send(
        IAsyncEnumerable<IReadOnlyList<OutgoingReminder>> reminders, [EnumeratorCancellation] CancellationToken stopped)
    {
        await foreach (var some in reminders.WithCancellation(stopped))
        {
            var result = stopped.IsCancellationRequested ? new(SendEnd.Later, "its process ended") : await Send(some.Single());
            yield return [result];
            // Whoever does not answer is not asked for the rest of the batch.
            if (result.End is SendEnd.Later or SendEnd.Unknown)
            {
                break;
            }
        }
    }

    public void Dispose() => client.Dispose();

    private async Task<SendResult> Send(OutgoingReminder reminder)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, messages)
        {
            Content = new FormUrlEncodedContent(
                [new("To", reminder.Address), new("From", settings.From!), new("Body", ReminderText.Sms(reminder))]),
        };
        request.Headers.Add("I-Twilio-Idempotency-Token", reminder.Id.ToString());
        try
        {
            using var answer = await client.SendAsync(request);
            return Of(answer, await answer.Content.ReadAsStringAsync());
        }
        catch (HttpRequestException fault) when (fault.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
            or HttpRequestError.SecureConnectionError)
        {
            return new(SendEnd.Later, $"the provider cannot be reached: {fault.HttpRequestError}");
        }
        catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException or IOException)
        {
            return new(SendEnd.Unknown, NoAnswer);
        }
    }

    private static SendResult Of(HttpResponseMessage answer, string body) => answer.StatusCode switch
    {
        // It names what it has taken; success without that is no answer.
        >= HttpStatusCode.OK and < HttpStatusCode.Ambiguous => Member(body, "sid") is { ValueKind: JsonValueKind.String }
            ? SendResult.Sent
            : new(SendEnd.Unknown, NoAnswer),
        HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError => new(SendEnd.Later, Said(answer, body), RetryAfter(answer)),
        // It is for the operator to mend, and soon.
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new(SendEnd.Later, Said(answer, body)),
        _ => new(SendEnd.Refused, Said(answer, body)),
    };

    private static Duration? RetryAfter(HttpResponseMessage answer) => answer.Headers.RetryAfter?.Delta is { } wait ? Duration.FromTimeSpan(wait) : null;

    /// <summary>The number of the error and not its words, which may repeat what was sent.</summary>
    private static string Said(HttpResponseMessage answer, string body) =>
        Member(body, "code") is { ValueKind: JsonValueKind.Number } code && code.TryGetInt32(out var number)
            ? Invariant($"the provider said {(int)answer.StatusCode}, error {number}")
            : Invariant($"the provider said {(int)answer.StatusCode}");

    private static JsonElement? Member(string body, string name)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty(name, out var member) ? member.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
