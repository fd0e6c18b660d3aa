using System.Net.Sockets;
using Npgsql;

namespace Kalends.Storage.Postgres;

/// <summary>
/// The one place that tells the world's faults (gone, full, too slow, not let in), which become <see cref="StoreUnavailableException"/> with
/// what to do about them, and somebody faster, <see cref="StoreChangedException"/>, from our own bugs, which stay as they are. Messages reach
/// callers, so they name no hosts, databases or users.
/// </summary>
internal static class Faults
{
    /// <param name="fault">What the driver threw.</param>
    /// <param name="calendars">Those that this session has asked to lock.</param>
    public static Exception From(Exception fault, IReadOnlyCollection<CalendarId> calendars) => fault switch
    {
        PostgresException said => From(said, calendars),
        NpgsqlException { InnerException: TimeoutException } or TimeoutException =>
            new StoreUnavailableException("The database does not answer in time, or too many commands wait for it; try again shortly.", fault),
        NpgsqlException or SocketException or IOException =>
            new StoreUnavailableException("The database cannot be reached; try again shortly.", fault),
        _ => fault,
    };

    /// <summary>
    /// True where a batch that ends with a commit failed and it cannot be known whether the commit was done: nothing came back, or the session
    /// was ended (by an operator, a crash of another) or stopped when it was the commit's turn, which may be after it was done.
    /// </summary>
    /// <param name="cause">What the driver threw.</param>
    /// <param name="commit">The statement that commits.</param>
    /// <param name="after">The one that comes behind it: when it is its turn, the commit was done.</param>
    public static bool LeavesOpen(Exception? cause, NpgsqlBatchCommand commit, NpgsqlBatchCommand after) => cause is not PostgresException said
        || said.BatchCommand == after
        || ((said.BatchCommand is null || said.BatchCommand == commit)
            && (said.InvariantSeverity is "FATAL" or "PANIC" || said.SqlState == PostgresErrorCodes.QueryCanceled));

    private static Exception From(PostgresException fault, IReadOnlyCollection<CalendarId> calendars) => fault.SqlState switch
    {
        PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.UniqueViolation
            or PostgresErrorCodes.ExclusionViolation => new StoreChangedException(calendars, fault),
        // Without a name it is a partition's: the row was on its way to where the rest goes when its month was made.
        PostgresErrorCodes.CheckViolation when fault.ConstraintName is null => new StoreChangedException(calendars, fault),
        // What AppointmentRows makes of a version that does not follow.
        PostgresErrorCodes.NotNullViolation when fault is { TableName: "appointment", ColumnName: "version" } =>
            new StoreChangedException(calendars, fault),
        PostgresErrorCodes.LockNotAvailable =>
            Unavailable("Too many commands wait to change the same calendars; try again shortly.", fault),
        PostgresErrorCodes.QueryCanceled => Unavailable("The database took too long over this; ask for less, or try again shortly.", fault),
        PostgresErrorCodes.DiskFull => Full(fault),
        // A quota, or a limit on the size of files: PostgreSQL has no code for these, but it is what adds to a file of the tables that says so.
        PostgresErrorCodes.InternalError when fault.Routine is "mdextend" or "mdzeroextend" => Full(fault),
        PostgresErrorCodes.TooManyConnections => Unavailable("The database has as many connections as it can take; try again shortly.", fault),
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification =>
            Unavailable("The database does not let this program in: look at user and password in ConnectionStrings__Kalends.", fault),
        PostgresErrorCodes.InvalidCatalogName =>
            Unavailable("There is no such database: create it, or look at ConnectionStrings__Kalends.", fault),
        PostgresErrorCodes.InsufficientPrivilege =>
            Unavailable("The database's user may not do this: let it use the tables, and for `kalends migrate` create them.", fault),
        _ when IsOfTheWorld(fault.SqlState) => Unavailable("The database cannot be used just now; try again shortly.", fault),
        _ => fault,
    };

    /// <summary>
    /// Connection lost, prepared statements lost (a pooler in between that mixes sessions), resources used up, the operator at work, or the machine
    /// broken; by class (PostgreSQL manual, appendix A).
    /// </summary>
    private static bool IsOfTheWorld(string state) => state[..2] is "08" or "26" or "53" or "57" or "58" or "XX";

    private static StoreUnavailableException Full(PostgresException cause) =>
        Unavailable("The disk of the database is full: free some space, then try again.", cause);

    private static StoreUnavailableException Unavailable(string message, PostgresException cause) => new(message, cause);
}
