using System.Diagnostics;

namespace Kalends.Storage.Sqlite;

/// <summary>
/// Waiting for what another process holds. SQLite cannot say when it is free, so it is asked again each millisecond: a constant
/// short time, so that whoever waits is not overtaken for having waited long.
/// </summary>
internal static class Patience
{
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1);

    /// <param name="attempt">True when it has what it wants.</param>
    /// <param name="asked">When the wait began, as <see cref="Stopwatch"/> counts.</param>
    /// <param name="stopped">Ends the wait.</param>
    public static async ValueTask Until(Func<bool> attempt, long asked, CancellationToken stopped)
    {
        while (!attempt())
        {
            if (Stopwatch.GetElapsedTime(asked) > Longest)
            {
                throw new StoreUnavailableException("Another process keeps the database locked; try again shortly.");
            }

            await Task.Delay(Pause, stopped);
        }
    }
}
