using Kalends.Messages;
using Kalends.Messages.Json;
using Kalends.Publications;
using Kalends.Server.Http.Bearer;
using Microsoft.AspNetCore.Http.Features;

namespace Kalends.Server.Http;

/// <summary>
/// A result that changes until it is over, as events: <c>status</c> with each change, <c>done</c> with what it is in the end, or <c>error</c>. It is asked for
/// again and again, as who polls would, with the caller's rights; who follows counts as a listener. It ends with the token, and with the process.
/// </summary>
internal sealed class ChangeStream(Feed feed, BearerTokens tokens, TimeProvider time, IHostApplicationLifetime process)
{
    /// <summary>The pause grows from the first to the last: most operations are over soon.</summary>
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private static readonly byte[] Beat = ": heartbeat\n\n"u8.ToArray();

    public async Task Follow(HttpContext context, Func<ValueTask<Reply>> ask)
    {
        var reply = await ask();
        if (reply.Refusal is not null)
        {
            await Answers.Write(context, reply);
            return;
        }

        var taken = feed.TakeSeat(context.Features.GetRequiredFeature<Caller>());
        if (taken.Refusal is { } refusal)
        {
            await Problems.Write(context, refusal);
            return;
        }

        using var seat = taken.Value;
        using var ending = new CancellationTokenSource(EventStream.Left(tokens, context.Request), time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, process.ApplicationStopping, ending.Token);
        ServerSentEvents.Begin(context.Response);
        try
        {
            await Follow(context, reply, ask, end.Token);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            // The last event is whole, and whoever wants to know more asks again.
            await context.Response.BodyWriter.FlushAsync(CancellationToken.None);
        }
    }

    private async Task Follow(HttpContext context, Reply reply, Func<ValueTask<Reply>> ask, CancellationToken stopped)
    {
        var (writer, last, pause, beatAt) = (context.Response.BodyWriter, Array.Empty<byte>(), ShortestPause, time.GetTimestamp());
        while (true)
        {
            var isOver = reply.Result is not IChangesUntilOver { IsOver: false };
            var json = reply.Refusal is { } refusal ? WireJson.Write(Problems.Of(context, refusal)) : WireJson.WriteAny(reply.Result!);
            if (!json.AsSpan().SequenceEqual(last))
            {
                ServerSentEvents.Write(writer, reply.Refusal is not null ? "error" : isOver ? "done" : "status", json);
                await writer.FlushAsync(stopped);
                (last, beatAt) = (json, time.GetTimestamp());
            }
            else if (time.GetElapsedTime(beatAt) >= Feed.BetweenBeats)
            {
                ServerSentEvents.Put(writer, Beat);
                await writer.FlushAsync(stopped);
                beatAt = time.GetTimestamp();
            }

            if (isOver)
            {
                return;
            }

            await Task.Delay(pause, time, stopped);
            pause = pause * 1.5 < LongestPause ? pause * 1.5 : LongestPause;
            reply = await ask();
        }
    }
}
