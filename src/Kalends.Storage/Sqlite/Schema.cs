using System.Security.Cryptography;
using System.Text;
using DbUp;
using DbUp.Engine;
using DbUp.Sqlite.Helpers;
using Kalends.Time;
using Microsoft.Data.Sqlite;

namespace Kalends.Storage.Sqlite;

/// <summary>
/// The migration scripts inside this program, and what a file says of those it has had. Forward only. All missing scripts run
/// in one write transaction that the caller opened, so of two processes that start at once the second finds nothing left to do.
/// </summary>
internal static class Schema
{
    private const string Journal = "schema_migration";

    private const string FindJournal = $"SELECT 1 FROM sqlite_schema WHERE name = '{Journal}'";

    private const string ReadJournal = $"SELECT ScriptName FROM {Journal}";

    private const string ScriptPrefix = "Sqlite/";

    private static readonly SqlScript[] Scripts = ReadScripts();

    /// <summary>Runs what is missing inside the open transaction; the answer is the names of the scripts that ran.</summary>
    public static IReadOnlyList<string> Migrate(Connection connection)
    {
        var applied = Applied(connection);
        RefuseNewer(applied);
        var missing = Scripts.Where(script => !applied.Contains(script.Name)).ToList();
        if (missing.Count > 0)
        {
            Run(connection, missing);
        }

        // What the stored UTC spans were worked out with; whoever recomputes them for a newer release writes the newer one.
        connection.Prepare("INSERT INTO meta (name, value) VALUES ('time-zones', ?1) ON CONFLICT DO NOTHING").With(Zones.Release).Run();
        connection.Prepare("INSERT INTO meta (name, value) VALUES ('sealing-key', ?1) ON CONFLICT DO NOTHING")
            .With(SealingKeys.NewText()).Run();
        return [.. missing.Select(script => script.Name)];
    }

    public static string ZoneRelease(Connection connection)
    {
        var row = connection.Prepare("SELECT value FROM meta WHERE name = 'time-zones'");
        return row.Step()
            ? row.Text(0)
            : throw new StoreUnavailableException("The database does not say which time zones it was written with: run `kalends migrate`.");
    }

    public static void SetZoneRelease(Connection connection, string release) => connection.Prepare(
        "INSERT INTO meta (name, value) VALUES ('time-zones', ?1) ON CONFLICT DO UPDATE SET value = ?1").With(release).Run();

    /// <summary>The one in force from now on, before those that were.</summary>
    public static void RenewSealingKey(Connection connection) => connection.Prepare(
        "UPDATE meta SET value = substr(?1 || ' ' || value, 1, ?2) WHERE name = 'sealing-key'").With(SealingKeys.NewText()).With(SealingKeys.LongestText).Run();

    /// <summary>The store's own secret.</summary>
    public static SealingKeys ReadSealingKeys(Connection connection)
    {
        var row = connection.Prepare("SELECT value FROM meta WHERE name = 'sealing-key'");
        return row.Step()
            ? SealingKeys.Parse(row.Text(0))
            : throw new StoreUnavailableException("The database has lost its sealing key: run `kalends migrate`.");
    }

    /// <summary>The same connection, if its file has this program's schema; else it is closed and refused.</summary>
    public static Connection Required(Connection connection)
    {
        try
        {
            Require(connection);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Refuses to work on a file with another schema than this program's.</summary>
    public static void Require(Connection connection)
    {
        var applied = Applied(connection);
        RefuseNewer(applied);
        if (Scripts.Any(script => !applied.Contains(script.Name)))
        {
            throw new StoreUnavailableException(
                "The database has not been brought up to date: run `kalends migrate`, or `kalends serve`, which does it.");
        }
    }

    private static void RefuseNewer(HashSet<string> applied)
    {
        if (applied.Except(Scripts.Select(script => script.Name)).Order(StringComparer.Ordinal).LastOrDefault() is { } unknown)
        {
            throw new StoreUnavailableException(
                $"The database was written by a newer Kalends (it has had {unknown}, unknown here): run that version or a later one.");
        }
    }

    private static HashSet<string> Applied(Connection connection)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        if (connection.Prepare(FindJournal).Step())
        {
            var rows = connection.Prepare(ReadJournal);
            while (rows.Step())
            {
                names.Add(rows.Text(0));
            }
        }

        return names;
    }

    private static void Run(Connection connection, List<SqlScript> missing)
    {
        using var shared = new SharedConnection(connection.Plain);
        var result = DeployChanges.To.SqliteDatabase(shared).JournalToSqliteTable(Journal)
            .WithScripts(missing).WithVariablesDisabled().LogToNowhere().Build().PerformUpgrade();
        if (!result.Successful)
        {
            throw result.Error is SqliteException fault
                ? Faults.From(fault, writable: true)
                : new InvalidOperationException($"migration {result.ErrorScript?.Name} failed", result.Error);
        }
    }

    private static SqlScript[] ReadScripts()
    {
        var assembly = typeof(Schema).Assembly;
        return [.. assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(ScriptPrefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            .Select(name =>
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!, Encoding.UTF8);
                return new SqlScript(name[ScriptPrefix.Length..], reader.ReadToEnd());
            })];
    }
}
