namespace Kalends.Audit;

/// <summary>The seals of a tenant's trail, and the entries as a seal sees them.</summary>
public interface ISealRows
{
    /// <summary>The one with the highest number, without its digests.</summary>
    ValueTask<Seal?> Last();

    /// <summary>In the order of their numbers, from just after one.</summary>
    ValueTask<IReadOnlyList<Seal>> Page(long after, int limit);

    /// <summary>
    /// The last seal up to whose <see cref="Seal.UpTo"/> no entry will be committed any more, as its number and that; zeros where there is none.
    /// Where several write at once, a number may be given before another and come after it.
    /// </summary>
    ValueTask<(long Number, long UpTo)> Settled();

    /// <summary>A number up to which this session sees every entry there will ever be; 0 where it cannot tell but by <see cref="Settled"/>.</summary>
    ValueTask<long> Seen();

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
