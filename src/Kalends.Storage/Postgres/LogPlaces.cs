namespace Kalends.Storage.Postgres;

/// <summary>
/// What a session sees: all that a position up to <see cref="Covered"/> was ever answered for, and nothing that <see cref="Reached"/> does not include.
/// </summary>
internal readonly record struct SeenUpTo(Position Covered, Position Reached);

/// <summary>
/// Positions on PostgreSQL: places in its write-ahead log (LSN), which replicas replay in order. One that is read after a snapshot was taken
/// includes all that the snapshot shows; to know that a snapshot shows all up to a place, the place is read before it is taken.
/// </summary>
internal static class LogPlaces
{
    private const char Kind = 'p';

    // A commit returns when its record is on the disk, and so before what is there now. With synchronous_commit = off it is not yet: then the end
    // of what was written, be it in memory, is the first place that is surely past it. Replicas get only what is on the disk, so that the
    // end of it is what they reach soonest.
    private const string Now = """
        CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
            WHEN current_setting('synchronous_commit') = 'off' THEN pg_current_wal_insert_lsn() ELSE pg_current_wal_flush_lsn() END
        """;

    private const string End = "CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END";

    private const string AnsweredSql = $"SELECT {Now}";

    private const string SeenSql = $"SELECT {End}, {Now}";

    private const string ReplayedSql = "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() END";

    public static bool IsOne(Position position) => position.Kind == Kind;

    /// <summary>A place past every commit that was answered so far.</summary>
    public static Statement Answered(Action<Position> now) => new Statement(AnsweredSql).Reading(row => now(Read(row, 0)));

    /// <summary>Of a session whose snapshot was taken, on a database that nothing is ahead of.</summary>
    public static Statement Seen(Action<SeenUpTo> seen) => new Statement(SeenSql).Reading(row => seen(new(Read(row, 0), Read(row, 1))));

    /// <summary>How far a replica has come; null from what is none, or none any more.</summary>
    public static Statement Replayed(Action<Position?> replayed) =>
        new Statement(ReplayedSql).Reading(row => replayed(row.IsNull(0) ? null : Read(row, 0)));

    private static Position Read(Row row, int column) => new(Kind, row.LogPlace(column));
}
