using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Kalends.Messages;
using Kalends.Publications;

namespace Kalends.Tests.Conversations;

/// <summary>One who listens to a feed and notes all that they hear.</summary>
internal sealed class Ear : IAsyncDisposable
{
    private readonly Listening listening;
    private readonly CancellationTokenSource stop = new();
    private readonly Channel<FeedItem> heard = Channel.CreateUnbounded<FeedItem>();
    private readonly Task reading;

    private Ear(Listening listening)
    {
        this.listening = listening;
        reading = Task.Run(Read);
    }

    /// <summary>The id of the last item.</summary>
    public string LastId { get; private set; } = "";

    /// <summary>Every byte that was sent, but for the sealed ids.</summary>
    public StringBuilder All { get; } = new();

    public static async Task<Ear> Open(Feed feed, Caller caller, FeedFilter? filter = null, string? lastId = null)
    {
        var begun = await feed.Listen(caller, filter ?? FeedFilter.All, lastId, TestContext.Current.CancellationToken);
        Assert.True(begun.Refusal is null, begun.Refusal?.Detail);
        var ear = new Ear(begun.Value);
        Assert.Null((await ear.Item()).Json);
        return ear;
    }

    public async Task<JsonNode> Event()
    {
        var item = await Item();
        while (item.Json is null)
        {
            item = await Item();
        }

        var read = JsonNode.Parse(item.Json)!;
        Assert.Equal(item.Type, (string)read["type"]!);
        return read;
    }

    public async Task<FeedItem> Item()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(20));
        var item = await heard.Reader.ReadAsync(patience.Token);
        LastId = item.Id;
        All.Append(item.Type).Append(item.Json is null ? "" : Encoding.UTF8.GetString(item.Json)).Append('\n');
        return item;
    }

    /// <summary>What was heard and not looked at so far, up to a beat that the feed gives for it: nothing of what it knew is still on its way.</summary>
    public async Task<List<JsonNode>> Rest(SetTime time)
    {
        time.Seconds += 15;
        var rest = new List<JsonNode>();
        while ((await Item()).Json is { } json)
        {
            rest.Add(JsonNode.Parse(json)!);
        }

        return rest;
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listening.Dispose();
        await reading;
        stop.Dispose();
    }

    private async Task Read()
    {
        try
        {
            await foreach (var item in listening.Items(stop.Token))
            {
                heard.Writer.TryWrite(item);
            }
        }
        catch (OperationCanceledException)
        {
            // It was closed.
        }

        heard.Writer.TryComplete();
    }
}
