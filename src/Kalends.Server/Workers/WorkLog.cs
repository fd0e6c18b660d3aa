namespace Kalends.Server.Workers;

/// <summary>What workers log: ids, kinds and reasons, never what is in a message.</summary>
internal static partial class WorkLog
{
    [LoggerMessage(1101, LogLevel.Information, "{Workers} workers on each of the queues {Queues}")]
    public static partial void Started(ILogger logger, int workers, string queues);

    [LoggerMessage(1102, LogLevel.Debug, "{Kind} {Id} of {Tenant}: done in {Milliseconds:F0} ms")]
    public static partial void Done(ILogger logger, string kind, long id, string tenant, double milliseconds);

    [LoggerMessage(1103, LogLevel.Information, "{Kind} {Id} of {Tenant}: later, for {Reason}")]
    public static partial void Later(ILogger logger, string kind, long id, string tenant, string reason);

    [LoggerMessage(1104, LogLevel.Warning, "{Kind} {Id} of {Tenant}: run {Reads} came to no end")]
    public static partial void Failed(ILogger logger, Exception fault, string kind, long id, string tenant, int reads);

    [LoggerMessage(1105, LogLevel.Error, "{Kind} {Id} of {Tenant}: shelved as a dead letter, for {Reason}")]
    public static partial void Dead(ILogger logger, string kind, long id, string tenant, string reason);

    [LoggerMessage(1106, LogLevel.Warning, "{Kind} {Id} of {Tenant}: another worker has it now, so nothing of it was kept here")]
    public static partial void Lost(ILogger logger, string kind, long id, string tenant);

    [LoggerMessage(1107, LogLevel.Warning, "The queue {Queue} cannot be read just now: {Reason}")]
    public static partial void Unreadable(ILogger logger, string queue, string reason);

    [LoggerMessage(1108, LogLevel.Error, "{Kind} {Id}: what is to be told of its failure could not be; it is shelved all the same")]
    public static partial void NotTold(ILogger logger, Exception fault, string kind, long id);

    [LoggerMessage(1111, LogLevel.Warning, "The schedules cannot be seen to just now: {Reason}")]
    public static partial void NotPlanted(ILogger logger, string reason);

    [LoggerMessage(1112, LogLevel.Warning, "Reminders are not as good as they should be: {Fault}")]
    public static partial void Unfit(ILogger logger, string fault);

    [LoggerMessage(1109, LogLevel.Information, "The workers stop; in hand: {Running}")]
    public static partial void Stopping(ILogger logger, int running);

    [LoggerMessage(1110, LogLevel.Warning, "{Kind} {Id} of {Tenant}: what came of it could not be written ({Reason}); it will be read again")]
    public static partial void NotWritten(ILogger logger, string kind, long id, string tenant, string reason);

    [LoggerMessage(1111, LogLevel.Warning, "What is published cannot be looked at for webhooks just now: {Reason}")]
    public static partial void NotWatched(ILogger logger, string reason);
}
