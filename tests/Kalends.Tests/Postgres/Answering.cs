using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Kalends.Tests.Postgres;

/// <summary>Counts what the program's own meter says of queries and replicas, from where it was made until it is disposed.</summary>
internal sealed class Answering : IDisposable
{
    private readonly MeterListener listener = new();
    private readonly ConcurrentDictionary<string, int> counted = new(StringComparer.Ordinal);

    public Answering()
    {
        listener.InstrumentPublished = (instrument, listening) =>
        {
            if (instrument.Meter.Name == "Kalends")
            {
                listening.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Count(instrument, tags));
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Count(instrument, tags));
        listener.Start();
    }

    /// <summary>Queries that a replica answered. Others than the tests of replicas have none.</summary>
    public int ByReplica => counted.GetValueOrDefault("kalends.query.answers replica");

    /// <summary>Queries that the primary answered after a replica could not.</summary>
    public int ByFallback => counted.GetValueOrDefault("kalends.query.answers fallback");

    public int WaitsInVain => counted.GetValueOrDefault("kalends.replica.wait False");

    public void Dispose() => listener.Dispose();

    private void Count(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.Length == 1)
        {
            counted.AddOrUpdate($"{instrument.Name} {tags[0].Value}", 1, (_, before) => before + 1);
        }
    }
}
