using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using NodaTime;

namespace Kalends.Tests.Http;

/// <summary>The live feed over WebSocket, by a real client.</summary>
public sealed class SocketTests(EdgeHost host) : IClassFixture<EdgeHost>
{
    private const string Save = """{"appointments":[{"title":"Budget","start":"2026-11-23T09:00:00","timeZone":"UTC","duration":"PT1H"}]}""";

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_come_as_messages_the_same_as_those_of_the_stream_and_go_on_after_an_id()
    {
        using var socket = await Open(host, "?calendar=user%3Aana&type=kalends.appointment.created.v1", EdgeHost.Token());
        var start = await Message(socket);
        Assert.Equal(["id"], start.AsObject().Select(member => member.Key));
        using var stream = await host.Ana.GetAsync(new Uri("/v1/events", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Stopped);
        using var reader = new StreamReader(await stream.Content.ReadAsStreamAsync(Stopped));
        await Line(reader, "id: ");
        var first = await Saved();
        var told = await Message(socket);
        Assert.Equal(await Line(reader, "data: "), told["event"]!.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
        Assert.Equal(first, (string)told["event"]!["subject"]!);
        var second = await Saved();
        using var again = await Open(host, $"?lastEventId={(string)told["id"]!}", EdgeHost.Token());
        await Message(again);
        Assert.Equal(second, (string)(await Message(again))["event"]!["subject"]!);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Stopped);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
    }

    [Fact]
    public async Task A_browser_sends_its_token_as_a_subprotocol_that_is_never_chosen()
    {
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("kalends.events.v1");
        socket.Options.AddSubProtocol("kalends.bearer." + EdgeHost.Token());
        await socket.ConnectAsync(Address(host, ""), Stopped);
        Assert.Equal("kalends.events.v1", socket.SubProtocol);
        await Message(socket);
        foreach (var (token, status) in new[]
        {
            ("", HttpStatusCode.Unauthorized), ("x.y.z", HttpStatusCode.Unauthorized), (EdgeHost.Token(scope: "kalends.write"), HttpStatusCode.Forbidden),
        })
        {
            using var refused = new ClientWebSocket();
            refused.Options.CollectHttpResponseDetails = true;
            refused.Options.AddSubProtocol("kalends.events.v1");
            if (token.Length > 0)
            {
                refused.Options.AddSubProtocol("kalends.bearer." + token);
            }

            await Assert.ThrowsAsync<WebSocketException>(() => refused.ConnectAsync(Address(host, ""), Stopped));
            Assert.Equal(status, refused.HttpStatusCode);
        }

        // Elsewhere a subprotocol is no token.
        using var other = new HttpRequestMessage(HttpMethod.Get, new Uri("/v1/limits", UriKind.Relative));
        other.Headers.TryAddWithoutValidation("Sec-WebSocket-Protocol", "kalends.bearer." + EdgeHost.Token());
        await (await host.Stranger.SendAsync(other, Stopped)).Problem(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Fact]
    public async Task What_is_no_WebSocket_or_asks_wrongly_is_refused_as_everywhere()
    {
        await (await host.Ana.Get("/v1/events/ws")).Problem(HttpStatusCode.BadRequest, "invalid");
        using var wrong = new ClientWebSocket();
        wrong.Options.CollectHttpResponseDetails = true;
        wrong.Options.SetRequestHeader("Authorization", "Bearer " + EdgeHost.Token());
        await Assert.ThrowsAsync<WebSocketException>(() => wrong.ConnectAsync(Address(host, "?colour=red"), Stopped));
        Assert.Equal(HttpStatusCode.BadRequest, wrong.HttpStatusCode);
    }

    [Fact]
    public async Task Who_speaks_is_shown_out()
    {
        using var socket = await Open(host, "", EdgeHost.Token());
        await Message(socket);
        await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, Stopped);
        Assert.Equal(WebSocketCloseStatus.PolicyViolation, await Closed(socket));
    }

    [Fact]
    public async Task It_ends_with_its_token()
    {
        var token = EdgeHost.Key.Token("acme", new("user:brief"), "web", ["kalends.read"], Duration.FromSeconds(-28));
        using var socket = await Open(host, "", token);
        Assert.Equal((WebSocketCloseStatus)3000, await Closed(socket));
    }

    [Fact]
    public async Task A_process_that_stops_says_so()
    {
        await using var own = await EdgeHost.Start();
        using var socket = await Open(own, "", EdgeHost.Token());
        await Message(socket);
        var closed = Closed(socket);
        await own.Stop().WaitAsync(TimeSpan.FromSeconds(8), Stopped);
        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, await closed);
    }

