using Kalends.Queue;

namespace Kalends.Storage;

/// <summary>What one session sends, for the time when it is committed.</summary>
internal sealed class SentMessages
{
    private readonly Dictionary<string, long> counts = new(StringComparer.Ordinal);
    private readonly HashSet<string> ready = new(StringComparer.Ordinal);

    /// <summary>Queues in which something new may be read at once.</summary>
    public IReadOnlyCollection<string> Ready => ready;

    public void Add(string queue, bool isReady, long count = 1)
    {
        counts[queue] = counts.GetValueOrDefault(queue) + count;
        if (isReady)
        {
            ready.Add(queue);
        }
    }

    public void Count()
    {
        foreach (var (queue, count) in counts)
        {
            QueueMeasurements.Sent(queue, count);
        }
    }
}
