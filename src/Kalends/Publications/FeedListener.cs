using System.Threading.Channels;
using Kalends.Messages;

namespace Kalends.Publications;

/// <summary>What a listener is sent: an event, or only how far they have heard, where <see cref="Json"/> is null.</summary>
public sealed record FeedItem(string Id, string? Type, byte[]? Json);

/// <summary>One who listens: what waits for them, up to so many, and how far they have heard.</summary>
internal sealed class FeedListener(Caller caller, FeedFilter filter, int most)
{
    private readonly Channel<FeedItem> waiting = Channel.CreateBounded<FeedItem>(
        new BoundedChannelOptions(most) { SingleReader = true, SingleWriter = true });

    private readonly TaskCompletionSource<long> joined = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Caller Caller => caller;

    public FeedFilter Filter => filter;

    /// <summary>Up to here nothing more is told them: the last thing they were told, or where they joined.</summary>
    public long After { get; set; }

    /// <summary>From which place on they are told what comes.</summary>
    public Task<long> Joined => joined.Task;

    public ChannelReader<FeedItem> Waiting => waiting.Reader;

    public void Join(long place)
    {
        After = Math.Max(After, place);
        joined.TrySetResult(place);
    }

    /// <summary>False where too much waits already.</summary>
    public bool Tell(FeedItem item) => waiting.Writer.TryWrite(item);

    /// <summary>What waits is still theirs; nothing comes after it.</summary>
    public void End()
    {
        waiting.Writer.TryComplete();
        joined.TrySetCanceled();
    }
}
