using NodaTime;

namespace Kalends.Audit;

/// <summary>An entry of the trail with its command, as it is handed to others. Before and after are JSON.</summary>
public sealed record TrailRow
{
    public required long Seq { get; init; }

    public required Instant At { get; init; }

    public required string By { get; init; }

    public required string App { get; init; }

    public required string Command { get; init; }

    public required Guid CommandId { get; init; }

    public string? RequestId { get; init; }

    public Guid? Appointment { get; init; }

    public string? Kind { get; init; }

    public long? Version { get; init; }

    public string? Before { get; init; }

    public string? After { get; init; }
}

/// <summary>A publication as the outbox has it; its data is JSON.</summary>
public sealed record PublishedRow(long Seq, Instant Time, Guid Id, string Type, string Subject, string Data);

/// <summary>Trail and outbox in the order of their numbers, of a time: from is in, until is out.</summary>
public interface IEventRows
{
    ValueTask<IReadOnlyList<TrailRow>> Trail(long after, Instant from, Instant until, int limit);

    ValueTask<IReadOnlyList<PublishedRow>> Published(long after, Instant from, Instant until, int limit);

    /// <summary>How many both are together.</summary>
    ValueTask<long> Count(Instant from, Instant until);
}
