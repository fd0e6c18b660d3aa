using System.Collections.Concurrent;
using Kalends.Messages;

namespace Kalends.Server.Http;

/// <summary>
/// What each person of each tenant has left: a bucket of tokens that fills at a steady rate. Told in every answer as
/// draft-ietf-httpapi-ratelimit-headers says it: <c>q</c> the bucket, <c>w</c> the seconds in which it fills, <c>r</c> what is left,
/// <c>t</c> the seconds until it is full.
/// </summary>
internal sealed class PersonRates(LimitSettings limits, TimeProvider time)
{
    private const int WorthSweeping = 10_000;

    private readonly ConcurrentDictionary<(string Tenant, string Person), Bucket> buckets = new();
    private readonly string policy = $"\"person\";q={limits.RateBurst};w={SecondsFor(limits, limits.RateBurst)}";
    private int sweepAt = WorthSweeping;

    /// <summary>Takes one token and says in the headers what is left; the refusal when there was none.</summary>
    public Refusal? Refuse(Caller caller, IHeaderDictionary headers)
    {
        var bucket = buckets.GetOrAdd((caller.Tenant, caller.Person.Value), _ => new(limits, time.GetTimestamp()));
        var left = bucket.Take(limits, time);
        headers["RateLimit-Policy"] = policy;
        headers["RateLimit"] = $"\"person\";r={(long)Math.Max(left, 0)};t={SecondsFor(limits, limits.RateBurst - Math.Max(left, 0))}";
        Sweep();
        return left >= 0
            ? null
            : Refusal.Of(RefusalCode.TooManyRequests, $"More than {limits.RatePerSecond} requests a second, beyond a burst of {limits.RateBurst}.")
                with { RetryAfterSeconds = Math.Max(1, SecondsFor(limits, -left)) };
    }

    private static int SecondsFor(LimitSettings limits, double tokens) => (int)Math.Ceiling(tokens / limits.RatePerSecond);

    /// <summary>A full bucket says nothing that a new one would not: it can be forgotten.</summary>
    private void Sweep()
    {
        var at = sweepAt;
        if (buckets.Count < at || Interlocked.CompareExchange(ref sweepAt, int.MaxValue, at) != at)
        {
            return;
        }

        foreach (var (person, bucket) in buckets)
        {
            if (bucket.IsFull(limits, time))
            {
                buckets.TryRemove(person, out _);
            }
        }

        sweepAt = Math.Max(WorthSweeping, buckets.Count * 2);
    }

    private sealed class Bucket(LimitSettings limits, long now)
    {
        private readonly Lock gate = new();
        private double tokens = limits.RateBurst;
        private long filledAt = now;

        /// <summary>What is left after taking one; below nought, what is missing for one, and then none is taken.</summary>
        public double Take(LimitSettings limits, TimeProvider time)
        {
            lock (gate)
            {
                Fill(limits, time);
                if (tokens < 1)
                {
                    return tokens - 1;
                }

                return --tokens;
            }
        }

        public bool IsFull(LimitSettings limits, TimeProvider time)
        {
            lock (gate)
            {
                Fill(limits, time);
                return tokens >= limits.RateBurst;
            }
        }

        private void Fill(LimitSettings limits, TimeProvider time)
        {
            var now = time.GetTimestamp();
            tokens = Math.Min(limits.RateBurst, tokens + (time.GetElapsedTime(filledAt, now).TotalSeconds * limits.RatePerSecond));
            filledAt = now;
        }
    }
}
