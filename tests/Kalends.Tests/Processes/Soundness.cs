using Kalends.Appointments;
using Kalends.Storage;

namespace Kalends.Tests.Processes;

/// <summary>What `kalends verify` looks at, after processes have done their worst.</summary>
internal static class Soundness
{
    public static async Task Check(KalendsFolder folder)
    {
        await using var store = StoreChoice.Of(folder.Store).Open();
        var stopped = TestContext.Current.CancellationToken;
        Assert.Empty(await store.FindBroken(stopped).ToListAsync(stopped));
        Assert.Empty(await Verification.Run(store, "acme", NodaTime.SystemClock.Instance.GetCurrentInstant(), stopped: stopped).ToListAsync(stopped));
    }
}
