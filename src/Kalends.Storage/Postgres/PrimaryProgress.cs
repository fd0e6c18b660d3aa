using System.Diagnostics;

namespace Kalends.Storage.Postgres;

/// <summary>
/// How far the primary was when, over the last seconds: what a replica's lag is measured by, since a replica that has lost its primary does not
/// know that there is anything more.
/// </summary>
internal sealed class PrimaryProgress(TimeSpan remembered)
{
    private readonly Lock held = new();
    private readonly List<(long At, Position Come)> samples = [];

    /// <summary>Taken once a second.</summary>
    public void Note(Position come)
    {
        lock (held)
        {
            samples.Add((Stopwatch.GetTimestamp(), come));
            // The oldest that is kept is older than what is asked for.
            while (samples.Count > 2 && Stopwatch.GetElapsedTime(samples[1].At) > remembered)
            {
                samples.RemoveAt(0);
            }
        }
    }

    /// <summary>
    /// What a replica that has come this far lacks, in time, when the primary was last heard of; at most a little more than is remembered.
    /// </summary>
    public TimeSpan Behind(Position reached)
    {
        lock (held)
        {
            var lacking = samples.FindIndex(sample => !sample.Come.IsWithin(reached));
            return lacking < 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(samples[lacking].At, samples[^1].At);
        }
    }

    /// <summary>Whether a replica shows all of a moment ago. One that was just found could be a day behind, for all the seconds remembered say.</summary>
    public bool HasCaughtUp(Position reached)
    {
        lock (held)
        {
            return samples.Count > 0 && samples[^Math.Min(2, samples.Count)].Come.IsWithin(reached);
        }
    }
}
