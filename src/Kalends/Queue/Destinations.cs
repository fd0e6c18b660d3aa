using NodaTime;

namespace Kalends.Queue;

/// <summary>
/// What one process knows of those whom messages are for: how many it is sending to each, and who does not answer. A destination gets so many at once and no
/// more; one that failed several times in a row gets nothing but one message now and then, until that comes through. The others never wait for it. Other
/// processes find out by themselves, each for a few messages.
/// </summary>
/// <param name="most">Messages of one destination at once.</param>
public sealed class Destinations(int most)
{
    /// <summary>In a row: fewer may be chance.</summary>
    public const int MostFailures = 5;

    /// <summary>For messages of a destination that has enough: it may have room in a moment.</summary>
    private static readonly Duration SoonBack = Duration.FromMilliseconds(250);

    /// <summary>For those of one that does not answer. With the pause between probes everything flows again within ten seconds.</summary>
    private static readonly Duration LateBack = Duration.FromSeconds(4);

    /// <summary>What is put off comes back one after the other, so that a million messages for the dead are not read over and over.</summary>
    private static readonly Duration Apart = Duration.FromMilliseconds(1);

    private static readonly Duration ForgottenAfter = Duration.FromMinutes(10);

    private readonly Lock changing = new();
    private readonly Dictionary<string, Known> known = new(StringComparer.Ordinal);

    /// <summary>What to ask the queue for: every destination that has not all its room.</summary>
    public IReadOnlyList<DestinationRoom> Rooms(Instant now)
    {
        lock (changing)
        {
            foreach (var (gone, _) in known.Where(pair => pair.Value.Running == 0 && pair.Value.LastEnd + ForgottenAfter < now).ToList())
            {
                known.Remove(gone);
            }

            return [.. known.Select(pair => new DestinationRoom(pair.Key, Room(pair.Value, now), Back(pair.Value, now)))];
        }
    }

    public static Instant UsualBack(Instant now) => now + SoonBack;

    /// <summary>That so many were put off.</summary>
    public void PutOff(IEnumerable<KeyValuePair<string, int>> counts)
    {
        lock (changing)
        {
            foreach (var (destination, count) in counts)
            {
                if (known.TryGetValue(destination, out var one))
                {
                    one.Back += Apart * count;
                }
            }
        }
    }

    public void Begun(string destination)
    {
        lock (changing)
        {
            if (!known.TryGetValue(destination, out var one))
            {
                known[destination] = one = new();
            }

            one.Running++;
        }
    }

    /// <param name="destination">Of a message that has begun.</param>
    /// <param name="answered">False where the destination is to blame; null where nothing was learnt of it.</param>
    /// <param name="now">The time.</param>
    /// <param name="dice">From 0 to 1.</param>
    public void Ended(string destination, bool? answered, Instant now, double dice)
    {
        lock (changing)
        {
            var one = known[destination];
            (one.Running, one.LastEnd) = (one.Running - 1, now);
            one.Failures = answered switch { true => 0, false => one.Failures + 1, null => one.Failures };
            if (one.Failures >= MostFailures)
            {
                one.ShutUntil = now + Retry.Usual.Next(dice);
            }
            else if (one is { Failures: 0, Running: 0 })
            {
                known.Remove(destination);
            }
        }
    }

    private int Room(Known one, Instant now) => one.Failures < MostFailures ? Math.Max(0, most - one.Running)
        : one.Running == 0 && now >= one.ShutUntil ? 1
        : 0;

    private static Instant Back(Known one, Instant now) =>
        one.Back = Instant.Max(one.Back, now + (one.Failures < MostFailures ? SoonBack : LateBack));

    private sealed class Known
    {
        public int Running { get; set; }

        public int Failures { get; set; }

        public Instant ShutUntil { get; set; } = Instant.MinValue;

        /// <summary>When the next that is put off is to come back.</summary>
        public Instant Back { get; set; } = Instant.MinValue;

        public Instant LastEnd { get; set; } = Instant.MaxValue;
    }
}
