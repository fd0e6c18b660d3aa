namespace Kalends.Server.Http;

/// <summary>What the HTTP edge logs: one method each, with an id that stays.</summary>
internal static partial class Log
{
    [LoggerMessage(1001, LogLevel.Error, "{Method} {Route} failed; trace {TraceId}")]
    public static partial void Bug(ILogger logger, Exception fault, string method, string route, string traceId);

    [LoggerMessage(1002, LogLevel.Warning, "The issuer's keys cannot be had: {Reason}")]
    public static partial void NoKeys(ILogger logger, string reason);

    [LoggerMessage(1003, LogLevel.Warning, "The store is not ready: {Reason}")]
    public static partial void NotReady(ILogger logger, string reason);

    [LoggerMessage(1005, LogLevel.Warning, "{News}")]
    public static partial void StoreIsWorse(ILogger logger, string news);

    [LoggerMessage(1006, LogLevel.Information, "{News}")]
    public static partial void StoreIsBetter(ILogger logger, string news);

    [LoggerMessage(1004, LogLevel.Warning, "Development is switched on: tokens of the development key {KeyFile} are believed")]
    public static partial void Development(ILogger logger, string keyFile);

    [LoggerMessage(1010, LogLevel.Warning, "{Caution}")]
    public static partial void Caution(ILogger logger, string caution);

    [LoggerMessage(1011, LogLevel.Warning, "The store is not prepared for the time to come: {Reason}")]
    public static partial void NotPrepared(ILogger logger, string reason);

    [LoggerMessage(1012, LogLevel.Warning, "The trail could not be sealed just now: {Reason}")]
    public static partial void NotSealed(ILogger logger, string reason);

    [LoggerMessage(1014, LogLevel.Warning, "Views of calendars could not be written just now: {Reason}")]
    public static partial void NotCounted(ILogger logger, string reason);

    [LoggerMessage(1017, LogLevel.Error, "The live feed of a tenant failed; those who listened come again")]
    public static partial void FeedFailed(ILogger logger, Exception fault);
}
