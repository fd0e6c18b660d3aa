using Microsoft.Data.Sqlite;

namespace Kalends.Bench.Series;

/// <summary>
/// The inserts alone that a series comes to: its own row, one narrow row an occurrence, one an attendance, on the store's own schema and
/// settings, in one durable transaction. Nothing is read, checked or worked out.
/// </summary>
public sealed class BareSeries : IDisposable
{
    private const int Day = 86_400;

    private readonly SqliteConnection connection;
    private readonly SqliteCommand appointment;
    private readonly SqliteCommand attendance;
    private long number;

    /// <param name="file">A migrated store of its own.</param>
    public BareSeries(string file, int calendars)
    {
        connection = new($"Data Source={file};Pooling=False");
        connection.Open();
        Run("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -16000; PRAGMA wal_autocheckpoint = 1000");
        Run("INSERT INTO tenant (key, name) VALUES (1, 'bare')");
        Run($"""
            WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < {calendars})
            INSERT INTO calendar (tenant, key, id, kind, double_booking) SELECT 1, number, 'user:' || number, 'user', 'allow' FROM numbers
            """);
        appointment = Prepare(
            "INSERT INTO appointment (tenant, id, uid, version, owner, privacy, start_at, end_at, all_day, body, series) VALUES (1, $id, '', 0, 1, 0, $start, $end, 0, $body, $series)",
            "$id", "$start", "$end", "$body", "$series");
        attendance = Prepare(
            "INSERT INTO attendance (tenant, calendar, start_at, appointment, end_at, busy, privacy, owner, all_day) VALUES (1, $calendar, $start, $id, $end, 2, 0, 1, 0)",
            "$calendar", "$start", "$id", "$end");
    }

    public void Save(IReadOnlyList<int> calendars, int occurrences, long start, string body)
    {
        using var transaction = connection.BeginTransaction();
        (appointment.Transaction, attendance.Transaction) = (transaction, transaction);
        var series = Id();
        Insert(appointment, series, start, start + 1800, body, DBNull.Value);
        var ids = Enumerable.Range(0, occurrences).Select(_ => Id()).ToList();
        for (var n = 0; n < occurrences; n++)
        {
            Insert(appointment, ids[n], start + (n * Day), start + (n * Day) + 1800, "{}", series);
        }

        foreach (var calendar in calendars)
        {
            for (var n = 0; n < occurrences; n++)
            {
                Insert(attendance, (long)calendar, start + (n * Day), ids[n], start + (n * Day) + 1800);
            }
        }

        transaction.Commit();
    }

    public void Dispose()
    {
        appointment.Dispose();
        attendance.Dispose();
        connection.Dispose();
    }

    private static void Insert(SqliteCommand command, params object[] values)
    {
        for (var index = 0; index < values.Length; index++)
        {
            command.Parameters[index].Value = values[index];
        }

        command.ExecuteNonQuery();
    }

    /// <summary>Rising, as the ids of occurrences are.</summary>
    private byte[] Id()
    {
        var id = new byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(id.AsSpan(8), ++number);
        return id;
    }

    private SqliteCommand Prepare(string sql, params string[] names)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var name in names)
        {
            command.Parameters.AddWithValue(name, 0);
        }

        return command;
    }

    private void Run(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
