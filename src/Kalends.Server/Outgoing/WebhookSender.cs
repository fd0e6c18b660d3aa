using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Kalends.Outgoing;
using Kalends.Webhooks;
using NodaTime;

namespace Kalends.Server.Outgoing;

/// <summary>Posts events to receivers. Of an answer it keeps the status alone: what a receiver says could be somebody else's secret.</summary>
internal sealed class WebhookSender(OutgoingRules rules, TimeProvider time) : IWebhookSender, IDisposable
{
    /// <summary>Read of an answer so that the connection can be used again; of a longer one it is closed.</summary>
    private const int MostRead = 8 * 1024;

    private readonly HttpClient client = GuardedHttp.Client(rules);

    public async ValueTask<WebhookAnswer> Post(Uri uri, IReadOnlyList<(string Name, string Value)> headers, byte[] json, CancellationToken stopped)
    {
        if (rules.Refuse(uri.OriginalString) is { } wrong)
        {
            return new(null, $"its address {wrong}");
        }

        using var over = new CancellationTokenSource(IWebhookSender.Longest.ToTimeSpan(), time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stopped, over.Token);
        try
        {
            using var request = Request(uri, headers, json);
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, end.Token);
            await ReadSome(response, end.Token);
            return Answer(response);
        }
        catch (OperationCanceledException) when (!stopped.IsCancellationRequested)
        {
            return new(
                null, over.IsCancellationRequested ? $"did not answer within {IWebhookSender.Longest.TotalSeconds} s" : "could not be connected to in time");
        }
        catch (HttpRequestException fault)
        {
            return new(null, Why(fault));
        }
        catch (IOException)
        {
            return new(null, "broke off its answer");
        }
    }

    public void Dispose() => client.Dispose();

    private static HttpRequestMessage Request(Uri uri, IReadOnlyList<(string Name, string Value)> headers, byte[] json)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, uri) { Content = new ByteArrayContent(json) };
        request.Content.Headers.ContentType = new("application/cloudevents+json") { CharSet = "utf-8" };
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("Kalends", "1"));
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }

    private static async Task ReadSome(HttpResponseMessage response, CancellationToken stopped)
    {
        await using var body = await response.Content.ReadAsStreamAsync(stopped);
        var buffer = new byte[MostRead];
        for (var read = 0; read < MostRead && await body.ReadAsync(buffer.AsMemory(read), stopped) is var more and > 0;)
        {
            read += more;
        }
    }

    private WebhookAnswer Answer(HttpResponseMessage response)
    {
        var status = (int)response.StatusCode;
        return response.IsSuccessStatusCode ? new(status, null)
            : new(status, string.Create(CultureInfo.InvariantCulture, $"answered {status}"), After(response));
    }

    private Duration? After(HttpResponseMessage response) =>
        response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable ? RetryAfter.Of(response, time) : null;

    private static string Why(HttpRequestException fault) => fault switch
    {
        { InnerException: AddressRefusedException refused } => refused.Message,
        { HttpRequestError: HttpRequestError.NameResolutionError } => "its name is not known",
        { HttpRequestError: HttpRequestError.SecureConnectionError } => "TLS failed",
        { InnerException: SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } } =>
            "its name is not known",
        { InnerException: SocketException { SocketErrorCode: SocketError.ConnectionRefused } } => "refused the connection",
        { HttpRequestError: HttpRequestError.ConnectionError } => "could not be connected to",
        _ => "did not answer as HTTP",
    };
}
