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

    private const int SealsPerRead = 16;

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

    /// <summary>The entries above a settled place that seals cover already.</summary>
    internal static async ValueTask<HashSet<long>> Covered(ISealRows rows, long afterSeal, long above)
    {
        var covered = new HashSet<long>();
        while (await rows.Page(afterSeal, SealsPerRead) is { Count: > 0 } page)
        {
            covered.UnionWith(page.SelectMany(seal => seal.Covered()).Select(entry => entry.Seq).Where(seq => seq > above));
            afterSeal = page[^1].Number;
        }

        return covered;
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
        var (number, upTo) = await rows.Settled();
        var entries = await rows.Entries(upTo, long.MaxValue, await Covered(rows, number, upTo), perSeal);
        if (entries.Count == 0)
        {
            return null;
        }

        var before = await rows.Last();
        var seen = entries.Count < perSeal ? await rows.Seen() : 0;
        long[] known = [before?.UpTo ?? 0, entries[^1].Seq, seen];
        return Seal.After(before, Instant.FromUnixTimeSeconds(now.ToUnixTimeSeconds()), known.Max(), entries);
    }
}
