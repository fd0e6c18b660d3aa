namespace Kalends.Server.Telemetry.Ops;

/// <summary>
/// The figures of the last hour, in steps of ten seconds, in the memory of this process. Bounded: so many steps, and so many series in each; what comes beyond
/// is left out.
/// </summary>
internal sealed class LastHour(TimeProvider time)
{
    public static readonly TimeSpan Step = TimeSpan.FromSeconds(10);

    public const int Steps = 360;

    /// <summary>Forty messages with two figures each, and what there is beside them, several times over: 2 MB at most.</summary>
    public const int MostSeries = 500;

    private readonly Queue<Moment> moments = new(Steps);

    public void Add(IReadOnlyDictionary<string, double> figures) => Add(time.GetUtcNow().ToUnixTimeSeconds(), figures);

    public void Add(long at, IReadOnlyDictionary<string, double> figures)
    {
        var moment = new Moment(
            at,
            figures.Count <= MostSeries ? figures : figures.OrderBy(pair => pair.Key, StringComparer.Ordinal).Take(MostSeries).ToDictionary());
        lock (moments)
        {
            if (moments.Count == Steps)
            {
                moments.Dequeue();
            }

            moments.Enqueue(moment);
        }
    }

    /// <summary>In the order in which they came.</summary>
    public IReadOnlyList<Moment> Moments()
    {
        lock (moments)
        {
            return [.. moments];
        }
    }
}

/// <summary>When, in seconds since 1970, and the figures by the names of their series.</summary>
internal sealed record Moment(long At, IReadOnlyDictionary<string, double> Figures);
