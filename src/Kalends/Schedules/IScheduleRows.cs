using NodaTime;

namespace Kalends.Schedules;

/// <summary>How a schedule stands: when it is due next, and what came of it last. Times are in whole seconds.</summary>
public sealed record ScheduleState
{
    /// <summary>Of <see cref="LastOutcome"/>; longer ones are cut.</summary>
    public const int LongestOutcome = 500;

    public required string Name { get; init; }

    public required string Rule { get; init; }

    public required string Zone { get; init; }

    /// <summary>Which turn it is: the message that names it is the one that may be done.</summary>
    public required long Turn { get; init; }

    public required Instant NextAt { get; init; }

    public Instant? LastAt { get; init; }

    public string? LastOutcome { get; init; }
}

/// <summary>The schedules of the program itself, in the sessions of <see cref="Storage.IStore.OwnTenant"/>.</summary>
public interface IScheduleRows
{
    /// <summary>By name.</summary>
    ValueTask<IReadOnlyList<ScheduleState>> All();
}

public interface IScheduleWrites : IScheduleRows
{
    /// <summary>
    /// Gives a schedule its next turn: adds it where that is the first, else replaces the one before. False, and nothing done, where another was faster.
    /// What came of it last stays.
    /// </summary>
    ValueTask<bool> Turn(ScheduleState next);

    ValueTask Ended(string name, Instant at, string outcome);
}
