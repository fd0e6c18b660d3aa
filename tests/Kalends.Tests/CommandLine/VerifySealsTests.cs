using Kalends.Storage.Sqlite;
using Kalends.Tests.Audit;

namespace Kalends.Tests.CommandLine;

/// <summary>What verify says of seals.</summary>
public sealed class VerifySealsTests
{
    [Fact]
    public async Task Verify_says_where_the_chain_ends_and_compares_what_was_kept_of_it()
    {
        using var terminal = new Terminal();
        Assert.Equal(0, (await terminal.Run("save-calendars", "--tenant", "demo", "--json", """{"calendars":[{"calendar":"room:one","kind":"room"}]}""")).Code);
        var before = await terminal.Run("verify");
        Assert.Equal(0, before.Code);
        Assert.Contains("tenant demo: nothing of the trail is sealed; 1 not sealed yet, since 20", before.Error, StringComparison.Ordinal);
        await using (var store = new SqliteStore($"Data Source={terminal.Store}"))
        {
            await Chain.Seal(store, "demo");
        }

        var said = (await terminal.Run("verify")).Error;
        Assert.Contains("tenant demo: 1 trail entries sealed, the last seal is demo:1:", said, StringComparison.Ordinal);
        var kept = said[said.IndexOf("demo:1:", StringComparison.Ordinal)..][..("demo:1:".Length + 64)];
        Assert.Equal(0, (await terminal.Run("verify", "--seal", kept)).Code);
        var other = await terminal.Run("verify", "--seal", kept.Replace("demo:1", "demo:2", StringComparison.Ordinal));
        Assert.Equal(1, other.Code);
        Assert.Contains("the chain does not have the seal that was kept: 2:", other.Out, StringComparison.Ordinal);
        Assert.Contains("tenant gone: a seal of it was kept", (await terminal.Run("verify", "--seal", $"gone{kept[4..]}")).Out, StringComparison.Ordinal);
        Assert.Equal(2, (await terminal.Run("verify", "--seal", "demo:1")).Code);
    }
}
