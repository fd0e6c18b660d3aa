namespace Kalends.Server.Telemetry;

/// <summary>What is logged of requests and of watching: names of messages and codes, ids of requests and traces, and nothing that anybody wrote.</summary>
internal static partial class TelemetryLog
{
    /// <summary>A category of its own, so that the lines of requests can be switched by themselves.</summary>
    public const string Requests = "Kalends.Requests";

    [LoggerMessage(1201, LogLevel.Warning, "The store's figures cannot be had just now: {Reason}")]
    public static partial void NotWatched(ILogger logger, string reason);

    [LoggerMessage(1202, LogLevel.Information, "{Message}: {Outcome} ({Status}) in {Milliseconds:F1} ms; request {RequestId}, trace {TraceId}")]
    public static partial void Answered(
        ILogger logger, string message, string outcome, int status, double milliseconds, string requestId, string traceId);
}
