namespace Kalends.Server.Http;

/// <summary>How this process works on queues, section <c>Kalends:Queue</c>.</summary>
public sealed record QueueSettings
{
    public const int MostWorkers = 256;

    public const int LongestLease = 3_600;

    /// <summary>Messages of each queue at once; 0: this process works on none.</summary>
    public int Workers { get; init; } = 2;

    /// <summary>
    /// A message is its worker's for so long, and longer while the worker says that it lives: so this is how long a message lies still whose process died.
    /// </summary>
    public int LeaseSeconds { get; init; } = 60;

    internal bool CanBeMeant => Workers is >= 0 and <= MostWorkers && LeaseSeconds is >= 1 and <= LongestLease;
}
