using Kalends.Storage;
using Kalends.Storage.Copying;
using Kalends.Storage.Postgres;
using Kalends.Tests.Conversations;
using Kalends.Tests.Postgres;
using Microsoft.Data.Sqlite;

namespace Kalends.Tests.Copying;

/// <summary>What a copy refuses to touch, and what it does when somebody was faster.</summary>
public sealed class CopyRefusalTests : IAsyncLifetime
{
    private const string Meeting = """{"start":"2026-11-23T09:00:00","timeZone":"UTC","duration":"PT1H","attendees":[{"calendar":"room:paris-3"}]}""";

    private Desk desk = null!;
    private string database = "";

    public async ValueTask InitializeAsync()
    {
        desk = await Desk.Open();
        database = await PrivateCluster.EmptyDatabase();
        await desk.Save(Meeting);
    }

    public async ValueTask DisposeAsync()
    {
        await desk.DisposeAsync();
        await PrivateCluster.Drop(database);
    }

    [Fact]
    public async Task A_target_with_other_data_is_left_as_it_is()
    {
        Assert.Equal(0, (await CopyCommand.Run("migrate", "--store", database)).Code);
        Assert.Equal(0, (await CopyCommand.Run("seed", "--people", "2", "--days", "7", "--tenant", "other", "--store", database)).Code);
        var before = await Rows();
        foreach (var more in new string[][] { [], ["--start-over"] })
        {
            var said = await CopyCommand.Copy(desk.File, database, more);
            Assert.Equal(1, said.Code);
            Assert.Contains("holds data already", said.Error, StringComparison.Ordinal);
        }

        Assert.Equal(before, await Rows());
        Assert.Contains("sound", (await CopyCommand.Run("verify", "--store", database)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_part_of_a_copy_is_served_to_nobody_and_gone_on_with_by_its_own_source_alone()
    {
        await Begin(parts: 5);
        foreach (var verb in new string[][] { ["verify"], ["get-calendars"], ["seed"], ["export", "--calendar", "user:ana"] })
        {
            var said = await CopyCommand.Run([.. verb, "--store", database]);
            Assert.Equal(1, said.Code);
            Assert.Contains("run the same `kalends copy`", said.Error, StringComparison.Ordinal);
        }

        Assert.False(await IsReady());
        await using (var other = await Desk.Open())
        {
            var said = await CopyCommand.Copy(other.File, database);
            Assert.Equal(1, said.Code);
            Assert.Contains("a part of a copy of another store", said.Error, StringComparison.Ordinal);
        }

        var done = await CopyCommand.Copy(desk.File, database);
        Assert.True(done.Code == 0, done.Error);
        Assert.True(await IsReady());
        Assert.Equal(0, (await CopyCommand.Run("verify", "--store", database)).Code);
    }

    [Fact]
    public async Task A_source_that_was_written_to_in_between_is_begun_anew_when_asked()
    {
        await Begin(parts: 7);
        await desk.Save(Meeting.Replace("23T09", "24T09", StringComparison.Ordinal));
        var said = await CopyCommand.Copy(desk.File, database);
        Assert.Equal(1, said.Code);
        Assert.Contains("The source was written to since this copy began", said.Error, StringComparison.Ordinal);
        var anew = await CopyCommand.Copy(desk.File, database, "--start-over");
        Assert.True(anew.Code == 0, anew.Error);
        Assert.Equal(2L, await PrivateCluster.Execute(database, "SELECT count(*) FROM appointment"));
    }

    [Fact]
    public async Task What_is_written_while_it_is_copied_keeps_the_target_closed()
    {
        var stopped = TestContext.Current.CancellationToken;
        await using var copy = await StoreCopy.Open(StoreChoice.Of("sqlite:" + desk.File), StoreChoice.Of(database), stopped);
        Assert.Null(await copy.Begin(startOver: false, stopped));
        await desk.Refused("save-appointments", $$"""{"appointments":[{{Meeting}}]}""", options: new() { IdempotencyKey = "late" });
        foreach (var part in copy.Parts)
        {
            await copy.Copy(part, _ => { }, stopped);
        }

        // The copy is of the moment it began, whole.
        Assert.All(await copy.Compare(_ => { }, stopped), part => Assert.True(part.IsSame, part.Table));
        Assert.Contains("written to while it was copied", await copy.Complete(stopped), StringComparison.Ordinal);
        Assert.Equal(1, (await CopyCommand.Run("verify", "--store", database)).Code);
    }

    [Fact]
    public async Task A_complete_copy_is_only_compared_again()
    {
        Assert.Equal(0, (await CopyCommand.Copy(desk.File, database)).Code);
        var again = await CopyCommand.Copy(desk.File, database);
        Assert.Equal(0, again.Code);
        Assert.Contains("completed before", again.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await CopyCommand.Copy(desk.File, database, "--verify-only")).Code);

        // One bit of what a row means, and none of its count.
        await PrivateCluster.Execute(database, "UPDATE attendance SET busy = 't' WHERE busy = 'b'");
        foreach (var more in new string[][] { [], ["--verify-only"] })
        {
            var said = await CopyCommand.Copy(desk.File, database, more);
            Assert.Equal(1, said.Code);
            Assert.Contains("The two stores differ", said.Error, StringComparison.Ordinal);
            Assert.Matches(@"attendance +\| acme .*DIFFERS", said.Out);
            Assert.DoesNotMatch(@"appointment +\| acme .*DIFFERS", said.Out);
        }
    }

    [Fact]
    public async Task Who_is_connected_to_the_target_goes_first()
    {
        Assert.Equal(0, (await CopyCommand.Run("migrate", "--store", database)).Code);
        await using (var store = new PostgresStore(database))
        {
            Assert.Empty(await store.Tenants(TestContext.Current.CancellationToken));
            var said = await CopyCommand.Copy(desk.File, database);
            Assert.Equal(1, said.Code);
            Assert.Contains("Another process of Kalends is connected", said.Error, StringComparison.Ordinal);
        }

        Assert.Equal(0, (await CopyCommand.Copy(desk.File, database)).Code);
    }

    [Fact]
    public async Task A_source_that_contradicts_itself_is_told_and_not_opened()
    {
        await desk.Save(Meeting.Replace("room:paris-3", "user:ana", StringComparison.Ordinal));
        await desk.Save(Meeting.Replace("room:paris-3", "user:ana", StringComparison.Ordinal));
        await using (var connection = new SqliteConnection($"Data Source={desk.File};Pooling=False"))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = "UPDATE calendar SET double_booking = 'refuse'";
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var said = await CopyCommand.Copy(desk.File, database);
        Assert.Equal(1, said.Code);
        Assert.Contains("The source contradicts itself in table attendance", said.Error, StringComparison.Ordinal);
        Assert.Equal(1, (await CopyCommand.Run("verify", "--store", database)).Code);
    }

    [Theory]
    [InlineData("Option '--to' is required", "--from", "a.db")]
    [InlineData("Option '--from' is required", "--to", "Host=x")]
    [InlineData("--from must be an SQLite store", "--from", "postgres:Host=x", "--to", "Host=y")]
    [InlineData("--to must be a PostgreSQL", "--from", "a.db", "--to", "sqlite:b.db")]
    [InlineData("--to cannot be understood", "--from", "a.db", "--to", "postgres:Data Source=b.db")]
    [InlineData("--to cannot be understood", "--from", "a.db", "--to", "postgres://x/y")]
    [InlineData("--from cannot be understood", "--from", "sqlite:", "--to", "Host=x")]
    [InlineData("exclude each other", "--from", "a.db", "--to", "Host=x", "--start-over", "--verify-only")]
    public async Task Bad_usage_is_told(string message, params string[] arguments)
    {
        var said = await CopyCommand.Run(["copy", .. arguments]);
        Assert.Equal(2, said.Code);
        Assert.Contains(message, said.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_source_and_a_target_out_of_reach_are_told()
    {
        var missing = await CopyCommand.Copy(desk.File + "-not", database);
        Assert.Equal(1, missing.Code);
        Assert.Contains("there is no store at", missing.Error, StringComparison.Ordinal);
        var unreachable = await CopyCommand.Copy(desk.File, "Host=127.0.0.1;Port=1;Username=x;Password=hush;Database=y");
        Assert.Equal(1, unreachable.Code);
        Assert.Contains("cannot be reached", unreachable.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", unreachable.Error, StringComparison.Ordinal);
        var unmigrated = await CopyCommand.Copy(desk.File, database, "--verify-only");
        Assert.Equal(1, unmigrated.Code);
        Assert.Contains("has not been brought up to date", unmigrated.Error, StringComparison.Ordinal);
    }

    /// <summary>A copy that got no further than so many tables.</summary>
    private async Task Begin(int parts)
    {
        var stopped = TestContext.Current.CancellationToken;
        await using var copy = await StoreCopy.Open(StoreChoice.Of("sqlite:" + desk.File), StoreChoice.Of(database), stopped);
        Assert.Null(await copy.Begin(startOver: false, stopped));
        foreach (var part in copy.Parts.Take(parts))
        {
            await copy.Copy(part, _ => { }, stopped);
        }
    }

    private async Task<bool> IsReady()
    {
        await using var store = new PostgresStore(database);
        return await store.IsReady(TestContext.Current.CancellationToken);
    }

    private Task<object?> Rows() => PrivateCluster.Execute(
        database, "SELECT (SELECT string_agg(name || value, ',' ORDER BY name) FROM meta) || (SELECT count(*) FROM attendance) || (SELECT max(seq) FROM trail)");
}
