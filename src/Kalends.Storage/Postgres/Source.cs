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

    /// <summary>Seconds: what a replica does not answer by then, the primary is still to answer while somebody waits for it.</summary>
    private const int ReplicaAnswerSeconds = 10;

    /// <summary>Seconds: what a connection to a replica may take that is not there yet.</summary>
    private const int ReplicaConnectSeconds = 2;

    /// <summary>A replica refuses to write anyway, but is one only until it is made a primary.</summary>
    private const string OnlyReading = " -c default_transaction_read_only=on";

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

    private static readonly (string Keyword, object Value)[] WhatReplicasWant =
        [("Timeout", ReplicaConnectSeconds), ("Command Timeout", ReplicaAnswerSeconds)];

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
        // Which statement of a batch failed says whether its commit was done.
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
