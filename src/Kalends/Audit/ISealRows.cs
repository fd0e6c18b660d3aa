namespace Kalends.Audit;

/// <summary>The seals of a tenant's trail, and the entries as a seal sees them.</summary>
public interface ISealRows
{
    /// <summary>The one with the highest number, without its digests.</summary>
    ValueTask<Seal?> Last();

    /// <summary>In the order of their numbers, from just after one.</summary>
    ValueTask<IReadOnlyList<Seal>> Page(long after, int limit);

    /// <summary>
    /// A number up to which this session sees every entry there will ever be. Where several write at once, an entry may be given its number before another
    /// and be committed after it.
    /// </summary>
    ValueTask<long> Settled();

    /// <summary>Entries beyond a seal's <see cref="Seal.Whole"/> that are covered all the same.</summary>
    ValueTask<IReadOnlySet<long>> CoveredBeyond(long whole);

    /// <summary>Entries by number, those after one and up to another, but for some.</summary>
    ValueTask<IReadOnlyList<EntryFacts>> Entries(long after, long until, IReadOnlySet<long> except, int limit);

    /// <summary>How many entries there are up to a number.</summary>
    ValueTask<long> Count(long until);
}

public interface ISealWrites : ISealRows
{
    /// <summary>Keeps a seal with its commit; false, and nothing kept, where another process has made one of that number.</summary>
    ValueTask<bool> Add(Seal seal);
}
