using System.Security.Cryptography;
using System.Text;
using Kalends.Time;

namespace Kalends.Storage.Postgres;

/// <summary>The migration scripts inside this program, and what a database says of those it has had. Forward only.</summary>
internal static class Schema
{
    public const string Journal = "schema_migration";

    public const string ForTheOwner = "This is for the owner of the tables; the database lets this user only serve: use the owner's connection.";

    private const string FindJournalSql = "SELECT 1 WHERE to_regclass($1) IS NOT NULL";

    private const string ReadJournalSql = $"SELECT scriptname FROM {Journal}";

    private const string MetaSql = "SELECT value FROM meta WHERE name = $1";

    private const string KeepMetaSql = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";

    private const string SetMetaSql = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";

    private const string RenewKeySql = "UPDATE meta SET value = left($2 || ' ' || value, $3) WHERE name = $1";

    /// <summary>In meta while a copy of another store into this one is not complete.</summary>
    public const string Copying = "copying";

    private const string ZonesName = "time-zones";

    private const string SealingKeyName = "sealing-key";

    private const string ScriptPrefix = "Postgres/";

    /// <summary>By name, in order.</summary>
    public static IReadOnlyList<(string Name, string Text)> Scripts { get; } = ReadScripts();

    /// <param name="connectionString">For connections of the scripts' own.</param>
    /// <param name="wire">Outside of a transaction.</param>
    /// <param name="scripts">All of them, or the first ones, as an older program had them.</param>
    /// <param name="stopped">Between two scripts.</param>
    public static async ValueTask<IReadOnlyList<string>> Migrate(
        string connectionString, Wire wire, IReadOnlyList<(string Name, string Text)> scripts, CancellationToken stopped)
    {
        var ran = await Migration.Run(connectionString, wire, scripts, stopped);
        // What the stored UTC spans were worked out with; whoever recomputes them for a newer release writes the newer one.
        await KeepMeta(wire, ZonesName, () => Zones.Release, stopped);
        await KeepMeta(wire, SealingKeyName, SealingKeys.NewText, stopped);
        return ran;
    }

    public static async ValueTask<string> ZoneRelease(Wire wire, CancellationToken stopped) => await Meta(wire, ZonesName, stopped)
        ?? throw new StoreUnavailableException("The database does not say which time zones it was written with: run `kalends migrate`.");

    public static ValueTask SetZoneRelease(Wire wire, string release, CancellationToken stopped) =>
        wire.Run(new Statement(SetMetaSql).With(ZonesName).With(release), stopped);

    /// <summary>The one in force from now on, before those that were.</summary>
    public static async ValueTask RenewSealingKey(Wire wire, CancellationToken stopped)
    {
        var renewing = new Statement(RenewKeySql).With(SealingKeyName).With(SealingKeys.NewText()).WithInteger(SealingKeys.LongestText);
        await wire.Run(renewing, stopped);
        if (renewing.Changed == 0)
        {
            throw new StoreUnavailableException(ForTheOwner);
        }
    }

    /// <summary>The store's own secret.</summary>
    public static async ValueTask<SealingKeys> ReadSealingKeys(Wire wire, CancellationToken stopped) => SealingKeys.Parse(
        await Meta(wire, SealingKeyName, stopped)
        ?? throw new StoreUnavailableException("The database has lost its sealing key: run `kalends migrate`."));

    /// <summary>Refuses to work on a database with another schema than this program's, or with a part of a copy.</summary>
    public static async ValueTask Require(Wire wire, CancellationToken stopped)
    {
        var missing = await Missing(wire, Scripts, stopped);
        if (missing.Count > 0)
        {
            throw new StoreUnavailableException(
                "The database has not been brought up to date: run `kalends migrate`, or `kalends serve --migrate`.");
        }

        if (await Meta(wire, Copying, stopped) is not null)
        {
            throw new StoreUnavailableException(
                "Another store is being copied into this database, and is not there as a whole: run the same `kalends copy` until it is done.");
        }
    }

    /// <summary>Which of these scripts a database has not had. Throws where it has had one that this program does not know.</summary>
    public static async ValueTask<IReadOnlyList<string>> Missing(
        Wire wire, IReadOnlyList<(string Name, string Text)> scripts, CancellationToken stopped)
    {
        var applied = new List<string>();
        var isThere = false;
        await wire.Run(new Statement(FindJournalSql).With(Journal).Reading(_ => isThere = true), stopped);
        if (isThere)
        {
            await wire.Run(new Statement(ReadJournalSql).Reading(row => applied.Add(row.Text(0))), stopped);
        }

        var wanted = scripts.Select(script => script.Name).ToList();
        return applied.Except(Scripts.Select(script => script.Name)).Except(wanted).Order(StringComparer.Ordinal).LastOrDefault() is { } unknown
            ? throw new StoreUnavailableException(
                $"The database was written by a newer Kalends (it has had {unknown}, unknown here): run that version or a later one.")
            : [.. wanted.Except(applied)];
    }

    /// <summary>Looked at first: who may only serve finds it there, and may not write it.</summary>
    private static async ValueTask KeepMeta(Wire wire, string name, Func<string> value, CancellationToken stopped)
    {
        if (await Meta(wire, name, stopped) is null)
        {
            await wire.Run(new Statement(KeepMetaSql).With(name).With(value()), stopped);
        }
    }

    public static async ValueTask<string?> Meta(Wire wire, string name, CancellationToken stopped)
    {
        string? value = null;
        await wire.Run(new Statement(MetaSql).With(name).Reading(row => value = row.Text(0)), stopped);
        return value;
    }

    private static List<(string Name, string Text)> ReadScripts()
    {
        var assembly = typeof(Schema).Assembly;
        return [.. assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(ScriptPrefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            .Select(name =>
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!, Encoding.UTF8);
                return (name[ScriptPrefix.Length..], reader.ReadToEnd());
            })];
    }
}
