using System.Globalization;
using System.Runtime.CompilerServices;
using Npgsql;

namespace Kalends.Storage.Postgres;

/// <summary>
/// Rewrites indexes that are half empty, beside the work of others. Where rows come in order within each tenant or calendar, but not in the whole index,
/// PostgreSQL splits a full page in two halves, and nobody ever fills the first: its remedy for rising keys is for entries of two numbers, and ours
/// hold a UUID besides.
/// </summary>
internal static class Indexes
{
    /// <summary>Eight megabytes; smaller ones are in memory anyway.</summary>
    public const int FewestPages = 1_000;

    private const long Lock = 0x4B_61_6C_49_6E_64_78;

    // Of entries of fixed length, which all large ones of ours are: eight bytes before each and four that point to it, on pages of 8,152. A rewrite
    // leaves a tenth free.
    private const string LooseSql = """
        SELECT c.oid::regclass::text, c.relpages, (c.reltuples * (8 * ((w.bytes + 15) / 8) + 4) / (c.relpages * 8152.0))::float8
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        CROSS JOIN LATERAL (SELECT sum(attlen) AS bytes, bool_and(attlen > 0) AS fixed FROM pg_attribute WHERE attrelid = c.oid) w
        WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
          AND c.relkind = 'i' AND i.indisvalid AND w.fixed AND c.relpages >= $1
          AND c.reltuples * (8 * ((w.bytes + 15) / 8) + 4) / (c.relpages * 8152.0) < 0.7
        ORDER BY c.relpages
        """;

    // What an earlier run left that was interrupted.
    private const string LeftSql = """
        SELECT c.oid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$'
          AND c.oid NOT IN (SELECT index_relid FROM pg_stat_progress_create_index)
        """;

    /// <summary>A sentence as each begins and one as it ends; nothing where none is loose.</summary>
    /// <exception cref="StoreUnavailableException">Another does it just now, or the user is not the owner.</exception>
    public static async IAsyncEnumerable<string> Rewrite(
        string connectionString, int fewestPages, [EnumeratorCancellation] CancellationToken stopped)
    {
        await using var source = Source.ForScripts(connectionString, Migration.NoTimeouts);
        await using var connection = await source.OpenConnectionAsync(stopped);
        if (!(await Read(connection, $"SELECT pg_try_advisory_lock({Lock})", row => row.GetBoolean(0), stopped)).Single())
        {
            throw new StoreUnavailableException("Another process rewrites the indexes of this database just now.");
        }

        foreach (var left in await Read(connection, LeftSql, row => row.GetString(0), stopped))
        {
            await Run(connection, $"DROP INDEX CONCURRENTLY IF EXISTS {left}", stopped);
        }

        var loose = await Read(connection, LooseSql, row => (Name: row.GetString(0), Pages: row.GetInt32(1), Full: row.GetDouble(2)), stopped, fewestPages);
        foreach (var (number, index) in loose.Index())
        {
            yield return $"{number + 1} of {loose.Count}: {index.Name} is {Megabytes(index.Pages)}, {index.Full:P0} full";
            await Run(connection, $"REINDEX INDEX CONCURRENTLY {index.Name}", stopped);
            var pages = await Read(connection, "SELECT (pg_relation_size($1::text::regclass) / 8192)::int", row => row.GetInt32(0), stopped, index.Name);
            yield return $"{number + 1} of {loose.Count}: {index.Name} is {Megabytes(pages.Single())} now";
        }
    }

    private static string Megabytes(int pages) => string.Create(CultureInfo.InvariantCulture, $"{pages * 8192L / 1e6:N1} MB");

    private static async Task<List<T>> Read<T>(
        NpgsqlConnection connection, string constantSql, Func<NpgsqlDataReader, T> row, CancellationToken stopped, params object[] values)
    {
        await using var command = new NpgsqlCommand(constantSql, connection);
        foreach (var value in values)
        {
            command.Parameters.Add(new() { Value = value });
        }

        await using var reader = await command.ExecuteReaderAsync(stopped);
        var found = new List<T>();
        while (await reader.ReadAsync(stopped))
        {
            found.Add(row(reader));
        }

        return found;
    }

    private static async Task Run(NpgsqlConnection connection, string sql, CancellationToken stopped)
    {
        try
        {
            // Names come from the catalogue, quoted by it.
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync(stopped);
        }
        catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new StoreUnavailableException(Schema.ForTheOwner, refused);
        }
        catch (NpgsqlException fault)
        {
            throw Faults.From(fault, []);
        }
    }
}
