using NodaTime;

namespace Kalends.Storage;

/// <summary>
/// What a tenant's trail has lost by policy: every entry up to <see cref="Seq"/>, so many in all, and the digests of every seal up to
/// <see cref="Seals"/>. Every entry of a command begun at <see cref="KeptFrom"/> or later is there; of those begun before it some may be.
/// </summary>
public sealed record DroppedTrail(long Seq, Instant KeptFrom, long Entries, long Seals)
{
    /// <summary>For whoever asks for what is older.</summary>
    public string Sentence => $"the trail is kept from {KeptFrom} on";
}

/// <summary>What one transaction dropped.</summary>
public readonly record struct DroppedRows(long Entries, long Views);

public interface IRetentionRows
{
    /// <summary>Null where nothing was ever dropped.</summary>
    ValueTask<DroppedTrail?> Dropped();

    /// <summary>Whether anything was dropped that made a later version than this of one of these calendars, by key.</summary>
    ValueTask<bool> AnyDropped(IReadOnlyDictionary<long, long> after);

    /// <summary>How many entries <see cref="IRetentionWrites.Drop"/> would drop, called again and again.</summary>
    ValueTask<long> Count(Instant before);
}

public interface IRetentionWrites : IRetentionRows
{
    /// <summary>
    /// Drops the oldest entries of the trail, so many at most, with all that hangs on them: their publications, their commands of which no entry is left,
    /// digests of seals. And views of calendars on earlier days, as many. It ends at the first entry that is not older than a moment, or not sealed. A
    /// moment is to be <see cref="FewestDays"/> ago at least, which PostgreSQL sees to itself.
    /// </summary>
    ValueTask<DroppedRows> Drop(Instant before, int most);

    /// <summary>Sync tokens are to live as long, and need the trail.</summary>
    const int FewestDays = 90;
}
