using NodaTime;

namespace Kalends.Schedules;

/// <summary>
/// What a schedule does when it is due; the answer is what came of it, for operators. It may run again after its process died, so twice must be as once.
/// </summary>
public delegate ValueTask<string> ScheduledTask(Instant now, CancellationToken stopped);

/// <summary>Something that is to be done again and again, once each time it is due, by whichever process comes to it.</summary>
/// <param name="Name">Unique, and kept in the store.</param>
/// <param name="Rule">When: an RRULE (RFC 5545 §3.3.10) on the wall of the zone.</param>
/// <param name="Zone">IANA name.</param>
public sealed record Schedule(string Name, string Rule, string Zone)
{
    /// <summary>Where the last time that it was due is longer ago than this when a worker comes to it, it is told as missed, and not done.</summary>
    public required Duration CatchUp { get; init; }

    /// <summary>Of messages; what is quick does not stand behind what takes long.</summary>
    public required string Queue { get; init; }

    public required ScheduledTask Run { get; init; }

    /// <summary>For one run.</summary>
    public Duration Longest { get; init; } = Duration.FromMinutes(15);

    public ScheduleTimes Times { get; } =
        ScheduleTimes.TryOf(Rule, Zone, out var fault) ?? throw new ArgumentException($"the schedule {Name} cannot be meant: {fault}", nameof(Rule));

    /// <summary>A rule that makes nothing more is as good as one that comes in a century.</summary>
    public Instant Next(Instant after) => Times.Next(after) ?? after + Duration.FromDays(36_500);
}
