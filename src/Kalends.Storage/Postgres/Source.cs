using Npgsql;

namespace Kalends.Storage.Postgres;

/// <summary>The connections of one store: what the connection string says, and where it says nothing, what a server wants.</summary>
internal static class Source
{
    /// <summary>
    /// A session waits for a lock and a statement runs at most this long; who holds locks and falls silent is cut off. Milliseconds.
    /// </summary>
    private const string Timeouts = "-c lock_timeout=10000 -c statement_timeout=30000 -c idle_in_transaction_session_timeout=60000";

    /// <summary>Enough for two cores to be busy many times over; each costs the database some megabytes.</summary>
    private const int Connections = 40;

    /// <summary>More than the statements of the program.</summary>
    private const int Prepared = 100;

    /// <summary>Seconds: a little more than the database itself allows, for when it does not answer at all.</summary>
    private const int AnswerSeconds = 40;

    private static readonly (string Keyword, object Value)[] WhatAServerWants =
    [
        ("Application Name", "kalends"),
        ("Maximum Pool Size", Connections),
        ("Max Auto Prepare", Prepared),
        ("Auto Prepare Min Usages", 2),
        // Nothing is set on a connection that outlives its transaction, so there is nothing to reset.
        ("No Reset On Close", true),
        ("Command Timeout", AnswerSeconds),
        ("Keepalive", 30),
        ("Options", Timeouts),
    ];

    /// <summary>For a migration: connections that wait as long as they are told, whatever else is said of a server's, and are closed after it.</summary>
    public static NpgsqlDataSource ForScripts(string connectionString, string options) => NpgsqlDataSource.Create(
        new NpgsqlConnectionStringBuilder(connectionString)
        {
            ApplicationName = "kalends migrate", Pooling = false, CommandTimeout = 0, MaxAutoPrepare = 0, Options = options,
        });

    public static NpgsqlDataSource Of(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        // Keys has what was said, under its one name; ContainsKey whatever could be.
        var said = settings.Keys.ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var (keyword, value) in WhatAServerWants.Where(want => !said.Contains(want.Keyword)))
        {
            settings[keyword] = value;
        }

        if (string.IsNullOrEmpty(settings.Host))
        {
            throw new ArgumentException("The connection string must name a host: Host=NAME;Database=NAME", nameof(connectionString));
        }

        return NpgsqlDataSource.Create(settings);
    }
}
