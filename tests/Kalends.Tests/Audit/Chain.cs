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

    public static ValueTask<long> Seal(IStore store, string tenant, int perSeal = Sealing.PerSeal) =>
        Sealing.Run(store, tenant, Examples.Now, TestContext.Current.CancellationToken, perSeal);
}