    [Fact]
    public async Task Who_reads_too_slowly_is_shown_out_and_misses_nothing_by_going_on_after_the_last_id()
    {
        var token = EdgeHost.Token("user:slowly");
        using var slowly = host.As(token);
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", "Bearer " + token);
        using var narrow = new HttpMessageInvoker(new SocketsHttpHandler { ConnectCallback = Narrow });
        await socket.ConnectAsync(Address(host, "?calendar=user%3Aslowly"), narrow, Stopped);
        var last = (string)(await Message(socket))["id"]!;
        var ids = new List<string>();
        // More than lines hold, and a thousand.
        for (var command = 0; command < 8; command++)
        {
            ids.AddRange(await SaveMany(slowly, 1_000));
        }

        var heard = new List<string>();
        while (await MessageOrEnd(socket) is { } told)
        {
            last = (string)told["id"]!;
            Note(heard, told);
        }

        Assert.Equal((WebSocketCloseStatus)1013, socket.CloseStatus);
        Assert.InRange(heard.Count, 1_000, ids.Count - 1);
        using var again = await Open(host, $"?calendar=user%3Aslowly&lastEventId={last}", token);
        while (heard.Count < ids.Count)
        {
            Note(heard, await Message(again));
        }

        Assert.Equal(ids, heard);
    }

    private static void Note(List<string> heard, JsonNode told)
    {
        if (told["event"] is { } one)
        {
            heard.Add((string)one["subject"]!);
        }
    }

    /// <summary>So that what is sent and not read is soon more than the line holds.</summary>
    private static async ValueTask<Stream> Narrow(SocketsHttpConnectionContext context, CancellationToken stopped)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4_096 };
        await socket.ConnectAsync(context.DnsEndPoint, stopped);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static async Task<IEnumerable<string>> SaveMany(HttpClient client, int count)
    {
        var one = $$"""{"title":"{{new string('x', 1_000)}}","start":"2026-11-23T09:00:00","timeZone":"UTC","duration":"PT1H"}""";
        using var answer = await client.Post("/v1/commands/save-appointments", $$"""{"appointments":[{{string.Join(',', Enumerable.Repeat(one, count))}}]}""");
        return (await answer.Json()).GetProperty("saved").EnumerateArray().Select(saved => saved.Text("id"));
    }

    private static Uri Address(EdgeHost host, string query) => new($"ws://127.0.0.1:{host.Address.Port}/v1/events/ws{query}");

    private static async Task<ClientWebSocket> Open(EdgeHost host, string query, string token)
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", "Bearer " + token);
        await socket.ConnectAsync(Address(host, query), Stopped);
        return socket;
    }

    private static async Task<JsonNode> Message(ClientWebSocket socket)
    {
        var told = await MessageOrEnd(socket);
        Assert.True(told is not null, $"it was closed: {socket.CloseStatus}");
        return told;
    }

    private static async Task<JsonNode?> MessageOrEnd(ClientWebSocket socket)
    {
        using var whole = new MemoryStream();
        var buffer = new byte[8_192];
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer, Stopped).WaitAsync(TimeSpan.FromSeconds(20), Stopped);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            whole.Write(buffer, 0, part.Count);
            if (part.EndOfMessage)
            {
                return JsonNode.Parse(Encoding.UTF8.GetString(whole.ToArray()))!;
            }
        }
    }

    private static async Task<WebSocketCloseStatus?> Closed(ClientWebSocket socket)
    {
        var buffer = new byte[8_192];
        while ((await socket.ReceiveAsync(buffer, Stopped).WaitAsync(TimeSpan.FromSeconds(20), Stopped)).MessageType != WebSocketMessageType.Close)
        {
            // Events, or heartbeats.
        }

        var status = socket.CloseStatus;
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Stopped);
        return status;
    }

    private static async Task<string> Line(StreamReader reader, string prefix)
    {
        while (await reader.ReadLineAsync(Stopped).AsTask().WaitAsync(TimeSpan.FromSeconds(20), Stopped) is { } line)
        {
            if (line.StartsWith(prefix, StringComparison.Ordinal))
            {
                return line[prefix.Length..];
            }
        }

        throw new EndOfStreamException();
    }

    private async Task<string> Saved()
    {
        using var answer = await host.Ana.Post("/v1/commands/save-appointments", Save);
        return (await answer.Json()).GetProperty("saved")[0].Text("id");
    }
}
