namespace Kalends.Messages;

/// <summary>
/// Takes what a query finds while it goes on looking: items that stand in the place of lists of its answer (<see cref="CatalogueEntry.Streams"/>), masked as
/// those are. Who takes them slowly is waited for, so no more is in memory than was handed over at one time.
/// </summary>
public interface IItemSink
{
    /// <summary>True once an item was handed over: from then on the query cannot be run anew unseen.</summary>
    bool HasBegun { get; }

    /// <param name="items">In the order of the answer.</param>
    /// <param name="progress">How much of the search is done, from 0 to 1.</param>
    /// <param name="stopped">Ends the waiting.</param>
    ValueTask Send(IReadOnlyList<object> items, double progress, CancellationToken stopped);
}
