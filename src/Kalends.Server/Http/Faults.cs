using Kalends.Messages;
using Kalends.Server.Telemetry;
using Kalends.Storage;

namespace Kalends.Server.Http;

/// <summary>The outermost step of every request: whatever goes wrong inside it leaves as a problem, and a bug with no inside detail.</summary>
internal sealed class Faults(RequestDelegate next, ILogger<Faults> log)
{
    public static readonly Refusal Bug = Refusal.Of(RefusalCode.Bug, "The fault is ours and has been noted; the trace id finds it.");

    public async Task InvokeAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "no-store";
        try
        {
            await next(context);
            await FillEmpty(context);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is left to be answered; 499 is what logs show for it.
            context.Response.StatusCode = context.Response.HasStarted ? context.Response.StatusCode : StatusCodes.Status499ClientClosedRequest;
        }
        catch (BadHttpRequestException fault)
        {
            await Answer(context, Of(fault));
        }
        catch (StoreUnavailableException fault)
        {
            await Answer(context, Refusal.Of(RefusalCode.Unavailable, fault.Message) with { RetryAfterSeconds = 1 });
        }
        catch (Exception fault)
        {
            Log.Bug(log, fault, context.Request.Method, RequestWatch.RouteOf(context.GetEndpoint()), Problems.TraceId(context));
            await Answer(context, Bug);
        }
    }

    /// <summary>The router answers what it does not know with a bare status.</summary>
    private static Task FillEmpty(HttpContext context) => context.Response switch
    {
        { HasStarted: true } or { ContentType: not null } => Task.CompletedTask,
        { StatusCode: StatusCodes.Status404NotFound } =>
            Problems.Write(context, Refusal.Of(RefusalCode.NotFound, "There is nothing at this address.")),
        { StatusCode: StatusCodes.Status405MethodNotAllowed } => Problems.Write(
            context,
            Refusal.Of(RefusalCode.MethodNotAllowed, $"This address takes {context.Response.Headers.Allow}.")),
        _ => Task.CompletedTask,
    };

    private static async Task Answer(HttpContext context, Refusal refusal)
    {
        if (context.Response.HasStarted)
        {
            // Half an answer must not look like a whole one.
            context.Abort();
            return;
        }

        await Problems.Write(context, refusal);
    }

    private static Refusal Of(BadHttpRequestException fault) => fault.StatusCode switch
    {
        StatusCodes.Status408RequestTimeout => Refusal.Of(RefusalCode.TooSlow, "The body came in too slowly."),
        StatusCodes.Status413PayloadTooLarge => Refusal.Of(RefusalCode.TooLarge, "The body is longer than this address takes."),
        _ => Refusal.Of(RefusalCode.Invalid, fault.Message),
    };
}
