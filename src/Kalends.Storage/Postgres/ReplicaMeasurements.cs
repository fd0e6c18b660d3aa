using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Kalends.Storage.Postgres;

/// <summary>What an operator wants to know of replicas, on the meter "Kalends".</summary>
internal sealed class ReplicaMeasurements : IDisposable
{
    private const string Name = "Kalends";

    private static readonly Meter Shared = new(Name);

    private static readonly Histogram<double> Wait = Shared.CreateHistogram<double>(
        "kalends.replica.wait", "s", "For a replica to come to the position of a query that was ahead of it, or for patience to end");

    private readonly Meter meter = new(Name);

    public ReplicaMeasurements(IReadOnlyList<Replica> replicas)
    {
        meter.CreateObservableGauge(
            "kalends.replica.used", () => replicas.Select(replica => Of(replica, replica.IsFit ? 1 : 0)), description: "1 while queries may go to it, else 0");
        meter.CreateObservableGauge(
            "kalends.replica.lag", () => replicas.Select(replica => Of(replica, replica.Behind.TotalSeconds)), "s", "What the replica shows is so old");
    }

    public static void Waited(long since, bool reached) =>
        Wait.Record(Stopwatch.GetElapsedTime(since).TotalSeconds, new KeyValuePair<string, object?>("reached", reached));

    public void Dispose() => meter.Dispose();

    private static Measurement<T> Of<T>(Replica replica, T value)
        where T : struct => new(value, new KeyValuePair<string, object?>("replica", replica.Name));
}
