using Kalends.Audit;
using Kalends.Storage;
using Kalends.Storage.Sqlite;
using Kalends.Tests.Audit;
using Kalends.Tests.Storage;
using NodaTime;

namespace Kalends.Tests.CommandLine;

/// <summary>What an operator sees of a trail that is kept for a time only.</summary>
public sealed class TrimTrailTests : IDisposable
{
    private readonly Terminal terminal = new();

    public void Dispose() => terminal.Dispose();

    [Fact]
    public async Task It_counts_what_it_would_drop_drops_it_and_others_say_from_when_on_the_trail_is_kept()
    {
        await Fill("demo", "other");
        var dry = await terminal.Run("trim-trail", "--keep-days", "100", "--dry-run");
        Assert.Equal(0, dry.Code);
        Assert.Equal(["tenant demo: 2 trail entries would be dropped", "tenant other: 2 trail entries would be dropped"], Lines(dry.Out));
        Assert.Contains("4 trail entries older than 2026-08-17 would be dropped", dry.Error, StringComparison.Ordinal);
        var done = await terminal.Run("trim-trail", "--keep-days", "100", "--tenant", "demo");
        Assert.Equal(0, done.Code);
        Assert.Equal(["tenant demo: 2 trail entries were dropped"], Lines(done.Out));
        var again = await terminal.Run("trim-trail", "--keep-days", "100", "--tenant", "demo");
        Assert.Equal((0, ""), (again.Code, again.Out));
        Assert.Contains("0 trail entries older than", again.Error, StringComparison.Ordinal);

        var verified = await terminal.Run("verify");
        Assert.Equal(0, verified.Code);
        Assert.Contains("; 2 of them were dropped, the trail is kept from 2026-08-17", verified.Error, StringComparison.Ordinal);
        var folder = terminal.File("events");
        var exported = await terminal.Run("export-events", "--to", folder);
        Assert.Contains("tenant demo: what was before 2026-08-17 has been dropped from its trail, and is not written", exported.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("tenant other:", exported.Error, StringComparison.Ordinal);
        var recent = await terminal.Run("export-events", "--to", folder, "--since", "2026-08-17");
        Assert.DoesNotContain("tenant", recent.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task How_long_is_said_by_an_option_or_a_setting_and_within_bounds()
    {
        await Fill("demo");
        var none = await terminal.Run("trim-trail");
        Assert.Equal(1, none.Code);
        Assert.Contains("how long is the trail to be kept? Say --keep-days DAYS, or set Kalends:Trail:KeepDays", none.Error, StringComparison.Ordinal);
        foreach (var days in new[] { "89", "36501", "-1" })
        {
            var bounds = await terminal.Run("trim-trail", "--keep-days", days);
            Assert.Equal(2, bounds.Code);
            Assert.Contains($"--keep-days takes 90 to 36500, not {days}", bounds.Error, StringComparison.Ordinal);
        }

        Assert.Equal(2, (await terminal.Run("trim-trail", "--keep-days", "long")).Code);
        var nobody = await terminal.Run("trim-trail", "--keep-days", "90", "--tenant", "nobody");
        Assert.Equal(1, nobody.Code);
        Assert.Contains("there is no tenant nobody in this store", nobody.Error, StringComparison.Ordinal);
        var help = await terminal.Run("trim-trail", "--help");
        Assert.Contains("What is not sealed yet is never dropped", help.Out, StringComparison.Ordinal);

        var shown = await terminal.Run("config", "--set", "Kalends:Trail:KeepDays=400");
        Assert.Matches(@"Kalends:Trail:KeepDays +\| 400 +\| option", shown.Out);
        Assert.Matches(@"Kalends:Trail:KeepDays +\| +\| default", (await terminal.Run("config")).Out);
        foreach (var days in new[] { "89", "36501", "0", "soon", "90.5" })
        {
            var refused = await terminal.Run("config", "--set", $"Kalends:Trail:KeepDays={days}");
            Assert.Equal(1, refused.Code);
            Assert.Contains("Kalends:Trail:KeepDays", refused.Error, StringComparison.Ordinal);
        }
    }

    private static string[] Lines(string said) => said.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Of each two entries of 2025 and one of 2026, all sealed.</summary>
    private async Task Fill(params string[] tenants)
    {
        var stopped = TestContext.Current.CancellationToken;
        await using var store = new SqliteStore($"Data Source={terminal.Store}");
        await store.Migrate(stopped);
        foreach (var tenant in tenants)
        {
            await using (var session = await store.Write(tenant, stopped))
            {
                foreach (var at in new[] { Instant.FromUtc(2025, 1, 10, 10, 0), Instant.FromUtc(2026, 8, 16, 23, 59), Instant.FromUtc(2026, 8, 17, 0, 0) })
                {
                    await session.Rows<ITrailWrites>().Append(Examples.Command() with { At = at }, [], []);
                }

                await session.Commit(stopped);
            }

            Assert.Equal(3, await Chain.Seal(store, tenant));
        }
    }
}
