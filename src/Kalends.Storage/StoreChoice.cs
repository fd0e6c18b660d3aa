using System.Data.Common;
using Kalends.Storage.Postgres;
using Kalends.Storage.Sqlite;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Kalends.Storage;

/// <summary>
/// Which store a connection string means: <c>Host=…</c> is PostgreSQL, <c>Data Source=FILE</c> or a file's name alone is an SQLite file; either
/// may be said to be what it is, as in <c>sqlite:FILE</c>. The one place that knows there are two.
/// </summary>
public sealed class StoreChoice
{
    private const string Hidden = "(hidden)";

    private const string SqlitePrefix = "sqlite:";

    private const string PostgresPrefix = "postgres:";

    private readonly DbConnectionStringBuilder settings;

    private StoreChoice(DbConnectionStringBuilder settings) => this.settings = settings;

    public string ConnectionString => settings.ConnectionString;

    /// <summary>The file of an SQLite store, null for PostgreSQL.</summary>
    public string? File => settings is SqliteConnectionStringBuilder sqlite ? Path.GetFullPath(sqlite.DataSource) : null;

    /// <summary>Where it is, for people: no user, no password.</summary>
    public string Place => settings is NpgsqlConnectionStringBuilder postgres ? $"PostgreSQL {postgres.Host}, database {DatabaseOf(postgres)}" : File!;

    /// <summary>All of the connection string but its secrets.</summary>
    public string Shown
    {
        get
        {
            var shown = new DbConnectionStringBuilder { ConnectionString = settings.ConnectionString };
            foreach (var keyword in shown.Keys.Cast<string>().Where(IsSecret).ToList())
            {
                shown[keyword] = Hidden;
            }

            return shown.ConnectionString;
        }
    }

    /// <summary>Throws <see cref="ArgumentException"/> or <see cref="FormatException"/>, with a message for people, where neither can be meant.</summary>
    public static StoreChoice Of(string given)
    {
        if (given.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase) || given.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase))
        {
            throw new FormatException("a PostgreSQL is named as Host=NAME;Database=NAME;Username=NAME, not as an address");
        }

        if (given.StartsWith(SqlitePrefix, StringComparison.OrdinalIgnoreCase))
        {
            var file = given[SqlitePrefix.Length..];
            return new(Sqlite(file.Contains('=', StringComparison.Ordinal) ? file : "Data Source=" + file));
        }

        if (given.StartsWith(PostgresPrefix, StringComparison.OrdinalIgnoreCase))
        {
            return new(Postgres(given[PostgresPrefix.Length..]));
        }

        var text = given.Contains('=', StringComparison.Ordinal) ? given : "Data Source=" + given;
        var plain = new DbConnectionStringBuilder { ConnectionString = text };
        return new(plain.ContainsKey("Host") || plain.ContainsKey("Server") ? Postgres(text) : Sqlite(text));
    }

    public IStore Open() => settings is NpgsqlConnectionStringBuilder ? new PostgresStore(ConnectionString) : new SqliteStore(ConnectionString);

    /// <summary>With replicas to read from; only a PostgreSQL has any.</summary>
    public IStore Open(StoreChoice replicas, ReplicaPatience patience) => new PostgresStore(ConnectionString, replicas.ConnectionString, patience);

    private static NpgsqlConnectionStringBuilder Postgres(string text)
    {
        var settings = new NpgsqlConnectionStringBuilder(text);
        return !string.IsNullOrEmpty(settings.Host) ? settings : throw new FormatException("Host= must name the host of a PostgreSQL");
    }

    private static SqliteConnectionStringBuilder Sqlite(string text)
    {
        var settings = new SqliteConnectionStringBuilder(text);
        return settings.DataSource.Length > 0 && !settings.DataSource.StartsWith(':')
            ? settings
            : throw new FormatException("an SQLite store must name a file: Data Source=FILE");
    }

    private static string DatabaseOf(NpgsqlConnectionStringBuilder settings) => settings.Database ?? settings.Username ?? "of the user's name";

    private static bool IsSecret(string keyword) =>
        keyword.Contains("password", StringComparison.OrdinalIgnoreCase) || keyword.Equals("pwd", StringComparison.OrdinalIgnoreCase);
}
