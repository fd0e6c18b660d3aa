using DbUp;
using DbUp.Engine;
using DbUp.Engine.Transactions;
using DbUp.Postgresql;
using Npgsql;

namespace Kalends.Storage.Postgres;

/// <summary>
/// Runs the missing scripts in order, each in a transaction of its own, so that one is there or not at all. Of processes that start at once
/// one migrates, the others wait and find nothing to do.
/// </summary>
internal static class Migration
{
    /// <summary>Any number, the same in every Kalends; the database's own lock for whoever migrates.</summary>
    private const long Lock = 0x4B_61_6C_65_6E_64_73;

    private const string LockSql = "SELECT pg_advisory_lock($1)";

    private const string UnlockSql = "SELECT pg_advisory_unlock($1)";

    // Waits for another to end, however long that takes. A script that may take long says the same for itself.
    private const string PatienceSql = "SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true)";

    public static async ValueTask<IReadOnlyList<string>> Run(NpgsqlDataSource source, Wire wire, CancellationToken stopped)
    {
        Statement[] waiting = [new Statement(PatienceSql).Reading(_ => { }), new Statement(LockSql).With(Lock).Reading(_ => { })];
        wire.Patience = Timeout.InfiniteTimeSpan;
        await wire.Run([new(Wire.BeginSql), .. waiting, new(Wire.CommitSql)], stopped);
        try
        {
            var missing = await Schema.Missing(wire, stopped);
            if (missing.Count > 0)
            {
                var scripts = Schema.Scripts.Where(script => missing.Contains(script.Name));
                Run(source, [.. scripts.Select(script => new SqlScript(script.Name, script.Text))]);
            }

            return missing;
        }
        finally
        {
            await wire.Run(new Statement(UnlockSql).With(Lock).Reading(_ => { }), CancellationToken.None);
        }
    }

    private static void Run(NpgsqlDataSource source, List<SqlScript> missing)
    {
        var result = DeployChanges.To.PostgresqlDatabase(new Connections(source)).JournalToPostgresqlTable("public", Schema.Journal)
            .WithScripts(missing).WithVariablesDisabled().WithTransactionPerScript()
            .WithExecutionTimeout(TimeSpan.Zero).LogToNowhere().Build().PerformUpgrade();
        if (!result.Successful)
        {
            throw result.Error is NpgsqlException fault && Faults.From(fault, []) is StoreUnavailableException unavailable
                ? unavailable
                : new InvalidOperationException($"migration {result.ErrorScript?.Name} failed", result.Error);
        }
    }

    /// <summary>The driver itself tells the statements of a script apart, also inside functions.</summary>
    private sealed class Connections(NpgsqlDataSource source) : DatabaseConnectionManager(new DelegateConnectionFactory(_ => source.CreateConnection()))
    {
        public override IEnumerable<string> SplitScriptIntoCommands(string scriptContents) => [scriptContents];
    }
}
