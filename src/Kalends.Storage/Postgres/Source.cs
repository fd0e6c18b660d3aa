using Npgsql;

namespace Kalends.Storage.Postgres;

/// <summary>The connections of one store: what the connection string says, and where it says nothing, what a server wants.</summary>
internal static class Source
{
    /// <summary>
    /// A session waits for a lock and a statement runs at most this long; who holds locks and falls silent is cut off, and so is who is gone, while
    /// a statement runs and (after 10 s and three words without an answer) while none does. Milliseconds, but keepalives count in seconds.
    /// </summary>
    private const string Timeouts = "-c lock_timeout=10000 -c statement_timeout=15000 -c idle_in_transaction_session_timeout=30000 "
        + "-c client_connection_check_interval=2000 -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3";

    /// <summary>Compiling a plan takes a quarter of a second, and no statement of ours runs so long.</summary>
    private const string NoCompiling = " -c jit=off";

    /// <summary>Enough for two cores to be busy many times over; each costs the database some megabytes.</summary>
    private const int Connections = 40;

    /// <summary>More than the statements of the program.</summary>
    private const int Prepared = 100;

    /// <summary>Two for each connection.</summary>
    private const int BufferBytes = 32 * 1024;

    /// <summary>Seconds for a round trip (<see cref="Wire"/>): more than the database allows a statement, for when it says nothing at all.</summary>
    private const int AnswerSeconds = 20;

    /// <summary>Seconds until a connection is there, a new one or one that others give back.</summary>
    private const int OpenSeconds = 5;

    /// <summary>Seconds: what a replica does not answer by then, the primary is still to answer while somebody waits for it.</summary>
    private const int ReplicaAnswerSeconds = 8;

    /// <summary>Seconds: what a connection to a replica may take that is not there yet.</summary>
    private const int ReplicaOpenSeconds = 2;

    /// <summary>A replica refuses to write anyway, but is one only until it is made a primary.</summary>
    private const string OnlyReading = " -c default_transaction_read_only=on";

    private static readonly (string Keyword, object Value)[] WhatAServerWants =
    [
        ("Application Name", "kalends"),
        ("Maximum Pool Size", Connections),
        ("Max Auto Prepare", Prepared),
        ("Auto Prepare Min Usages", 2),
        // A page of appointments is some hundred kilobytes, and each time a buffer is empty somebody is woken.
        ("Read Buffer Size", BufferBytes),
        ("Write Buffer Size", BufferBytes),
        // Nothing is set on a connection that outlives its transaction, so there is nothing to reset.
        ("No Reset On Close", true),
        ("Command Timeout", AnswerSeconds),
        ("Timeout", OpenSeconds),
        // The system looks after idle connections. The driver's own way holds a thread of this process for each while the database is silent.
        ("Tcp Keepalive", true),
        ("Tcp Keepalive Time", 10),
        ("Tcp Keepalive Interval", 2),
        ("Options", Timeouts + NoCompiling),
    ];

    private static readonly (string Keyword, object Value)[] WhatReplicasWant = [("Timeout", ReplicaOpenSeconds), ("Command Timeout", ReplicaAnswerSeconds)];

    /// <summary>For a migration: connections that wait as long as they are told, whatever else is said of a server's, and are closed after it.</summary>
    public static NpgsqlDataSource ForScripts(string connectionString, string options) => NpgsqlDataSource.Create(
        new NpgsqlConnectionStringBuilder(connectionString)
        {
            ApplicationName = "kalends migrate", Pooling = false, CommandTimeout = 0, MaxAutoPrepare = 0, Options = options,
        });

    /// <summary>For the one connection that listens: it is nobody else's, before and after.</summary>
    public static NpgsqlDataSource ForListening(string connectionString) =>
        NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(Settings(new(connectionString)).ConnectionString) { Pooling = false, MaxAutoPrepare = 0 });

    public static NpgsqlDataSource Of(string connectionString) => NpgsqlDataSource.Create(Settings(new(connectionString)));

    /// <summary>
    /// The settings of each host of the replicas' string, which is as the primary's where it says nothing. Which of them answers, and whether
    /// it may, is not the driver's to choose here.
    /// </summary>
    public static IReadOnlyList<NpgsqlConnectionStringBuilder> OfReplicas(string primary, string replicas)
    {
        var (settings, own) = (new NpgsqlConnectionStringBuilder(primary), new NpgsqlConnectionStringBuilder(replicas));
        AddMissing(own, WhatReplicasWant);
        foreach (var keyword in Said(own))
        {
            settings[keyword] = own[keyword];
        }

        Settings(settings);
        settings.Options += OnlyReading;
        settings.LoadBalanceHosts = false;
        settings.TargetSessionAttributes = null;
        return [.. settings.Host!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(host => new NpgsqlConnectionStringBuilder(settings.ConnectionString) { Host = host })];
    }

    private static NpgsqlConnectionStringBuilder Settings(NpgsqlConnectionStringBuilder settings)
    {
        AddMissing(settings, WhatAServerWants);
        // Which statement of a batch failed says whether its commit was done (Faults.LeavesOpen).
        settings.IncludeFailedBatchedCommand = true;
        return !string.IsNullOrEmpty(settings.Host)
            ? settings
            : throw new ArgumentException("The connection string must name a host: Host=NAME;Database=NAME", nameof(settings));
    }

    private static void AddMissing(NpgsqlConnectionStringBuilder settings, (string Keyword, object Value)[] wanted)
    {
        var said = Said(settings);
        foreach (var (keyword, value) in wanted.Where(want => !said.Contains(want.Keyword)))
        {
            settings[keyword] = value;
        }
    }

    /// <summary>Keys has what was said, under its one name; ContainsKey whatever could be.</summary>
    private static HashSet<string> Said(NpgsqlConnectionStringBuilder settings) => settings.Keys.ToHashSet(StringComparer.OrdinalIgnoreCase);
}
