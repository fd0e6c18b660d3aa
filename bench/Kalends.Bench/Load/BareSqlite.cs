using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace Kalends.Bench.Load;

/// <summary>
/// The statements alone: the same rows as the operation needs, read to the last column on one warm connection with prepared
/// statements, nothing made of them but a sum. What no server could be faster than.
/// </summary>
public sealed class BareSqlite : IDisposable
{
    private const string Overlap = """
        SELECT a.start_at, a.end_at, a.appointment, a.busy, a.privacy, a.owner, a.all_day FROM json_each(?1) c CROSS JOIN attendance a
        ON a.tenant = ?2 AND a.calendar = c.value AND a.start_at >= ?3 - 86400 AND a.start_at < ?4 AND a.end_at > ?3
        """;

    private readonly SqliteConnection connection;
    private readonly Dictionary<string, SqliteCommand> prepared = [];
    private readonly long tenant;

    public BareSqlite(string file)
    {
        connection = new($"Data Source={file};Mode=ReadOnly;Pooling=False");
        connection.Open();
        Run("PRAGMA cache_size = -4000");
        tenant = (long)Run($"SELECT key FROM tenant WHERE name = '{Filling.Tenant}'")!;
    }

    /// <summary>Attendances and then the whole of each appointment once: what fetching a time for some people needs.</summary>
    public long Appointments(IReadOnlyList<long> calendars, long from, long to)
    {
        var ids = new HashSet<Guid>();
        var sum = Rows(calendars, from, to, int.MaxValue, ids);
        return sum + Each(ids, "SELECT body, title, uid, version, start_at, end_at, owner FROM appointment WHERE tenant = ?1 AND id = ?2");
    }

    /// <summary>The blocking attendances of the first page and their titles.</summary>
    public long Conflicts(IReadOnlyList<long> calendars, long from, long to, int limit)
    {
        var ids = new HashSet<Guid>();
        var sum = Rows(calendars, from, to, limit, ids);
        return sum + Each(ids, "SELECT title FROM appointment WHERE tenant = ?1 AND id = ?2");
    }

    /// <summary>The blocking attendances.</summary>
    public long Busy(IReadOnlyList<long> calendars, long from, long to) => Rows(calendars, from, to, int.MaxValue, null);

    public long Key(string calendar) => (long)Run($"SELECT key FROM calendar WHERE tenant = {tenant} AND id = '{calendar}'")!;

    public void Dispose()
    {
        foreach (var command in prepared.Values)
        {
            command.Dispose();
        }

        connection.Dispose();
    }

    private long Rows(IReadOnlyList<long> calendars, long from, long to, int limit, HashSet<Guid>? ids)
    {
        var command = Prepare(Overlap, 4);
        command.Parameters[0].Value = JsonSerializer.Serialize(calendars);
        command.Parameters[1].Value = tenant;
        command.Parameters[2].Value = from;
        command.Parameters[3].Value = to;
        using var reader = command.ExecuteReader();
        var (sum, left) = (0L, limit);
        while (left-- > 0 && reader.Read())
        {
            sum += reader.GetInt64(0) ^ reader.GetInt64(1) ^ reader.GetInt64(3) ^ reader.GetInt64(4) ^ reader.GetInt64(5) ^ reader.GetInt64(6);
            ids?.Add(new Guid(reader.GetFieldValue<byte[]>(2), bigEndian: true));
        }

        return sum;
    }

    private long Each(HashSet<Guid> ids, string sql)
    {
        var command = Prepare(sql, 2);
        command.Parameters[0].Value = tenant;
        var sum = 0L;
        foreach (var id in ids)
        {
            command.Parameters[1].Value = id.ToByteArray(bigEndian: true);
            using var reader = command.ExecuteReader();
            while (reader.Read())
            {
                for (var column = 0; column < reader.FieldCount; column++)
                {
                    sum += reader.IsDBNull(column) ? 0
                        : reader.GetFieldType(column) == typeof(long) ? reader.GetInt64(column) : reader.GetString(column).Length;
                }
            }
        }

        return sum;
    }

    private SqliteCommand Prepare(string sql, int parameters)
    {
        if (!prepared.TryGetValue(sql, out var command))
        {
            command = prepared[sql] = connection.CreateCommand();
            command.CommandText = sql;
            for (var number = 1; number <= parameters; number++)
            {
                command.Parameters.AddWithValue($"?{number}", 0);
            }

            command.Prepare();
        }

        return command;
    }

    private object? Run(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
