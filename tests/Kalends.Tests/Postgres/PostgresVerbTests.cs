using System.Text.Json.Nodes;
using Kalends.Server.CommandLine;
using Kalends.Storage.Postgres;
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
        Assert.Equal((0, string.Concat(Schema.Scripts.Select(script => $"{script.Name}\n"))), (migrated.Code, migrated.Out));
        Assert.Contains($"scripts run: {Schema.Scripts.Count}", migrated.Error, StringComparison.Ordinal);
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

    [Fact]
    public async Task A_role_is_let_in_again_and_again_and_serves_each_tenant_but_is_told_to_leave_verifying_to_the_owner()
    {
        for (var time = 0; time < 2; time++)
        {
            var (code, _, error) = await Run("migrate", "--service-role", PrivateCluster.ServiceRole);
            Assert.Equal(0, code);
            Assert.Contains("kalends_service may serve from it", error, StringComparison.Ordinal);
        }

        var owner = database;
        database = PrivateCluster.AsService(owner);
        foreach (var tenant in new[] { "acme", "globex" })
        {
            Assert.Equal(0, (await Run("save-appointments", "--json", Save, "--as", "user:ana", "--tenant", tenant)).Code);
            Assert.Equal(0, (await Run("update-occurrences", "--tenant", tenant)).Code);
        }

        Assert.Equal(0, (await Run("rezone")).Code);
        Assert.Contains("is up to date\n", (await Run("migrate")).Error, StringComparison.Ordinal);
        var refused = await Run("verify");
        Assert.Equal((1, ""), (refused.Code, refused.Out));
        Assert.Contains("use the connection of the owner of the tables", refused.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("sound", refused.Error, StringComparison.Ordinal);

        database = owner;
        Assert.Equal(0, (await Run("verify")).Code);
    }

    [Theory]
    [InlineData("nobody_here", "SELECT 1", "There is no role nobody_here: create it first")]
    [InlineData("kalends", "SELECT 1", "is a superuser")]
    [InlineData("unfit", "CREATE ROLE unfit BYPASSRLS", "has BYPASSRLS")]
    [InlineData("unfit", "CREATE ROLE unfit CREATEROLE", "has CREATEROLE")]
    [InlineData("unfit", "CREATE ROLE unfit REPLICATION", "has REPLICATION")]
    [InlineData("unfit", "CREATE ROLE unfit IN ROLE pg_execute_server_program", "may reach the files")]
    [InlineData("unfit", "CREATE ROLE unfit; ALTER TABLE calendar OWNER TO unfit", "owns the tables")]
    [InlineData("unfit", "CREATE ROLE unfit; CREATE ROLE above BYPASSRLS ROLE unfit", "may become a role that has it")]
    [InlineData("un\"fit; x", "CREATE ROLE \"un\"\"fit; x\"", null)]
    public async Task A_role_that_row_security_would_not_hold_is_not_let_in(string role, string made, string? sentence)
    {
        Assert.Equal(0, (await Run("migrate")).Code);
        try
        {
            await PrivateCluster.Execute(database, made);
            var (code, _, error) = await Run("migrate", "--service-role", role);
            Assert.Equal(sentence is null ? 0 : 1, code);
            Assert.Contains(sentence ?? "may serve from it", error, StringComparison.Ordinal);
        }
        finally
        {
            await PrivateCluster.Execute(database, """
                DO $$ DECLARE made record; BEGIN
                    FOR made IN SELECT rolname FROM pg_roles WHERE rolname IN ('unfit', 'above', 'un"fit; x') LOOP
                        EXECUTE format('REASSIGN OWNED BY %I TO kalends; DROP OWNED BY %I; DROP ROLE %I', made.rolname, made.rolname, made.rolname);
                    END LOOP;
                END $$
                """);
        }
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
