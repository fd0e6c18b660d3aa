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

    public static ValueTask<long> Seal(IStore store, string tenant, int perSeal = Sealing.PerSeal) =>
        Sealing.Run(store, tenant, Examples.Now, TestContext.Current.CancellationToken, perSeal);
}
