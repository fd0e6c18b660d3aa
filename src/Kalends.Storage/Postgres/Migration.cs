using DbUp;
using DbUp.Builder;
using DbUp.Engine;
using DbUp.Engine.Transactions;
using DbUp.Postgresql;
using Npgsql;

namespace Kalends.Storage.Postgres;

/// <summary>
/// Runs the missing scripts in order, each in a transaction of its own, so that one is there or not at all. Of processes that start at once
/// one migrates, the others wait and find nothing to do. Others read and write meanwhile: whoever asks for a table's lock makes all who come after
/// wait behind it, so a script asks for a moment only, gives up all it has, and comes again.
/// </summary>
internal static class Migration
{
    /// <summary>Any number, the same in every Kalends; the database's own lock for whoever migrates.</summary>
    private const long Lock = 0x4B_61_6C_65_6E_64_73;

    // Asked for again and again: who waits inside of a statement is waited for by an index that is built beside the work of others, and so by whoever
    // has this lock.
    private const string LockSql = "SELECT pg_try_advisory_lock($1)";

    private const string UnlockSql = "SELECT pg_advisory_unlock($1)";

    /// <summary>A name that ends so is of a script without a transaction, statement by statement, for what takes long and locks nobody out.</summary>
    private const string Online = ".online.sql";

    /// <summary>Below the second after which the database looks for deadlocks, so that it is the script that gives way.</summary>
    private const string BriefLocks = "-c lock_timeout=500 -c statement_timeout=0";

    /// <summary>An index that is built beside the work of others waits for all of them to end, and nobody for it.</summary>
    public const string NoTimeouts = "-c lock_timeout=0 -c statement_timeout=0";

    private const int Attempts = 60;

    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(200);

    /// <summary>Longer than the lock was waited for, so that the others get on.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public static async ValueTask<IReadOnlyList<string>> Run(
        string connectionString, Wire wire, IReadOnlyList<(string Name, string Text)> scripts, CancellationToken stopped)
    {
        wire.Patience = Timeout.InfiniteTimeSpan;
        for (var isLocked = false; !isLocked;)
        {
            await wire.Run(new Statement(LockSql).With(Lock).Reading(row => isLocked = row.Bool(0)), stopped);
            await Task.Delay(isLocked ? TimeSpan.Zero : Between, stopped);
        }

        try
        {
            var missing = await Schema.Missing(wire, scripts, stopped);
            foreach (var (name, text) in scripts.Where(script => missing.Contains(script.Name)))
            {
                var written = IsOnline(name) ? await EachPartition.WriteOut(wire, text.ReplaceLineEndings("\n"), stopped) : text;
                await Run(connectionString, new(name, written), stopped);
            }

            return missing;
        }
        finally
        {
            await wire.Run(new Statement(UnlockSql).With(Lock).Reading(_ => { }), CancellationToken.None);
        }
    }

    private static bool IsOnline(string name) => name.EndsWith(Online, StringComparison.Ordinal);

    private static async ValueTask Run(string connectionString, SqlScript script, CancellationToken stopped)
    {
        for (var attempt = 1; RunOnce(connectionString, script) is { } fault; attempt++)
        {
            if (fault is not PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected })
            {
                throw fault is NpgsqlException && Faults.From(fault, []) is StoreUnavailableException unavailable
                    ? unavailable
                    : new InvalidOperationException($"migration {script.Name} failed", fault);
            }

            if (attempt == Attempts)
            {
                throw new StoreUnavailableException(
                    $"The script {script.Name} never got the tables to itself: something runs on them for long. Nothing was changed; try again.", fault);
            }

            await Task.Delay(Pause, stopped);
        }
    }

    private static Exception? RunOnce(string connectionString, SqlScript script)
    {
        var isOnline = IsOnline(script.Name);
        using var source = Source.ForScripts(connectionString, isOnline ? NoTimeouts : BriefLocks);
        var prepared = DeployChanges.To.PostgresqlDatabase(new Connections(source, isOnline)).JournalToPostgresqlTable("public", Schema.Journal)
            .WithScripts(script).WithVariablesDisabled().WithExecutionTimeout(TimeSpan.Zero).LogToNowhere();
        var result = InTransaction(prepared, !isOnline).Build().PerformUpgrade();
        return result.Successful ? null : result.Error;
    }

    private static UpgradeEngineBuilder InTransaction(UpgradeEngineBuilder prepared, bool wanted) =>
        wanted ? prepared.WithTransactionPerScript() : prepared.WithoutTransaction();

    /// <summary>
    /// The driver itself tells the statements of a script apart, also inside functions, and sends them as one. Of an online script each goes alone;
    /// it ends with a semicolon at the end of a line.
    /// </summary>
    private sealed class Connections(NpgsqlDataSource source, bool isOnline)
        : DatabaseConnectionManager(new DelegateConnectionFactory(_ => source.CreateConnection()))
    {
        public override IEnumerable<string> SplitScriptIntoCommands(string scriptContents) => isOnline
            ? scriptContents.ReplaceLineEndings("\n").Split(";\n", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            : [scriptContents];
    }
}
