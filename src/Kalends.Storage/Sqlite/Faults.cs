using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Kalends.Storage.Sqlite;

/// <summary>
/// The one place that tells the world's faults (locked, full, gone, broken disk, no memory), which become <see cref="StoreUnavailableException"/>
/// with what to do about them, from our own bugs, which stay <see cref="SqliteException"/>. Messages reach callers, so they name no files.
/// </summary>
internal static class Faults
{
    public static bool IsBusy(int code) => (code & 0xFF) is raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_PROTOCOL;

    public static Exception From(int code, sqlite3 database)
    {
        try
        {
            SqliteException.ThrowExceptionForRC(code, database);
        }
        catch (SqliteException fault)
        {
            return From(fault, raw.sqlite3_db_readonly(database, "main") != 1);
        }

        return new InvalidOperationException($"SQLite answered {code} where only success or a fault was expected");
    }

    /// <summary>A read-only database is a fault of the world where we meant to write, and a bug of ours where we meant to read.</summary>
    public static Exception From(SqliteException fault, bool writable) => (fault.SqliteErrorCode & 0xFF) switch
    {
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_PROTOCOL =>
            Unavailable("The database is locked by another program; try again shortly.", fault),
        raw.SQLITE_FULL => Unavailable("The disk that holds the database is full: free some space, then try again.", fault),
        raw.SQLITE_IOERR => Unavailable("The database cannot be read or written: look at the disk that holds it, then try again.", fault),
        raw.SQLITE_CANTOPEN =>
            Unavailable("The database file cannot be opened: see that it exists, and that this program may use it and its folder.", fault),
        raw.SQLITE_NOMEM => Unavailable("The database has no memory left to work with; try again shortly.", fault),
        raw.SQLITE_INTERRUPT => Unavailable("The database was interrupted; nothing was kept. Try again.", fault),
        raw.SQLITE_NOTADB => Unavailable("The file is not an SQLite database: look at ConnectionStrings__Kalends.", fault),
        raw.SQLITE_READONLY or raw.SQLITE_PERM when writable =>
            Unavailable("The database file is read-only: see that this program may write it and its folder.", fault),
        _ => fault,
    };

    private static StoreUnavailableException Unavailable(string message, SqliteException cause) => new(message, cause);
}
