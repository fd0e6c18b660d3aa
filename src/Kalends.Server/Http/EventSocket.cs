using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;
using Kalends.Messages;
using Kalends.Publications;

namespace Kalends.Server.Http;

/// <summary>
/// <c>GET /v1/events/ws</c>: the live feed over WebSocket (RFC 6455), each event a text message <c>{"id","event"}</c>, each heartbeat <c>{"id"}</c>. Nothing is
/// to be sent to it. A browser, which can set no headers, offers its token as a second subprotocol.
/// </summary>
internal sealed class EventSocket(EventStream stream, TimeProvider time)
{
    public const string Address = "/v1/events/ws";

    /// <summary>The one that is chosen; whoever offers a token offers it too, since a browser wants one of its offers chosen.</summary>
    public const string Protocol = "kalends.events.v1";

    /// <summary>Registered at IANA as "Unauthorized".</summary>
    private const WebSocketCloseStatus TokenIsOver = (WebSocketCloseStatus)3000;

    /// <summary>"Try again later", by the same registry.</summary>
    private const WebSocketCloseStatus TooSlow = (WebSocketCloseStatus)1013;

    /// <summary>Whoever takes nothing for so long is cut, as by the other addresses.</summary>
    private static readonly TimeSpan ForOneMessage = TimeSpan.FromSeconds(20);

    /// <summary>For the other side to say that it has heard of the end.</summary>
    private static readonly TimeSpan ForFarewell = TimeSpan.FromSeconds(2);

    public async Task Get(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            await Problems.Write(context, Refusal.Of(
                RefusalCode.Invalid, $"This address speaks WebSocket (RFC 6455) alone; GET {EventStream.Address} streams the same to everybody else."));
            return;
        }

        await stream.Serve(context, async (listening, ending) =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
            {
                SubProtocol = context.WebSockets.WebSocketRequestedProtocols.Contains(Protocol) ? Protocol : null,
                KeepAliveInterval = Feed.BetweenBeats,
                KeepAliveTimeout = ForOneMessage,
            });
            await Converse(socket, listening, ending);
        });
    }

    private async Task Converse(WebSocket socket, Listening listening, Ending ending)
    {
        using var left = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
        var hearing = Hear(socket);
        _ = EndAfter(hearing, left);
        try
        {
            await foreach (var item in listening.Items(left.Token))
            {
                await Send(socket, item);
            }

            await Close(socket, TooSlow, "too many events wait: go on after the last id");
        }
        catch (OperationCanceledException) when (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
        {
            await Close(socket, hearing.IsCompleted ? await hearing : ending.IsTokenOver() ? TokenIsOver : WebSocketCloseStatus.EndpointUnavailable, null);
        }
        catch (Exception gone) when (gone is WebSocketException or OperationCanceledException)
        {
            // The line is broken, or nobody reads it: the last id goes on.
            socket.Abort();
        }

        await Task.WhenAny(hearing, Task.Delay(ForFarewell, time));
    }

    /// <summary>The first thing that is heard is the end: a farewell, or something that nobody is to say here. The answer is how to end for it.</summary>
    private static async Task<WebSocketCloseStatus> Hear(WebSocket socket)
    {
        try
        {
            var heard = await socket.ReceiveAsync(new byte[128], CancellationToken.None);
            return heard.MessageType == WebSocketMessageType.Close ? WebSocketCloseStatus.NormalClosure : WebSocketCloseStatus.PolicyViolation;
        }
        catch (Exception gone) when (gone is WebSocketException or OperationCanceledException or ObjectDisposedException or IOException)
        {
            return WebSocketCloseStatus.NormalClosure;
        }
    }

    /// <summary>Only once it is known what was heard, so that it is said.</summary>
    private static async Task EndAfter(Task hearing, CancellationTokenSource left)
    {
        await hearing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            await left.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // The conversation is over already.
        }
    }

    private async Task Send(WebSocket socket, FeedItem item)
    {
        var text = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(text))
        {
            writer.WriteStartObject();
            writer.WriteString("id", item.Id);
            if (item.Json is { } json)
            {
                writer.WritePropertyName("event");
                writer.WriteRawValue(json, skipInputValidation: true);
            }

            writer.WriteEndObject();
        }

        using var enough = new CancellationTokenSource(ForOneMessage, time);
        await socket.SendAsync(text.WrittenMemory, WebSocketMessageType.Text, endOfMessage: true, enough.Token);
    }

    private async Task Close(WebSocket socket, WebSocketCloseStatus status, string? reason)
    {
        using var enough = new CancellationTokenSource(ForFarewell, time);
        try
        {
            await socket.CloseOutputAsync(status, reason, enough.Token);
        }
        catch (Exception gone) when (gone is WebSocketException or OperationCanceledException)
        {
            socket.Abort();
        }
    }
}
