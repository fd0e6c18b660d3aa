using NodaTime;

namespace Kalends.Reminders;

/// <summary>From which share on something is wrong.</summary>
public sealed record FitnessBounds(double MostFailed, double MostStale);

/// <summary>
/// How good the reminders of this process are of late: failed of all that came to an end, and sent though deleted or moved of sent, over the last two half
/// hours. Says so once a half hour where a share is beyond its bound.
/// </summary>
public sealed class ReminderFitness(FitnessBounds bounds)
{
    /// <summary>Of fewer, one says nothing.</summary>
    private const int Fewest = 100;

    private static readonly Duration Half = Duration.FromMinutes(30);

    private readonly Lock changing = new();
    private (long Ended, long Failed, long Sent, long Stale) now, before;
    private Instant began;
    private bool isTold;

    public double FailedShare => Share(sum => (sum.Failed, sum.Ended));

    public double StaleShare => Share(sum => (sum.Stale, sum.Sent));

    /// <summary>The answer is what to tell, or null.</summary>
    public string? Count(long failed, long sent, long stale, Instant at)
    {
        lock (changing)
        {
            if (at >= began + Half)
            {
                (before, now, began, isTold) = (at < began + Half + Half ? now : default, default, at, false);
            }

            now = (now.Ended + failed + sent, now.Failed + failed, now.Sent + sent, now.Stale + stale);
            var fault = isTold || now.Ended + before.Ended < Fewest ? null
                : FailedShare > bounds.MostFailed ? $"{FailedShare:P1} of the reminders failed"
                : StaleShare > bounds.MostStale ? $"{StaleShare:P2} of the reminders sent were of appointments that had just been deleted or moved"
                : null;
            isTold |= fault is not null;
            return fault;
        }
    }

    private double Share(Func<(long Ended, long Failed, long Sent, long Stale), (long Part, long Whole)> of)
    {
        lock (changing)
        {
            var (part, whole) = of((now.Ended + before.Ended, now.Failed + before.Failed, now.Sent + before.Sent, now.Stale + before.Stale));
            return whole == 0 ? 0 : (double)part / whole;
        }
    }
}
