using Kalends.Audit;
using NodaTime;

namespace Kalends.Publications;

/// <summary>A publication of the outbox, with the change that it tells of; without it where the trail does not go back so far any more.</summary>
public sealed record PublishedEntry(long Seq, Guid Id, Instant Time, string Type, byte[] Data, TrailEntry? Entry);

/// <summary>What is up to this number is all there once every transaction below another is over.</summary>
public readonly record struct FeedMark(long Seq, long Before)
{
    /// <summary>Of a number known to be settled.</summary>
    public static FeedMark Settled(long seq) => new(seq, 0);
}

/// <summary>Publications in order, and how far they go: up to <see cref="Through"/> nothing will ever come to be that is not among them.</summary>
/// <param name="Entries">In the order of their numbers, which is that of commits for each calendar.</param>
/// <param name="Through">Where to go on.</param>
/// <param name="Mark">There where more may be there already: to be handed in the next time, and soon.</param>
public sealed record FeedPage(IReadOnlyList<PublishedEntry> Entries, long Through, FeedMark? Mark, bool IsFull);

/// <summary>
/// The outbox, read on from a place. A place is the number of a publication, and good for every process: numbers are not the order of commits, so
/// nothing is read before all that has a lower number is there or never will be (decision 16).
/// </summary>
public interface IPublicationRows
{
    /// <summary>Where nothing is known of: reading on from it tells where now is.</summary>
    public const long Unknown = -1;

    /// <param name="after">The number of the last one read, or <see cref="Unknown"/>.</param>
    /// <param name="mark">What the page before answered.</param>
    /// <param name="limit">How many; with none, only how far one could read.</param>
    ValueTask<FeedPage> Read(long after, FeedMark? mark, int limit);

    /// <summary>The place after which so many of the latest come that are there now, or 0 where there are no more.</summary>
    ValueTask<long> BeforeLast(int count);
}
