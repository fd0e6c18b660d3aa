using Kalends.Storage;
using Kalends.Storage.Postgres;

namespace Kalends.Tests.Postgres;

/// <summary>What is heard late of a replica: of a connection that broke with a loss long told, of a look that began before one.</summary>
public sealed class ReplicaNewsTests
{
    private static readonly Position Come = new('p', 1);

    [Fact]
    public async Task What_was_begun_before_a_loss_tells_nothing_of_how_it_stands_after_it()
    {
        await using var replica = new Replica("here", new("Host=127.0.0.1"), TimeSpan.FromSeconds(1));
        var told = new List<string>();
        replica.Changed = () => told.Add(replica.News!.Sentence);
        replica.Found(Come, TimeSpan.Zero, replica.Losses);
        var first = replica.Losses;

        replica.Lost("It fell.", first);
        replica.Lost("It fell, as another heard.", first);
        replica.Found(Come, TimeSpan.Zero, first);
        Assert.False(replica.IsFit);

        replica.Found(Come, TimeSpan.Zero, replica.Losses);
        replica.Lost("A connection of before broke.", first);
        Assert.True(replica.IsFit);

        replica.Lost("It fell again.", replica.Losses);
        Assert.Equal(
            ["The replica here is used.", "The replica here is not used for now. It fell.", "The replica here is used.",
                "The replica here is not used for now. It fell again."],
            told);
    }
}
