using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Kalends.Bench.Load;

/// <summary>
/// HTTP/1.1 (RFC 9112) over one connection, on the caller's own thread, which sleeps until the answer is there, and counts its bytes: as little beside the server
/// as pgbench is beside the database. Who makes objects of each answer, or wakes others for it, measures himself with it.
/// </summary>
public sealed class BareHttp : IDisposable
{
    /// <summary>A server hangs up on who is silent for long, as beside a measurement of something else.</summary>
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(60);

    private const int MostMilliseconds = 100_000;

    private readonly Uri server;
    private readonly string head;
    private readonly byte[] read = new byte[1 << 18];
    private byte[] asked = new byte[1 << 16];
    private Socket? connected;
    private long askedAt;
    private int from;
    private int to;

    /// <param name="server">Its address.</param>
    /// <param name="token">Of who asks.</param>
    public BareHttp(Uri server, string token)
    {
        ArgumentNullException.ThrowIfNull(server);
        this.server = server;
        head = $"HTTP/1.1\r\nHost: {server.Authority}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: ";
    }

    public void Dispose() => connected?.Dispose();

    /// <summary>The answer is how many bytes came; what is not answered with 200 is thrown.</summary>
    public long Post(string path, string body)
    {
        var text = $"POST /v1/{path} {head}{Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}";
        asked = asked.Length < Encoding.UTF8.GetMaxByteCount(text.Length) ? new byte[Encoding.UTF8.GetMaxByteCount(text.Length)] : asked;
        var socket = Connected();
        for (var (sent, all) = (0, Encoding.UTF8.GetBytes(text, asked)); sent < all;)
        {
            sent += socket.Send(asked.AsSpan(sent, all - sent));
        }

        var status = Line(line => Encoding.UTF8.GetString(line));
        var length = 0L;
        var isChunked = false;
        for (var more = true; more;)
        {
            more = Line(line =>
            {
                length = line.StartsWith("Content-Length: "u8) && Utf8Parser.TryParse(line[16..], out long stated, out _) ? stated : length;
                isChunked |= line.StartsWith("Transfer-Encoding: chunked"u8);
                return line.Length > 0;
            });
        }

        if (!status.StartsWith("HTTP/1.1 200", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"{status}: {Encoding.UTF8.GetString(read, from, to - from)}");
        }

        return isChunked ? Chunks() : Skip(length);
    }

    private Socket Connected()
    {
        if (connected is null || Stopwatch.GetElapsedTime(askedAt) > LongestSilence)
        {
            connected?.Dispose();
            connected = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = MostMilliseconds };
            connected.Connect(server.Host, server.Port);
        }

        askedAt = Stopwatch.GetTimestamp();
        return connected;
    }

    private long Chunks()
    {
        for (var sum = 0L; ;)
        {
            var size = Line(line => Utf8Parser.TryParse(line, out long stated, out _, 'x') ? stated : throw new FormatException("not the size of a chunk"));
            sum += Skip(size);
            // Of an end, the line after the trailers, of which the server sends none.
            Line(line => line.Length);
            if (size == 0)
            {
                return sum;
            }
        }
    }

    private T Line<T>(Func<ReadOnlySpan<byte>, T> take)
    {
        int end;
        while ((end = read.AsSpan(from, to - from).IndexOf("\r\n"u8)) < 0)
        {
            Receive();
        }

        var taken = take(read.AsSpan(from, end));
        from += end + 2;
        return taken;
    }

    private long Skip(long bytes)
    {
        for (var left = bytes; left > 0;)
        {
            if (from == to)
            {
                Receive();
            }

            var here = (int)Math.Min(left, to - from);
            (from, left) = (from + here, left - here);
        }

        return bytes;
    }

    private void Receive()
    {
        read.AsSpan(from, to - from).CopyTo(read);
        (from, to) = (0, to - from);
        var came = connected!.Receive(read.AsSpan(to));
        to += came > 0 ? came : throw new IOException(string.Create(CultureInfo.InvariantCulture, $"the server closed the connection after {to} bytes"));
    }
}
