using NodaTime;

namespace Kalends.Schedules;

/// <summary>How many rows one transaction forgot, of all kinds.</summary>
public readonly record struct Swept(long Answers, long Holds, long Operations, long Messages)
{
    public long All => Answers + Holds + Operations + Messages;

    public static Swept operator +(Swept one, Swept other) =>
        new(one.Answers + other.Answers, one.Holds + other.Holds, one.Operations + other.Operations, one.Messages + other.Messages);
}

/// <summary>
/// What is kept for a time and then of no use: mostly those who write forget a few of it on their way, and this is for what nobody comes by any more.
/// </summary>
public interface ISweepWrites
{
    /// <summary>Forgets so many of each at most that are too old by now; of what another forgets just now, none.</summary>
    ValueTask<Swept> Forget(Instant now, int most);
}
