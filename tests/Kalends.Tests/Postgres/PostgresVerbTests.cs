using System.Text.Json.Nodes;
using Kalends.Server.CommandLine;
using NodaTime;

namespace Kalends.Tests.Postgres;

/// <summary>The command line on a PostgreSQL.</summary>
public sealed class PostgresVerbTests : IAsyncLifetime
{
    private const string Save = """{"appointments":[{"title":"Budget","start":"2026-11-25T09:00:00","timeZone":"Europe/Paris","duration":"PT45M"}]}""";

    private string database = "";

    public async ValueTask InitializeAsync() => database = await PrivateCluster.EmptyDatabase();

    public async ValueTask DisposeAsync() => await PrivateCluster.Drop(database);

    [Fact]
    public async Task A_database_that_was_not_migrated_is_refused_by_every_verb_and_says_what_to_do()
    {
        foreach (var verb in new string[][]
        {
            ["save-appointments", "--json", Save], ["get-calendars"], ["verify"], ["export", "--calendar", "user:ana"], ["seed"], ["rezone"], ["update-occurrences"],
        })
        {
            var (code, _, error) = await Run(verb);
            Assert.Equal(1, code);
            Assert.Contains("run `kalends migrate`", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Migrated_once_it_is_seeded_written_read_exported_and_verified()
    {
        var migrated = await Run("migrate");
        Assert.Equal((0, "0001_ground.sql\n"), (migrated.Code, migrated.Out));
        Assert.Contains("scripts run: 1", migrated.Error, StringComparison.Ordinal);
        Assert.Contains("is up to date\n", (await Run("migrate")).Error, StringComparison.Ordinal);

        Assert.Equal(0, (await Run("seed", "--people", "12", "--days", "10", "--from", "2026-11-23")).Code);
        var saved = await Run("save-appointments", "--json", Save, "--as", "user:ana");
        Assert.Equal((0, ""), (saved.Code, saved.Error));
        Assert.Equal(1, (int)JsonNode.Parse(saved.Out)!["saved"]![0]!["version"]!);
        Assert.Contains("SUMMARY:Budget", (await Run("export", "--calendar", "user:ana")).Out, StringComparison.Ordinal);
        Assert.Equal(0, (await Run("update-occurrences")).Code);
        Assert.Equal(0, (await Run("rezone", "--dry-run")).Code);

        var verified = await Run("verify");
        Assert.Equal((0, ""), (verified.Code, verified.Out));
        Assert.Matches("appointments checked, sound", verified.Error);
        Assert.DoesNotContain("Username", verified.Error, StringComparison.Ordinal);
    }

    private async Task<(int Code, string Out, string Error)> Run(params string[] arguments)
    {
        using var written = new StringWriter();
        using var complained = new StringWriter();
        var code = await KalendsCommandLine.Run([.. arguments, "--store", database], new()
        {
            Out = written,
            Error = complained,
            In = () => Stream.Null,
            OutIsTerminal = false,
            ErrorIsTerminal = false,
            Clock = SystemClock.Instance,
        });
        return (code, written.ToString(), complained.ToString());
    }
}
