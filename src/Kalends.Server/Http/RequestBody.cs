using System.Buffers;
using System.IO.Compression;
using Kalends.Messages;

namespace Kalends.Server.Http;

/// <summary>
/// A body that has wholly arrived, inflated, in a pooled buffer. Its limit holds while it is read, for what is sent and for what that
/// inflates to, so that neither a long body nor a bomb is ever held.
/// </summary>
internal sealed class RequestBody(BodyMemory memory) : IDisposable
{
    private const int FirstBytes = 16 * 1024;

    private byte[] buffer = [];
    private int length;

    public ReadOnlyMemory<byte> Bytes => buffer.AsMemory(0, length);

    /// <summary>Fills this body; null when that went well.</summary>
    public async ValueTask<Refusal?> Read(HttpContext context, int longest, LimitSettings limits)
    {
        if (context.Request.ContentLength > longest)
        {
            return TooLong(longest);
        }

        var sent = new CountedStream(context.Request.Body, longest);
        if (Inflate(context, sent) is not { } body)
        {
            context.Response.Headers.AcceptEncoding = "gzip, deflate, br";
            return Refusal.Of(RefusalCode.UnsupportedMediaType, "Content-Encoding must be gzip, deflate or br, or be left out.");
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        stop.CancelAfter(TimeSpan.FromSeconds(limits.BodySeconds));
        try
        {
            return await ReadAll(body, longest, stop.Token);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            return Refusal.Of(RefusalCode.TooSlow, $"The body took longer than {limits.BodySeconds} seconds to arrive.");
        }
        catch (Exception fault) when (fault is InvalidDataException or InvalidOperationException)
        {
            return sent.IsTooLong
                ? TooLong(longest)
                : Refusal.Of(RefusalCode.Invalid, $"The body is not valid {context.Request.Headers.ContentEncoding}.");
        }
    }

    public void Dispose() => Release(Interlocked.Exchange(ref buffer, []));

    private static Refusal TooLong(int longest) =>
        Refusal.Of(RefusalCode.TooLarge, $"The body is longer than the limit of {longest} bytes (inflated, where it is compressed).");

    private static Stream? Inflate(HttpContext context, Stream sent) =>
        context.Request.Headers.ContentEncoding.ToString().ToUpperInvariant() switch
        {
            "" or "IDENTITY" => sent,
            "GZIP" or "X-GZIP" => new GZipStream(sent, CompressionMode.Decompress),
            "DEFLATE" => new ZLibStream(sent, CompressionMode.Decompress),
            "BR" => new BrotliStream(sent, CompressionMode.Decompress),
            _ => null,
        };

    private async ValueTask<Refusal?> ReadAll(Stream body, int longest, CancellationToken stopped)
    {
        await using (body)
        {
            while (true)
            {
                if (length == buffer.Length && !Grow(Math.Min(Math.Max(FirstBytes, length * 2), longest + 1)))
                {
                    return Refusal.Of(RefusalCode.Unavailable, "Too many large bodies are under way; try again.") with { RetryAfterSeconds = 1 };
                }

                var read = await body.ReadAsync(buffer.AsMemory(length), stopped);
                length += read;
                if (length > longest)
                {
                    return TooLong(longest);
                }

                if (read == 0)
                {
                    return null;
                }
            }
        }
    }

    private bool Grow(int atLeast)
    {
        if (!memory.Take(atLeast, out var larger))
        {
            return false;
        }

        Bytes.Span.CopyTo(larger);
        Release(Interlocked.Exchange(ref buffer, larger));
        return true;
    }

    private void Release(byte[] rented)
    {
        if (rented.Length > 0)
        {
            memory.Return(rented);
        }
    }
}

/// <summary>The pool that bodies come from, with a bound on all that are held at one time.</summary>
internal sealed class BodyMemory(LimitSettings limits)
{
    private long held;

    public bool Take(int atLeast, out byte[] buffer)
    {
        buffer = ArrayPool<byte>.Shared.Rent(atLeast);
        if (Interlocked.Add(ref held, buffer.Length) <= limits.BodyBytesAtOnce)
        {
            return true;
        }

        Return(buffer);
        return false;
    }

    public void Return(byte[] buffer)
    {
        Interlocked.Add(ref held, -buffer.Length);
        ArrayPool<byte>.Shared.Return(buffer);
    }
}
