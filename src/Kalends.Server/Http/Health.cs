using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Server.Http;

/// <summary>
/// Whether the process lives, and whether it can serve. Anybody may ask, so the store is asked at most once a second.
/// </summary>
internal sealed class Health(IStore store, TimeProvider time, ILogger<Health> log) : IDisposable
{
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim asking = new(1);
    private long askedAt = long.MinValue;
    private bool isReady;

    public static Task Live(HttpContext context) => Answers.WriteText(context, "text/plain", "alive\n");

    public async Task Ready(HttpContext context)
    {
        await asking.WaitAsync(context.RequestAborted);
        try
        {
            if (askedAt == long.MinValue || time.GetElapsedTime(askedAt) >= Remembered)
            {
                isReady = await Ask(context.RequestAborted);
                askedAt = time.GetTimestamp();
            }
        }
        finally
        {
            asking.Release();
        }

        await (isReady
            ? Answers.WriteText(context, "text/plain", "ready\n")
            : Problems.Write(context, Refusal.Of(RefusalCode.Unavailable, "The store cannot be used just now.") with { RetryAfterSeconds = 1 }));
    }

    public void Dispose() => asking.Dispose();

    private async ValueTask<bool> Ask(CancellationToken stopped)
    {
        try
        {
            return await store.IsReady(stopped);
        }
        catch (StoreUnavailableException fault)
        {
            Log.NotReady(log, fault.Message);
            return false;
        }
    }
}
