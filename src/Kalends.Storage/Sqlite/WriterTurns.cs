using System.Diagnostics;

namespace Kalends.Storage.Sqlite;

/// <summary>
/// Who may write: one session of this process at a time, in the order they came, and one process at a time. SQLite has no queue
/// between processes, so those that wait ask again each millisecond or two, and a process that has written without a pause
/// for a while leaves a gap that is longer than that. Nobody waits longer than <see cref="Patience.Longest"/>.
/// </summary>
internal sealed class WriterTurns(Func<Connection> open) : IAsyncDisposable
{
    /// <summary>Long enough for one who asks each 1–2 ms to get in; a tenth of <see cref="LongestStreak"/> at most.</summary>
    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(4);

    private static readonly TimeSpan LongestStreak = TimeSpan.FromMilliseconds(50);

    private readonly SemaphoreSlim turn = new(1, 1);
    private Connection? connection;
    private long streakBegan;
    private long lastEnded;

    /// <summary>The connection with its write transaction begun. It must come back through <see cref="End"/>.</summary>
    public async ValueTask<Connection> Begin(CancellationToken stopped)
    {
        var asked = Stopwatch.GetTimestamp();
        if (!await turn.WaitAsync(Patience.Longest, stopped))
        {
            throw new StoreUnavailableException("Too many commands wait to write; try again shortly.");
        }

        try
        {
            await LeaveGap(stopped);
            connection ??= open();
            await Patience.Until(connection.TryBeginWriting, asked, stopped);
            return connection;
        }
        catch
        {
            turn.Release();
            throw;
        }
    }

    /// <summary>Undoes what was not committed and lets the next one write.</summary>
    public void End()
    {
        try
        {
            connection!.RollBack();
        }
        catch
        {
            // What cannot even be undone is closed, which undoes it; the next writer opens anew.
            connection!.Dispose();
            connection = null;
            throw;
        }
        finally
        {
            lastEnded = Stopwatch.GetTimestamp();
            turn.Release();
        }
    }

    /// <summary>Waits for the one who writes. Whoever comes later finds the turn taken for ever, and is told so in time.</summary>
    public async ValueTask DisposeAsync()
    {
        await turn.WaitAsync(Patience.Longest);
        connection?.Dispose();
        connection = null;
    }

    private async ValueTask LeaveGap(CancellationToken stopped)
    {
        if (Stopwatch.GetElapsedTime(lastEnded) < Gap)
        {
            if (Stopwatch.GetElapsedTime(streakBegan) < LongestStreak)
            {
                return;
            }

            await Task.Delay(Gap, stopped);
        }

        streakBegan = Stopwatch.GetTimestamp();
    }
}
