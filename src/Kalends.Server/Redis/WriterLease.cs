using Kalends.Server.Http;
using StackExchange.Redis;

namespace Kalends.Server.Redis;

/// <summary>
/// The right to write the streams, for one process at a time, so that not all do the same work. Should two believe to have it, no harm is done: the streams
/// take what comes next, once.
/// </summary>
internal sealed class WriterLease(RedisLine line, KalendsSettings settings, TimeProvider time)
{
    /// <summary>After the death of a process the streams stand still for so long, and until another has asked.</summary>
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(6);

    public static readonly TimeSpan BetweenAsking = Length / 3;

    private readonly string self = Guid.NewGuid().ToString("N");
    private readonly RedisKey key = $"{settings.Redis.Prefix}:writer";
    private bool isHeld;
    private long askedAt;

    public async ValueTask<bool> Hold(CancellationToken stopped)
    {
        if (!isHeld || time.GetElapsedTime(askedAt) >= BetweenAsking)
        {
            var database = (await line.Connected(stopped)).GetDatabase();
            (isHeld, askedAt) = (false, time.GetTimestamp());
            isHeld = await database.LockExtendAsync(key, self, Length) || await database.LockTakeAsync(key, self, Length);
        }

        return isHeld;
    }

    /// <summary>For another process to go on at once.</summary>
    public async ValueTask GiveUp()
    {
        if (!isHeld)
        {
            return;
        }

        isHeld = false;
        try
        {
            await (await line.Connected(CancellationToken.None)).GetDatabase().LockReleaseAsync(key, self).WaitAsync(TimeSpan.FromSeconds(1), time);
        }
        catch (Exception fault) when (RedisLine.IsItsFault(fault))
        {
            // It runs out by itself.
        }
    }
}
