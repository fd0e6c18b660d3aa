using Kalends.Storage;
using NodaTime;

namespace Kalends.Audit;

/// <summary>
/// Seals what has come to a tenant's trail since its last seal: behind the writers, who do not know of it. What is read is committed and will not change, so
/// it is read without anybody waiting; only the seal itself is written, and of processes that seal at once one's counts.
/// </summary>
public static class Sealing
{
    /// <summary>Entries of one seal: its digests are 400 kB.</summary>
    public const int PerSeal = 10_000;

    /// <summary>The answer is how many entries were sealed.</summary>
    public static async ValueTask<long> Run(IStore store, string tenant, Instant now, CancellationToken stopped, int perSeal = PerSeal)
    {
        var (all, last) = (0L, 0L);
        do
        {
            last = await Next(store, tenant, now, perSeal, stopped);
            all += last;
        }
        while (last == perSeal);

        return all;
    }

    private static async ValueTask<long> Next(IStore store, string tenant, Instant now, int perSeal, CancellationToken stopped)
    {
        if (await Make(store, tenant, now, perSeal, stopped) is not { } seal)
        {
            return 0;
        }

        await using var session = await store.Write(tenant, stopped);
        if (!await session.Rows<ISealWrites>().Add(seal))
        {
            return 0;
        }

        await session.Commit(stopped);
        return seal.Entries;
    }

    private static async ValueTask<Seal?> Make(IStore store, string tenant, Instant now, int perSeal, CancellationToken stopped)
    {
        await using var session = await store.Read(tenant, stopped);
        var rows = session.Rows<ISealRows>();
        var before = await rows.Last();
        var whole = before?.Whole ?? 0;
        var entries = await rows.Entries(whole, long.MaxValue, await rows.CoveredBeyond(whole), perSeal);
        if (entries.Count == 0)
        {
            return null;
        }

        var settled = await rows.Settled();
        var reached = entries.Count < perSeal ? settled : Math.Min(settled, entries[^1].Seq);
        return Seal.After(before, Instant.FromUnixTimeSeconds(now.ToUnixTimeSeconds()), Math.Max(whole, reached), entries);
    }
}
