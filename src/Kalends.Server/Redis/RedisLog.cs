namespace Kalends.Server.Redis;

/// <summary>What is logged of Redis: never its configuration, and nothing that anybody wrote.</summary>
internal static partial class RedisLog
{
    [LoggerMessage(1301, LogLevel.Warning, "Redis is away; commands go on, nothing is lost, and the streams catch up when it is back: {Reason}")]
    public static partial void Away(ILogger logger, string reason);

    [LoggerMessage(1302, LogLevel.Information, "Redis is there")]
    public static partial void There(ILogger logger);

    [LoggerMessage(1303, LogLevel.Warning, "The streams in Redis cannot be written to just now; nothing is lost, and they catch up: {Reason}")]
    public static partial void NotWritten(ILogger logger, string reason);

    [LoggerMessage(1304, LogLevel.Information, "The streams in Redis have caught up")]
    public static partial void Written(ILogger logger);
}
