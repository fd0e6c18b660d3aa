using System.Text;
using SQLitePCL;

namespace Kalends.Storage.Sqlite;

/// <summary>
/// A prepared statement, used again and again: <c>statement.Start().With(…).With(…)</c>, then <see cref="Step"/> for each row.
/// Straight on SQLite's own calls: per row it makes nothing but what the caller asks for, and every fault passes
/// <see cref="Faults"/>. Columns count from 0.
/// </summary>
internal sealed class Statement : IDisposable
{
    private readonly sqlite3 database;
    private readonly sqlite3_stmt handle;
    private int bound;

    public Statement(sqlite3 database, string sql)
    {
        this.database = database;
        Check(raw.sqlite3_prepare_v3(database, sql, raw.SQLITE_PREPARE_PERSISTENT, out handle));
    }

    public Statement Start()
    {
        Reset();
        bound = 0;
        return this;
    }

    public Statement With(long value) => Check(raw.sqlite3_bind_int64(handle, ++bound, value));

    public Statement With(long? value) => value is { } number ? With(number) : WithNull();

    public Statement With(bool value) => With(value ? 1 : 0);

    public Statement With(string? value)
    {
        if (value is null)
        {
            return WithNull();
        }

        const int OnStack = 512;
        var most = Encoding.UTF8.GetMaxByteCount(value.Length);
        Span<byte> bytes = most <= OnStack ? stackalloc byte[OnStack] : new byte[most];
        return WithText(bytes[..Encoding.UTF8.GetBytes(value, bytes)]);
    }

    /// <summary>Sixteen bytes, big-endian: the order of the bytes is the order of the ids.</summary>
    public Statement With(Guid value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes, bigEndian: true, out _);
        return WithBytes(bytes);
    }

    public Statement With(Guid? value) => value is { } id ? With(id) : WithNull();

    /// <summary>JSON in UTF-8 as it is, or null.</summary>
    public Statement WithJson(byte[]? utf8) => utf8 is null ? WithNull() : WithText(utf8);

    public Statement WithBytes(ReadOnlySpan<byte> bytes) => Check(bytes.IsEmpty
        ? raw.sqlite3_bind_zeroblob(handle, ++bound, 0)
        : raw.sqlite3_bind_blob(handle, ++bound, bytes));

    public Statement WithNull() => Check(raw.sqlite3_bind_null(handle, ++bound));

    /// <summary>True when a row stands ready; false when there is none left.</summary>
    public bool Step()
    {
        var code = raw.sqlite3_step(handle);
        if (code == raw.SQLITE_ROW)
        {
            return true;
        }

        raw.sqlite3_reset(handle);
        Check(code == raw.SQLITE_DONE ? raw.SQLITE_OK : code);
        return false;
    }

    /// <summary>To the end, for what answers no rows; the answer is how many rows it changed.</summary>
    public int Run()
    {
        while (Step())
        {
        }

        return raw.sqlite3_changes(database);
    }

    /// <summary>The answer of SQLite itself, faults included.</summary>
    public int TryRun()
    {
        var code = raw.sqlite3_step(handle);
        raw.sqlite3_reset(handle);
        return code;
    }

    public void Reset() => raw.sqlite3_reset(handle);

    public bool IsNull(int column) => raw.sqlite3_column_type(handle, column) == raw.SQLITE_NULL;

    public long Long(int column) => raw.sqlite3_column_int64(handle, column);

    public bool Bool(int column) => raw.sqlite3_column_int(handle, column) != 0;

    public Guid Guid(int column) => new(raw.sqlite3_column_blob(handle, column), bigEndian: true);

    public Guid? GuidOrNull(int column) => IsNull(column) ? null : Guid(column);

    public byte[] Bytes(int column) => raw.sqlite3_column_blob(handle, column).ToArray();

    public string Text(int column) => Encoding.UTF8.GetString(raw.sqlite3_column_blob(handle, column));

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    public void Dispose() => handle.Dispose();

    /// <summary>SQLite takes a text of no length for null unless it has an address.</summary>
    private Statement WithText(ReadOnlySpan<byte> utf8) => Check(utf8.IsEmpty
        ? raw.sqlite3_bind_text(handle, ++bound, utf8z.FromString(""))
        : raw.sqlite3_bind_text(handle, ++bound, utf8));

    private Statement Check(int code) => code == raw.SQLITE_OK ? this : throw Faults.From(code, database);
}
