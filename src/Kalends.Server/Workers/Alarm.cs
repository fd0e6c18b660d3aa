using System.Threading.Channels;

namespace Kalends.Server.Workers;

/// <summary>Wakes the one who waits: once for all that rang since it waited last.</summary>
internal sealed class Alarm(TimeProvider time)
{
    private readonly Channel<bool> rung = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Ring() => rung.Writer.TryWrite(true);

    /// <summary>Until it rings, or has rung already, and no longer than so long.</summary>
    public async Task Wait(TimeSpan longest, CancellationToken stopped)
    {
        if (longest > TimeSpan.Zero)
        {
            using var enough = CancellationTokenSource.CreateLinkedTokenSource(stopped);
            await Task.WhenAny(rung.Reader.WaitToReadAsync(enough.Token).AsTask(), Task.Delay(longest, time, enough.Token));
            await enough.CancelAsync();
            rung.Reader.TryRead(out _);
        }

        stopped.ThrowIfCancellationRequested();
    }
}
