using Npgsql;
using NpgsqlTypes;

namespace Kalends.Bench.Cache;

/// <summary>
/// The statements alone that fetch the rows of a search, of each the best shape known: calendars by their keys, one prepared statement on one warm
/// connection, every column read and nothing made of it but a sum.
/// </summary>
public sealed class BareSearches : IAsyncDisposable
{
    private const string Blocking = """
        FROM unnest($1) WITH ORDINALITY asked (key, place) CROSS JOIN LATERAL
            (SELECT * FROM attendance WHERE tenant = 1 AND calendar = asked.key AND start_at < $2 - interval '1 day' AND end_at > $2
                AND end_at - start_at > '24:00:00'::interval AND busy <> 'f' AND end_at > start_at
             UNION ALL
             SELECT * FROM attendance WHERE tenant = 1 AND calendar = asked.key AND start_at >= $2 - interval '1 day' AND start_at < $3
                AND end_at > $2 AND busy <> 'f' AND end_at > start_at) a
        """;

    private const string BusySql =
        $"SELECT a.calendar, a.start_at, a.end_at, a.busy, a.privacy, a.owner {Blocking} ORDER BY asked.place, a.start_at, a.end_at, a.appointment";

    private const string ConflictsSql = $"""
        SELECT a.calendar, a.start_at, a.end_at, a.busy, a.privacy, a.owner, a.appointment, p.title FROM
            (SELECT a.*, asked.place {Blocking} ORDER BY asked.place, a.start_at, a.end_at, a.appointment LIMIT $4) a
            LEFT JOIN appointment p ON p.tenant = 1 AND p.id = a.appointment
        ORDER BY a.place, a.start_at, a.end_at, a.appointment
        """;

    private readonly NpgsqlConnection connection;
    private readonly Dictionary<string, int> keys = new(StringComparer.Ordinal);
    private readonly NpgsqlCommand busy;
    private readonly NpgsqlCommand conflicts;

    private BareSearches(NpgsqlConnection connection)
    {
        this.connection = connection;
        (busy, conflicts) = (Command(BusySql, 3), Command(ConflictsSql, 4));
    }

    public static async Task<BareSearches> Open(string connectionString)
    {
        var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        await connection.OpenAsync();
        var searches = new BareSearches(connection);
        await searches.busy.PrepareAsync();
        await searches.conflicts.PrepareAsync();
        await using var all = new NpgsqlCommand("SELECT id, key FROM calendar WHERE tenant = 1", connection);
        await using var reader = await all.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            searches.keys[reader.GetString(0)] = reader.GetInt32(1);
        }

        return searches;
    }

    public int Calendars => keys.Count;

    public Task<long> Busy(IEnumerable<string> calendars, DateTime from, DateTime to) => Read(busy, calendars, from, to, null);

    public Task<long> Conflicts(IEnumerable<string> calendars, DateTime from, DateTime to, int limit) => Read(conflicts, calendars, from, to, limit);

    public async ValueTask DisposeAsync()
    {
        await busy.DisposeAsync();
        await conflicts.DisposeAsync();
        await connection.DisposeAsync();
    }

    private async Task<long> Read(NpgsqlCommand command, IEnumerable<string> calendars, DateTime from, DateTime to, int? limit)
    {
        command.Parameters[0].Value = calendars.Select(name => keys[name]).ToArray();
        command.Parameters[1].Value = from;
        command.Parameters[2].Value = to;
        if (limit is not null)
        {
            command.Parameters[3].Value = (long)limit;
        }

        var sum = 0L;
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            sum += reader.GetInt32(0) ^ reader.GetFieldValue<long>(1) ^ reader.GetFieldValue<long>(2) ^ reader.GetChar(3) ^ reader.GetChar(4) ^ reader.GetInt32(5);
            sum += limit is null ? 0 : reader.GetGuid(6).GetHashCode() + (reader.IsDBNull(7) ? 0 : reader.GetString(7).Length);
        }

        return sum;
    }

    private NpgsqlCommand Command(string sql, int parameters)
    {
        NpgsqlDbType[] types = [NpgsqlDbType.Array | NpgsqlDbType.Integer, NpgsqlDbType.TimestampTz, NpgsqlDbType.TimestampTz, NpgsqlDbType.Bigint];
        var command = new NpgsqlCommand(sql, connection);
        foreach (var type in types.Take(parameters))
        {
            command.Parameters.Add(new() { NpgsqlDbType = type });
        }

        return command;
    }
}
