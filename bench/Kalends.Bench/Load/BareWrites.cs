using Microsoft.Data.Sqlite;

namespace Kalends.Bench.Load;

/// <summary>
/// The inserts alone that one saved appointment of five people comes to: appointment, attendances, change log, trail, outbox, calendar
/// versions, in one transaction as durable as the store's (WAL, synchronous=FULL). On a copy of the schema in a file of its own.
/// </summary>
public sealed class BareWrites : IDisposable
{
    private readonly SqliteConnection connection;
    private readonly List<SqliteCommand> statements = [];
    private long number;

    public BareWrites(string file)
    {
        connection = new($"Data Source={file};Pooling=False");
        connection.Open();
        Run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
        Run("""
            CREATE TABLE appointment (tenant INTEGER, id BLOB, title TEXT, body TEXT, PRIMARY KEY (tenant, id));
            CREATE TABLE attendance (tenant INTEGER, calendar INTEGER, start_at INTEGER, appointment BLOB, end_at INTEGER, busy INTEGER,
                PRIMARY KEY (tenant, calendar, start_at, appointment)) WITHOUT ROWID;
            CREATE UNIQUE INDEX attendance_of ON attendance (tenant, appointment, calendar);
            CREATE TABLE calendar (key INTEGER PRIMARY KEY, version INTEGER);
            CREATE TABLE trail (seq INTEGER PRIMARY KEY AUTOINCREMENT, appointment BLOB, after TEXT);
            CREATE TABLE outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT, data TEXT);
            CREATE TABLE calendar_change (calendar INTEGER, appointment BLOB, seq INTEGER, PRIMARY KEY (calendar, appointment)) WITHOUT ROWID;
            CREATE UNIQUE INDEX change_in_order ON calendar_change (calendar, seq);
            WITH RECURSIVE numbers (number) AS (SELECT 0 UNION ALL SELECT number + 1 FROM numbers WHERE number < 999)
            INSERT INTO calendar SELECT number, 0 FROM numbers;
            """);
        Prepare("INSERT INTO appointment VALUES (1, $id, $title, $body)");
        Prepare("INSERT INTO attendance VALUES (1, $person, $number, $id, $number + 1800, 2)");
        Prepare("INSERT INTO trail (appointment, after) VALUES ($id, $body)");
        Prepare("INSERT INTO outbox (id, data) VALUES ($title, $title)");
        Prepare("INSERT INTO calendar_change VALUES ($person, $id, $number)");
        Prepare("UPDATE calendar SET version = $number WHERE key = $person");
    }

    public long Save(int attendees, string body)
    {
        using var transaction = connection.BeginTransaction();
        var id = Guid.CreateVersion7().ToByteArray(bigEndian: true);
        number++;
        foreach (var statement in statements)
        {
            statement.Transaction = transaction;
            var perPerson = statement.CommandText.Contains("$person", StringComparison.Ordinal);
            for (var person = 0; person < (perPerson ? attendees : 1); person++)
            {
                statement.Parameters[0].Value = id;
                statement.Parameters[1].Value = number;
                statement.Parameters[2].Value = "Review of work";
                statement.Parameters[3].Value = body;
                statement.Parameters[4].Value = (number + person) % 1000;
                statement.ExecuteNonQuery();
            }
        }

        transaction.Commit();
        return number;
    }

    public void Dispose()
    {
        statements.ForEach(statement => statement.Dispose());
        connection.Dispose();
    }

    private void Prepare(string sql)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var name in new[] { "$id", "$number", "$title", "$body", "$person" })
        {
            command.Parameters.AddWithValue(name, 0);
        }

        statements.Add(command);
    }

    private void Run(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
