using NodaTime;

namespace Kalends.Queue;

/// <summary>
/// The one policy for what could not be done because somebody else was away: again after a constant short pause, with jitter so that many do not come
/// at once, never longer than <see cref="Longest"/> however often it failed, since whoever is back must be noticed within seconds; until the work has lost
/// its purpose.
/// </summary>
public sealed record Retry
{
    public static readonly Duration Longest = Duration.FromSeconds(10);

    public static readonly Retry Usual = new(Duration.FromSeconds(2));

    /// <param name="pause">More than nothing and no more than <see cref="Longest"/>.</param>
    public Retry(Duration pause) => Pause = pause > Duration.Zero && pause <= Longest
        ? pause
        : throw new ArgumentOutOfRangeException(nameof(pause), $"a pause is more than nothing and at most {Longest.TotalSeconds} seconds");

    public Duration Pause { get; }

    /// <summary>The pause itself, half as long or half as long again.</summary>
    /// <param name="dice">From 0 to 1.</param>
    /// <param name="asked">For how long whoever was away wants to be left alone; then not before, as far as the policy allows.</param>
    public Duration Next(double dice, Duration? asked = null) =>
        Duration.Min(asked is { } wish ? wish + (Pause * dice) : Pause * (0.5 + dice), Longest);

    /// <summary>When to try again; null where the work will have lost its purpose by then.</summary>
    public Instant? Next(Instant now, Instant deadline, double dice, Duration? asked = null) =>
        now + Next(dice, asked) is var next && next < deadline ? next : null;
}
