namespace Kalends.Server.Http;

/// <summary>
/// What is too much, section <c>Kalends:Thresholds</c>: the one place from which alerts, dashboards and <c>/ops</c> are made. Operators are warned at three
/// quarters of each and called at nine tenths.
/// </summary>
public sealed record ThresholdSettings
{
    /// <summary>Of 95 of 100 queries of a name.</summary>
    public int QueryMilliseconds { get; init; } = 500;

    /// <summary>Of 95 of 100 commands of a name.</summary>
    public int CommandMilliseconds { get; init; } = 1_000;

    /// <summary>Answers with a status of 500 or more, of all.</summary>
    public double FaultPercent { get; init; } = 1;

    /// <summary>Requests that wait for their turn: half of what is let wait at all.</summary>
    public int RequestsWaiting { get; init; } = 1_000;

    /// <summary>Of the oldest message of a queue that could be worked on.</summary>
    public int QueueAgeSeconds { get; init; } = 60;

    /// <summary>Messages of a queue that could be worked on.</summary>
    public int QueueDepth { get; init; } = 50_000;

    /// <summary>Each is work that was not done: one is too many.</summary>
    public int DeadLetters { get; init; } = 1;

    public int FeedLagSeconds { get; init; } = 5;

    /// <summary>Until then a change of the trail could go unnoticed.</summary>
    public int SealLagSeconds { get; init; } = 120;

    /// <summary>Series are laid two years ahead once a month; two months less means that twice nobody did.</summary>
    public int HorizonLagDays { get; init; } = 62;

    public int ReplicaLagSeconds { get; init; } = 10;

    /// <summary>Until then services that read from Redis are told nothing.</summary>
    public int RelayLagSeconds { get; init; } = 60;

    /// <summary>Of the process, in use.</summary>
    public int MemoryMegabytes { get; init; } = 1_000;

    internal IEnumerable<string> TooSmall() => GetType().GetProperties()
        .Where(property => Convert.ToDouble(property.GetValue(this), System.Globalization.CultureInfo.InvariantCulture) <= 0)
        .Select(property => property.Name);
}
