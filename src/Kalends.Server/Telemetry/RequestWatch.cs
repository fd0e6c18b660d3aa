using System.Diagnostics;
using System.Diagnostics.Metrics;
using Kalends.Messages;
using Kalends.Server.Http;
using Kalends.Server.Http.Bearer;

namespace Kalends.Server.Telemetry;

/// <summary>Which code the answer's problem bears; an answer without it is none.</summary>
internal sealed record ProblemAnswered(string Code);

/// <summary>
/// Around every request: counts the problems that are answered, names the request's span by its route and never by its address, which may say people's ids, and
/// writes a line of log where those are wanted.
/// </summary>
internal sealed class RequestWatch(RequestDelegate next, AppNames apps, TimeProvider time, ILoggerFactory logs)
{
    private static readonly Meter Meter = new("Kalends");

    private static readonly Counter<long> Answered = Meter.CreateCounter<long>(
        "kalends.request.problems", "{answer}", "Problems answered, by code, status and application; applications beyond the first fifty are one, other");

    private readonly ILogger log = logs.CreateLogger(TelemetryLog.Requests);

    public async Task InvokeAsync(HttpContext context)
    {
        var (began, span) = (time.GetTimestamp(), Activity.Current);
        try
        {
            await next(context);
        }
        finally
        {
            var endpoint = context.GetEndpoint();
            var status = context.Response.StatusCode;
            Count(context, status);
            Name(span, context, endpoint, status);
            if (log.IsEnabled(LogLevel.Information))
            {
                TelemetryLog.Answered(
                    log, endpoint?.Metadata.GetMetadata<CatalogueEntry>()?.Name ?? RouteOf(endpoint), OutcomeOf(context, status), status,
                    time.GetElapsedTime(began).TotalMilliseconds, context.TraceIdentifier, span?.TraceId.ToHexString() ?? "");
            }
        }
    }

    private void Count(HttpContext context, int status)
    {
        if (context.Features.Get<ProblemAnswered>() is { } problem)
        {
            Answered.Add(
                1, new KeyValuePair<string, object?>("code", problem.Code), new("status", status),
                new("app", apps.Bounded(context.Features.Get<Caller>()?.App)));
        }
    }

    private static void Name(Activity? span, HttpContext context, Endpoint? endpoint, int status)
    {
        if (span is not { IsAllDataRequested: true })
        {
            return;
        }

        if (endpoint?.Metadata.GetMetadata<Anonymous>() is not null || endpoint?.Metadata.GetMetadata<ForOperators>() is not null)
        {
            // Probes and scrapes come every few seconds, and say nothing.
            (span.IsAllDataRequested, span.ActivityTraceFlags) = (false, ActivityTraceFlags.None);
            return;
        }

        span.DisplayName = $"{context.Request.Method} {RouteOf(endpoint)}";
        span.SetTag("http.request.method", context.Request.Method).SetTag("http.route", RouteOf(endpoint)).SetTag("http.response.status_code", status)
            .SetStatus(status >= StatusCodes.Status500InternalServerError ? ActivityStatusCode.Error : ActivityStatusCode.Unset);
    }

    private static string OutcomeOf(HttpContext context, int status) => context.Features.Get<ProblemAnswered>()?.Code
        ?? (status == StatusCodes.Status499ClientClosedRequest || context.RequestAborted.IsCancellationRequested ? "aborted" : "done");

    /// <summary>In place of the address, which may name people.</summary>
    public static string RouteOf(Endpoint? endpoint) => (endpoint as RouteEndpoint)?.RoutePattern.RawText ?? "(unknown)";
}
