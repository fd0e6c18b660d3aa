using System.Text.Json;
using System.Text.Json.Nodes;
using Kalends.Messages;
using Kalends.Messages.Json;
using Kalends.Server.Telemetry;

namespace Kalends.Server.Http;

/// <summary>
/// A query's answer as events: <c>item</c> as each is found, <c>status</c> now and then, <c>done</c> with what else the answer says, or <c>error</c> with the
/// problem. Until the first item nothing is sent, so what is refused before it is an ordinary problem. Whoever reads slowly is waited for, as long as a request
/// may take at all.
/// </summary>
internal sealed class AnswerStream : IItemSink
{
    /// <summary>A piece that is worth a packet of its own.</summary>
    private const int PieceBytes = 16 * 1024;

    private static readonly TimeSpan BetweenStatuses = TimeSpan.FromMilliseconds(250);

    private readonly HttpContext context;
    private readonly TimeProvider time;
    private long items;
    private long toldAt = long.MinValue;
    private bool isLeft;

    private AnswerStream(HttpContext context, TimeProvider time) => (this.context, this.time) = (context, time);

    public bool HasBegun { get; private set; }

    /// <param name="context">Of the request.</param>
    /// <param name="members">Those of the answer in whose place items come.</param>
    /// <param name="time">When to tell how far it is.</param>
    /// <param name="log">Told of bugs, once it is too late to answer one.</param>
    /// <param name="run">The query.</param>
    public static async Task Answer(
        HttpContext context, IReadOnlyList<string> members, TimeProvider time, ILogger log, Func<IItemSink, ValueTask<Reply>> run)
    {
        var stream = new AnswerStream(context, time);
        try
        {
            await stream.Answer(members, log, run);
        }
        catch (OperationCanceledException) when (stream.isLeft)
        {
            // Nobody is left to be told.
            context.Abort();
        }
    }

    public async ValueTask Send(IReadOnlyList<object> found, double progress, CancellationToken stopped)
    {
        stopped.ThrowIfCancellationRequested();
        Begin();
        foreach (var item in found)
        {
            items++;
            ServerSentEvents.Write(context.Response.BodyWriter, "item", WireJson.WriteAny(item));
            if (context.Response.BodyWriter.UnflushedBytes >= PieceBytes)
            {
                await Flush(stopped);
            }
        }

        if (toldAt == long.MinValue || time.GetElapsedTime(toldAt) >= BetweenStatuses)
        {
            toldAt = time.GetTimestamp();
            ServerSentEvents.Write(context.Response.BodyWriter, "status", WireJson.Write(new StreamStatus(items, Math.Round(Math.Clamp(progress, 0, 1), 3))));
        }

        await Flush(stopped);
    }

    private async Task Answer(IReadOnlyList<string> members, ILogger log, Func<IItemSink, ValueTask<Reply>> run)
    {
        Reply reply;
        try
        {
            reply = await run(this);
        }
        catch (Exception fault) when (HasBegun && !isLeft && !context.RequestAborted.IsCancellationRequested)
        {
            Log.Bug(log, fault, context.Request.Method, RequestWatch.RouteOf(context.GetEndpoint()), Problems.TraceId(context));
            reply = Reply.Refused(Faults.Bug);
        }

        await (reply.Refusal switch
        {
            null => End("done", Rest(reply.Result!, members, items)),
            { } refusal when HasBegun => End("error", WireJson.Write(Problems.Of(context, refusal))),
            { } refusal => Problems.Write(context, refusal),
        });
    }

    private async Task End(string name, byte[] json)
    {
        Begin();
        ServerSentEvents.Write(context.Response.BodyWriter, name, json);
        await Flush(context.RequestAborted);
    }

    private void Begin()
    {
        if (!HasBegun)
        {
            HasBegun = true;
            ServerSentEvents.Begin(context.Response);
        }
    }

    private async ValueTask Flush(CancellationToken stopped)
    {
        if ((await context.Response.BodyWriter.FlushAsync(stopped)).IsCompleted)
        {
            isLeft = true;
            throw new OperationCanceledException(context.RequestAborted);
        }
    }

    private static byte[] Rest(object result, IReadOnlyList<string> members, long items)
    {
        var rest = JsonSerializer.SerializeToNode(result, result.GetType(), WireJson.Options)!.AsObject();
        foreach (var member in members)
        {
            rest.Remove(member);
        }

        rest.Insert(0, "items", JsonValue.Create(items));
        return JsonSerializer.SerializeToUtf8Bytes(rest);
    }
}

/// <summary>How many items were sent, and how much of the search is done, from 0 to 1.</summary>
public sealed record StreamStatus(long Items, double Progress);
