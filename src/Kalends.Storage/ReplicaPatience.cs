namespace Kalends.Storage;

/// <summary>How patient queries are with replicas.</summary>
public sealed record ReplicaPatience
{
    /// <summary>For a replica to come to a query's position, before the primary is asked.</summary>
    public TimeSpan Wait { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>A replica that shows what is older than this, when it was last looked at, is not used.</summary>
    public TimeSpan MostBehind { get; init; } = TimeSpan.FromSeconds(10);
}
