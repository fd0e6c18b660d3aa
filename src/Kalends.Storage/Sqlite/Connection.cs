using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Kalends.Storage.Sqlite;

/// <summary>
/// One open connection and the statements prepared on it. A connection for reading is refused writes by SQLite itself, twice over:
/// the file is opened read-only and <c>query_only</c> is on. Used by one session at a time.
/// </summary>
internal sealed class Connection : IDisposable
{
    private readonly SqliteConnection connection;

    /// <summary>By reference: statements are constants of the program, so that no long text is hashed on each use.</summary>
    private readonly Dictionary<string, Statement> statements = new(ReferenceEqualityComparer.Instance);

    private SealingKeys? sealingKeys;

    private Connection(SqliteConnection connection) => this.connection = connection;

    /// <summary>For the migration tool, which speaks ADO.NET.</summary>
    public SqliteConnection Plain => connection;

    public sqlite3 Handle => connection.Handle!;

    public bool InTransaction => raw.sqlite3_get_autocommit(Handle) == 0;

    /// <summary>Read once a connection: they change in a restore, when nobody has the file open.</summary>
    public SealingKeys SealingKeys => sealingKeys ??= Schema.ReadSealingKeys(this);

    public long LastRowId => raw.sqlite3_last_insert_rowid(Handle);

    public static Connection OpenForReading(string file) => Open(file, SqliteOpenMode.ReadOnly, ReadingPragmas);

    public static Connection OpenForWriting(string file, bool create) =>
        Open(file, create ? SqliteOpenMode.ReadWriteCreate : SqliteOpenMode.ReadWrite, WritingPragmas);

    public Statement Prepare(string constantSql)
    {
        if (!statements.TryGetValue(constantSql, out var statement))
        {
            statements[constantSql] = statement = new(Handle, constantSql);
        }

        return statement.Start();
    }

    /// <summary>Runs something once, without keeping it prepared.</summary>
    public void Run(string sql)
    {
        using var statement = new Statement(Handle, sql);
        statement.Run();
    }

    public void Begin()
    {
        ResetStatements();
        Prepare("BEGIN").Run();
    }

    /// <summary>True when the write transaction has begun, false while another process has its own.</summary>
    public bool TryBeginWriting()
    {
        ResetStatements();
        var code = Prepare("BEGIN IMMEDIATE").TryRun();
        return code == raw.SQLITE_DONE || (Faults.IsBusy(code) ? false : throw Faults.From(code, Handle));
    }

    /// <summary>The file remembers it. Needs the file for itself for a moment: false while others use it.</summary>
    public bool TryUseWriteAheadLog()
    {
        var statement = Prepare("PRAGMA journal_mode = WAL");
        try
        {
            return statement.Step() && statement.Text(0) == "wal"
                ? true
                : throw new StoreUnavailableException(
                    "The database's disk cannot share memory between processes: put the file on a local disk.");
        }
        catch (StoreUnavailableException fault) when (fault.InnerException is SqliteException cause && Faults.IsBusy(cause.SqliteErrorCode))
        {
            return false;
        }
        finally
        {
            statement.Reset();
        }
    }

    public void Commit()
    {
        ResetStatements();
        Prepare("COMMIT").Run();
    }

    /// <summary>Ends what is open. SQLite itself has rolled back already after some faults.</summary>
    public void RollBack()
    {
        ResetStatements();
        if (InTransaction)
        {
            Prepare("ROLLBACK").Run();
        }
    }

    public void Dispose()
    {
        foreach (var statement in statements.Values)
        {
            statement.Dispose();
        }

        connection.Dispose();
    }

    /// <summary>
    /// A statement left in the middle of its rows keeps its snapshot open: nobody can begin to write on an old one, nor read anew.
    /// </summary>
    private void ResetStatements()
    {
        foreach (var statement in statements.Values)
        {
            statement.Reset();
        }
    }

    private static Connection Open(string file, SqliteOpenMode mode, string[] pragmas)
    {
        var settings = new SqliteConnectionStringBuilder { DataSource = file, Mode = mode, Pooling = false };
        var plain = new SqliteConnection(settings.ConnectionString);
        var opened = new Connection(plain);
        try
        {
            plain.Open();
            raw.sqlite3_db_config(plain.Handle!, PlansKeepTheirShape, 1, out _);
            foreach (var pragma in pragmas)
            {
                opened.Run(pragma);
            }

            return opened;
        }
        catch (SqliteException fault)
        {
            opened.Dispose();
            throw Faults.From(fault, mode != SqliteOpenMode.ReadOnly);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>
    /// SQLITE_DBCONFIG_ENABLE_QPSG. Without it a statement on a table with a partial index is planned anew each time a
    /// value is bound, which costs 20 µs: ten times what it takes to run it.
    /// </summary>
    private const int PlansKeepTheirShape = 1007;

    /// <summary>
    /// 4 MB of pages for each of few readers keeps an idle server small; no memory map, where a fault of the disk would kill the
    /// process. Readers wait only while another process recovers the log.
    /// </summary>
    private static readonly string[] ReadingPragmas =
    [
        "PRAGMA busy_timeout = 5000",
        "PRAGMA query_only = ON",
        "PRAGMA cache_size = -4000",
        "PRAGMA temp_store = MEMORY",
    ];

    /// <summary>
    /// FULL: a commit is on the disk before it is acknowledged, also when the power goes. The log is folded into the file each
    /// 1,000 pages (4 MB) and cut back to 64 MB after a burst. A busy timeout for opening alone:
    /// waiting to write is done by <see cref="WriterTurns"/>, off the thread.
    /// </summary>
    private static readonly string[] WritingPragmas =
    [
        "PRAGMA busy_timeout = 5000",
        "PRAGMA foreign_keys = ON",
        "PRAGMA synchronous = FULL",
        "PRAGMA wal_autocheckpoint = 1000",
        "PRAGMA journal_size_limit = 67108864",
        "PRAGMA cache_size = -16000",
        "PRAGMA temp_store = MEMORY",
        "PRAGMA busy_timeout = 0",
    ];
}
