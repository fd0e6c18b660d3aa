using Kalends.Messages;

namespace Kalends.Publications;

/// <summary>One of those that may listen at one time.</summary>
public sealed class Seat : IDisposable
{
    private readonly Feed feed;
    private readonly Caller caller;

    internal Seat(Feed feed, Caller caller) => (this.feed, this.caller) = (feed, caller);

    public void Dispose() => feed.Leave(caller);
}
