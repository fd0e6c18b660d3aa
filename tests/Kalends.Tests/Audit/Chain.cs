using Kalends.Audit;
using Kalends.Storage;
using Kalends.Tests.Storage;

namespace Kalends.Tests.Audit;

/// <summary>A tenant's chain as a test looks at it.</summary>
internal sealed record Chain(IReadOnlyList<string> Findings, Seal? Last, long Sealed, long Unsealed)
{
    public static async Task<Chain> Of(IStore store, string tenant, params string[] kept)
    {
        await using var session = await store.Read(tenant, TestContext.Current.CancellationToken);
        var verification = new SealVerification(session);
        var findings = await verification.Findings(kept, TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);
        return new(findings, verification.Last, verification.SealedEntries, verification.Unsealed);
    }

    /// <summary>Waits for whoever else writes to the same server: until they have ended, something of theirs might come.</summary>
    public static async Task Settled(IStore store, string tenant, long seq)
    {
        for (var attempt = 0; attempt < 600; attempt++)
        {
            await using var session = await store.Read(tenant, TestContext.Current.CancellationToken);
            if (await session.Rows<ISealRows>().Settled() >= seq)
            {
                return;
            }

            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        Assert.Fail($"entries up to {seq} were never settled");
    }

    /// <summary>Seals until all that is there now is below what is whole: on PostgreSQL that is so once something more was written and sealed.</summary>
    public static async Task SealWhole(IStore store, string tenant, int perSeal = Sealing.PerSeal, NodaTime.Instant? at = null)
    {
        var (last, stopped) = (0L, TestContext.Current.CancellationToken);
        await using (var session = await store.Read(tenant, stopped))
        {
            last = (await session.Rows<ISealRows>().Entries(long.MinValue, long.MaxValue, new HashSet<long>(), int.MaxValue))[^1].Seq;
        }

        for (var attempt = 0; attempt < 200; attempt++)
        {
            await Seal(store, tenant, perSeal);
            await using (var session = await store.Read(tenant, stopped))
            {
                if ((await session.Rows<ISealRows>().Last())?.Whole >= last)
                {
                    return;
                }
            }

            await using var writing = await store.Write(tenant, stopped);
            await writing.Rows<ITrailWrites>().Append(Examples.Command() with { Person = new("service:clock"), At = at ?? Examples.Now }, [], []);
            await writing.Commit(stopped);
            await Task.Delay(Math.Min(200, 10 * attempt), stopped);
        }

        Assert.Fail($"entries up to {last} never came to be whole");
    }

    public static ValueTask<long> Seal(IStore store, string tenant, int perSeal = Sealing.PerSeal) =>
        Sealing.Run(store, tenant, Examples.Now, TestContext.Current.CancellationToken, perSeal);
}
