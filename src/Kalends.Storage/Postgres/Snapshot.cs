namespace Kalends.Storage.Postgres;

/// <summary>
/// The moment that a reading session sees, of the primary or of a replica, and the places in the log that it lies between: all that a position was
/// ever answered for is in it where it <see cref="Covers"/> that, and nothing is in it that is past <see cref="Reached"/>.
/// </summary>
/// <param name="replica">Null for the primary.</param>
internal sealed class Snapshot(Replica? replica)
{
    public const string BeginSql = $"{Wire.BeginSql} ISOLATION LEVEL REPEATABLE READ READ ONLY";

    private const string BeginLookingSql = $"{Wire.BeginSql} READ ONLY";

    private SeenUpTo seen;

    public bool IsOfReplica => replica is not null;

    /// <summary>Null until it is taken.</summary>
    public Position? Reached => seen.Reached == default ? null : seen.Reached;

    public bool Covers(Position position) => position.IsWithin(seen.Covered);

    /// <summary>What is known before it is taken: the replica had come so far.</summary>
    public void WillCover(Position come) => seen = seen with { Covered = come };

    /// <summary>
    /// Begins the transaction, whose first statement takes the snapshot, so that what is read from then on is past all that is in it. A replica
    /// replays on while that statement looks; what its snapshot surely covers is asked before, in a transaction of its own. The primary is always
    /// ahead of every position that it answered.
    /// </summary>
    public IEnumerable<Statement> Take() => replica is null
        ? [new(BeginSql), LogPlaces.Seen(places => seen = places)]
        :
        [
            new(BeginLookingSql), LogPlaces.Replayed(come => WillCover(replica.Standing(come))), new(Wire.CommitSql),
            new(BeginSql), LogPlaces.Replayed(come => seen = seen with { Reached = replica.Standing(come) }),
        ];
}
