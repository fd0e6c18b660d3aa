using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using Microsoft.Net.Http.Headers;

namespace Kalends.Server.Http;

/// <summary>
/// Takes an answer in pieces and sends it on as it grows, so that a large one is never whole in memory. Compression is decided when the
/// first piece leaves: an answer that ends before is short, so it goes as it is, with its length.
/// </summary>
internal sealed class AnswerPipe(HttpContext context, bool compressible) : PipeWriter, IDisposable
{
    /// <summary>Below this, compressing costs more than the bytes it saves.</summary>
    private const int WorthCompressing = 1_024;

    /// <summary>Less than the serializer holds before it asks for a flush (14 KB): it waits until that flush frees room.</summary>
    private const int PieceBytes = 8 * 1024;

    private byte[] buffer = ArrayPool<byte>.Shared.Rent(2 * PieceBytes);
    private int length;
    private Stream? target;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => length;

    public override void Advance(int bytes) => length += bytes;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (buffer.Length - length < Math.Max(sizeHint, 1))
        {
            var larger = ArrayPool<byte>.Shared.Rent(length + Math.Max(sizeHint, buffer.Length));
            buffer.AsSpan(0, length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }

        return buffer.AsMemory(length);
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>Sends what there is once it is a piece; less waits for more or for <see cref="Finish"/>.</summary>
    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (length >= PieceBytes)
        {
            await Send(last: false, cancellationToken);
        }

        return default;
    }

    public async Task Finish(CancellationToken stopped)
    {
        await Send(last: true, stopped);
        if (target != context.Response.Body)
        {
            await target!.DisposeAsync();
        }

        target = null;
    }

    public override void CancelPendingFlush()
    {
    }

    public override void Complete(Exception? exception = null)
    {
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(Interlocked.Exchange(ref buffer, []));

    private async Task Send(bool last, CancellationToken stopped)
    {
        target ??= Open(last);
        await target.WriteAsync(buffer.AsMemory(0, length), stopped);
        length = 0;
    }

    private Stream Open(bool last)
    {
        var headers = context.Response.Headers;
        var body = context.Response.Body;
        if (compressible)
        {
            headers.Vary = HeaderNames.AcceptEncoding;
        }

        if (compressible && length >= WorthCompressing && Accepted() is { } encoding)
        {
            headers.ContentEncoding = encoding;
            return encoding == "br"
                ? new BrotliStream(body, CompressionLevel.Fastest, leaveOpen: true)
                : new GZipStream(body, CompressionLevel.Fastest, leaveOpen: true);
        }

        if (last)
        {
            headers.ContentLength = length;
        }

        return body;
    }

    private string? Accepted()
    {
        var asked = context.Request.Headers.AcceptEncoding;
        if (asked.Count == 0 || !StringWithQualityHeaderValue.TryParseList(asked!, out var known))
        {
            return null;
        }

        bool Takes(string encoding) => known.Any(entry => entry.Quality != 0 && entry.Value.Equals(encoding, StringComparison.OrdinalIgnoreCase));
        return Takes("br") ? "br" : Takes("gzip") ? "gzip" : null;
    }
}
