using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Kalends.Storage.Sqlite;

namespace Kalends.Storage.Copying;

/// <summary>
/// What is copied from: one snapshot of an SQLite store, on a connection that SQLite refuses writes on. Others may write meanwhile; what they write
/// is not seen, and told by <see cref="HasChanged"/>.
/// </summary>
internal sealed class SqliteOriginal : IDisposable
{
    private const string MetaSql = "SELECT name, value FROM meta ORDER BY name";

    // Each command leaves an entry in the trail, and a refused one at most an answer that is kept.
    private const string LastSql = """
        SELECT (SELECT max(seq) FROM trail), (SELECT max(seq) FROM outbox), (SELECT max(kept_at) FROM idempotency), (SELECT sum(version) FROM calendar)
        """;

    private const string TenantsSql = "SELECT key, name FROM tenant";

    private const string MonthsSql = """
        SELECT strftime('%Y-%m-01', at, 'unixepoch') FROM command UNION SELECT strftime('%Y-%m-01', time, 'unixepoch') FROM outbox ORDER BY 1
        """;

    private readonly string file;
    private readonly Connection connection;

    public SqliteOriginal(string file)
    {
        this.file = file;
        connection = Schema.Required(Connection.OpenForReading(file));
        connection.Begin();
        Counts = CopiedTables.All.ToDictionary(table => table.Name, table => Count(connection, table), StringComparer.Ordinal);
        Meta = ReadMeta(connection);
        // One secret a store, and the same as long as it lives: a name for it that tells nobody the secret.
        Name = Hash("name\n" + Meta["sealing-key"]);
        State = StateOf(connection);
    }

    public IReadOnlyDictionary<string, long> Counts { get; }

    public IReadOnlyDictionary<string, string> Meta { get; }

    /// <summary>Which store it is.</summary>
    public string Name { get; }

    /// <summary>What was written to it: the same as long as nothing is.</summary>
    public string State { get; }

    /// <summary>Whether anything was written since the snapshot was taken.</summary>
    public bool HasChanged()
    {
        using var now = Schema.Required(Connection.OpenForReading(file));
        now.Begin();
        return StateOf(now) != State;
    }

    /// <summary>The first days of the months that commands and publications are of.</summary>
    public IReadOnlyList<string> Months()
    {
        var months = new List<string>();
        using var rows = new Statement(connection.Handle, MonthsSql);
        while (rows.Step())
        {
            months.Add(rows.Text(0));
        }

        return months;
    }

    public IReadOnlyDictionary<long, string> Tenants()
    {
        var names = new Dictionary<long, string>();
        using var rows = new Statement(connection.Handle, TenantsSql);
        while (rows.Step())
        {
            names[rows.Long(0)] = rows.Text(1);
        }

        return names;
    }

    /// <summary>The rows of a table in its order, one after the other, from a place on.</summary>
    public IEnumerable<object?[]> Rows(CopiedTable table, long from)
    {
        using var rows = new Statement(connection.Handle, table.ReadSqlite).With(from);
        while (rows.Step())
        {
            var row = new object?[table.Columns.Length];
            for (var column = 0; column < row.Length; column++)
            {
                row[column] = rows.IsNull(column) ? null : Value(rows, column, table.Columns[column].Kind);
            }

            yield return row;
        }
    }

    public void Dispose() => connection.Dispose();

    private static object Value(Statement row, int column, Kind kind) => kind switch
    {
        Kind.Integer or Kind.Long or Kind.Moment or Kind.Privacy or Kind.Busyness => row.Long(column),
        Kind.Bool => row.Bool(column),
        Kind.Text => row.Text(column),
        Kind.Texts => JsonSerializer.Deserialize<string[]>(row.Bytes(column))!,
        // Sixteen bytes, but of a publication as text.
        Kind.Id => row.Bytes(column) is { Length: 16 } bytes ? new Guid(bytes, bigEndian: true) : Guid.Parse(row.Text(column)),
        Kind.Bytes or Kind.Json => row.Bytes(column),
        Kind.Keys => Members(row.Bytes(column), member => long.Parse(member.Name, CultureInfo.InvariantCulture)),
        _ => Members(row.Bytes(column), member => member.Value.GetInt64()),
    };

    /// <summary>Of an array the numbers, of an object something of each member, in the order they stand in.</summary>
    private static long[] Members(byte[] json, Func<JsonProperty, long> of)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.ValueKind == JsonValueKind.Array
            ? [.. document.RootElement.EnumerateArray().Select(number => number.GetInt64())]
            : [.. document.RootElement.EnumerateObject().Select(of)];
    }

    private static long Count(Connection connection, CopiedTable table)
    {
        using var row = new Statement(connection.Handle, table.CountSqlite);
        return row.Step() ? row.Long(0) : 0;
    }

    private static Dictionary<string, string> ReadMeta(Connection connection)
    {
        var meta = new Dictionary<string, string>(StringComparer.Ordinal);
        using var rows = new Statement(connection.Handle, MetaSql);
        while (rows.Step())
        {
            meta[rows.Text(0)] = rows.Text(1);
        }

        return meta;
    }

    private static string StateOf(Connection connection)
    {
        using var last = new Statement(connection.Handle, LastSql);
        last.Step();
        var said = ReadMeta(connection).Select(pair => $"{pair.Key}={pair.Value}")
            .Concat(Enumerable.Range(0, 4).Select(column => last.Long(column).ToString(CultureInfo.InvariantCulture)))
            .Concat(CopiedTables.All.Select(table => string.Create(CultureInfo.InvariantCulture, $"{table.Name} {Count(connection, table)}")));
        return Hash(string.Join('\n', said));
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));
}
