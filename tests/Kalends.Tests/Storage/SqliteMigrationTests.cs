using System.Globalization;
using Kalends.Appointments;
using Kalends.Storage;
using Kalends.Storage.Sqlite;
using Microsoft.Data.Sqlite;
using static Kalends.Tests.Storage.Examples;

namespace Kalends.Tests.Storage;

/// <summary>Files of earlier programs are brought up to date with all that they hold.</summary>
public sealed class SqliteMigrationTests : IDisposable
{
    private const string Says = """{"owner":"user:ana","attendees":[{"calendar":"user:ana"},{"calendar":"user:ben"}],"title":"x"}""";

    private readonly TemporaryFile file = new();

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    public void Dispose() => file.Dispose();

    [Fact]
    public async Task Versions_go_on_from_where_they_stood_and_old_entries_know_theirs()
    {
        MakeAsOf("0003_open_hours.sql", $$"""
            INSERT INTO tenant (key, name, last) VALUES (1, 'acme', 7);
            INSERT INTO calendar (tenant, key, id, kind, double_booking, version) VALUES (1, 1, 'user:ana', 'user', 'allow', 7), (1, 2, 'user:ben', 'user', 'allow', 7);
            INSERT INTO command (tenant, id, at, person, app, name, data) VALUES (1, zeroblob(16), 0, 'user:ana', 'web', 'save-appointments', '{}');
            INSERT INTO trail (seq, tenant, command, appointment, kind, version, after)
                VALUES (5, 1, zeroblob(16), x'019ab0c2000070008000000000000001', 'created', 1, '{{Says}}');
            INSERT INTO trail (seq, tenant, command, appointment, kind, version, before, after)
                VALUES (7, 1, zeroblob(16), x'019ab0c2000070008000000000000001', 'modified', 2, '{{Says}}', '{"owner":"user:ana","attendees":[]}');
            """);
        await using var store = new SqliteStore(file.ConnectionString);
        var later = typeof(SqliteStore).Assembly.GetManifestResourceNames()
            .Where(name => string.CompareOrdinal(name, "Sqlite/0004") > 0 && name.StartsWith("Sqlite/", StringComparison.Ordinal));
        Assert.Equal(later.Select(name => name["Sqlite/".Length..]).Order(StringComparer.Ordinal), await store.Migrate(Stopped));
        await using (var session = await store.Read("acme", Stopped))
        {
            Assert.Equal((7, 7), ((await session.Rows<ICalendarRows>().Find([Ana]))[Ana].Version, (await session.Rows<ICalendarRows>().Find([Ben]))[Ben].Version));
            var then = await session.Rows<IChangeRows>().AsOf([Id(1)], new Dictionary<long, long> { [1] = 5 });
            Assert.Contains("title", System.Text.Encoding.UTF8.GetString(then[Id(1)]), StringComparison.Ordinal);
        }

        await using (var session = await store.Write("acme", Stopped))
        {
            await session.Create(Booking(2, await session.Key(Ana), 0, Hour));
            await session.Commit(Stopped);
        }

        // What was there before there were seals is sealed like the rest.
        Assert.Equal(3, await Audit.Chain.Seal(store, "acme"));
        Assert.Empty((await Audit.Chain.Of(store, "acme")).Findings);
        await using var after = await store.Read("acme", Stopped);
        Assert.Equal(8, (await after.Rows<ICalendarRows>().Find([Ana]))[Ana].Version);
        Assert.DoesNotContain(await store.FindBroken(Stopped).ToListAsync(Stopped), finding => finding.Contains("has version", StringComparison.Ordinal));
    }

    /// <summary>A file as the program left it that had no script after <paramref name="last"/>.</summary>
    private void MakeAsOf(string last, string rows)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(new SqliteConnectionStringBuilder(file.ConnectionString).DataSource)!);
        using var connection = new SqliteConnection($"{file.ConnectionString};Pooling=False");
        connection.Open();
        Run("CREATE TABLE schema_migration (SchemaVersionID INTEGER CONSTRAINT pk PRIMARY KEY AUTOINCREMENT NOT NULL, ScriptName TEXT NOT NULL, Applied DATETIME NOT NULL)");
        var assembly = typeof(SqliteStore).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.StartsWith("Sqlite/", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            if (string.CompareOrdinal(name["Sqlite/".Length..], last) <= 0)
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
                Run(reader.ReadToEnd());
                Run(string.Create(CultureInfo.InvariantCulture, $"INSERT INTO schema_migration (ScriptName, Applied) VALUES ('{name["Sqlite/".Length..]}', '2026-11-24')"));
            }
        }

        Run(rows);

        void Run(string sql)
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }
    }
}
