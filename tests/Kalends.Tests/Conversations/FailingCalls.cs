using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Kalends.Storage.Sqlite;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Kalends.Tests.Conversations;

/// <summary>
/// Makes calls of a store's writing connection fail, for real: SQLite itself tells each statement that begins (its trace), and is interrupted
/// there; refuses a commit (its commit hook); or finds the file as long as it may be. The connection is nobody's business but the store's, so it
/// is taken by reflection.
/// </summary>
internal sealed class FailingCalls(SqliteStore store, string file)
{
    private const BindingFlags Hidden = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public;

    private int failing;

    /// <summary>How many calls were begun, and the last of them that was to fail.</summary>
    public int Calls { get; private set; }

    public string? Failed { get; private set; }

    /// <summary>The n-th call from now on fails, once; it counts BEGIN and COMMIT too.</summary>
    public async ValueTask Fail(int call)
    {
        failing = 0;
        var handle = await Handle();
        (Calls, Failed, failing) = (0, null, call);
        raw.sqlite3_trace(
            handle,
            (_, sql) =>
            {
                if (++Calls == failing)
                {
                    Failed = sql;
                    raw.sqlite3_interrupt(handle);
                }
            },
            null);
    }

    public async ValueTask RefuseCommits(bool refuse) => raw.sqlite3_commit_hook(await Handle(), _ => refuse ? 1 : 0, null);

    /// <summary>The file may grow by so many pages of 4 KiB and no further.</summary>
    public async ValueTask Grow(int pages)
    {
        var handle = await Handle();
        Assert.Equal(raw.SQLITE_OK, raw.sqlite3_exec(handle, $"PRAGMA max_page_count = {Long("PRAGMA page_count") + pages}"));
    }

    public async ValueTask Heal()
    {
        failing = 0;
        var handle = await Handle();
        raw.sqlite3_trace(handle, (strdelegate_trace?)null, null);
        raw.sqlite3_commit_hook(handle, _ => 0, null);
        raw.sqlite3_exec(handle, "PRAGMA max_page_count = 1000000000");
    }

    /// <summary>Every row of every table, boiled down.</summary>
    public string Content()
    {
        using var connection = Open();
        var tables = Strings(connection, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_stat%' ORDER BY name");
        var rows = string.Join('\n', tables.SelectMany(table => Strings(connection, $"SELECT * FROM \"{table}\"").Order(StringComparer.Ordinal).Prepend(table)));
        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(rows)));
    }

    private long Long(string sql)
    {
        using var connection = Open();
        return long.Parse(Strings(connection, sql)[0], null);
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection($"Data Source={file};Pooling=False;Mode=ReadOnly");
        connection.Open();
        return connection;
    }

    private static List<string> Strings(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(column => reader.IsDBNull(column) ? "null"
                : reader.GetValue(column) is byte[] bytes ? Convert.ToHexString(bytes) : reader.GetValue(column).ToString())));
        }

        return rows;
    }

    /// <summary>A connection that failed for good is replaced by the store, so it is asked for anew each time.</summary>
    private async ValueTask<sqlite3> Handle()
    {
        await using (await store.Write("acme", TestContext.Current.CancellationToken))
        {
            var turns = typeof(SqliteStore).GetField("writers", Hidden)!.GetValue(store)!;
            var connection = turns.GetType().GetField("connection", Hidden)!.GetValue(turns)!;
            return (sqlite3)connection.GetType().GetProperty("Handle", Hidden)!.GetValue(connection)!;
        }
    }
}
