using OpenTelemetry.Metrics;

namespace Kalends.Server.Telemetry.Ops;

/// <summary>A histogram, or several of the same bounds together, and percentiles of it: within a bucket as if what is in it were spread evenly.</summary>
internal sealed class Buckets
{
    private readonly List<(double Upper, long Count)> all = [];

    public long Count => all.Sum(bucket => bucket.Count);

    public void Add(HistogramBuckets buckets)
    {
        var index = 0;
        foreach (var bucket in buckets)
        {
            Add(index++, bucket.ExplicitBound, bucket.BucketCount);
        }
    }

    public void Add(int index, double upper, long count)
    {
        if (index == all.Count)
        {
            all.Add((upper, 0));
        }

        all[index] = (upper, all[index].Count + count);
    }

    /// <summary>What is beyond the last bound counts as that bound.</summary>
    public double Percentile(double share)
    {
        var (wanted, lower) = (share * Count, 0.0);
        foreach (var (upper, count) in all)
        {
            if (count > 0 && wanted <= count)
            {
                return double.IsInfinity(upper) ? lower : lower + ((upper - lower) * wanted / count);
            }

            (wanted, lower) = (wanted - count, upper);
        }

        return lower;
    }
}
