using System.Diagnostics.Metrics;

namespace Kalends.Schedules;

/// <summary>What becomes of schedules, on the meter "Kalends".</summary>
public static class ScheduleMeasurements
{
    private static readonly Meter Meter = new("Kalends");

    private static readonly Counter<long> Runs =
        Meter.CreateCounter<long>("kalends.schedule.runs", "{run}", "Runs of schedules by how they ended: done, missed (too late, and so not done), failed");

    private static readonly Histogram<double> Late =
        Meter.CreateHistogram<double>("kalends.schedule.lateness", "s", "From when a schedule was due until a worker began with it");

    public static void Ran(string schedule, string outcome, double lateSeconds)
    {
        Runs.Add(1, new KeyValuePair<string, object?>("schedule", schedule), new("outcome", outcome));
        Late.Record(Math.Max(0, lateSeconds), new KeyValuePair<string, object?>("schedule", schedule));
    }
}
