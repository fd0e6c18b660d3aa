using Kalends.Appointments;
using Kalends.Storage.Sqlite;
using Microsoft.Data.Sqlite;
using static Kalends.Tests.Storage.Examples;
using static Kalends.Tests.Storage.SeriesExamples;

namespace Kalends.Tests.Storage;

/// <summary>The same for series: whatever is done to them behind the store's back, `verify` says so.</summary>
public sealed class SqliteSeriesSoundnessTests : IAsyncLifetime
{
    private readonly TemporaryFile file = new();
    private readonly SqliteStore store;

    public SqliteSeriesSoundnessTests() => store = new(file.ConnectionString);

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await store.Migrate(Stopped);
        await using var session = await store.Write("acme", Stopped);
        var series = Weekly(1, Ana, Ben);
        await session.Detach(series, await session.CreateSeries(series, 4), 2, says => says with { Title = "By itself" });
        await session.Key(Room);
        await session.Commit(Stopped);
    }

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        file.Dispose();
    }

    [Theory]
    [InlineData("DELETE FROM series", "an occurrence belongs to no series, or differs from it")]
    [InlineData("DELETE FROM series", "does not say how far it is stored")]
    [InlineData("UPDATE appointment SET owner = 2 WHERE detached = 0 AND series IS NOT NULL", "differs from it")]
    [InlineData("UPDATE appointment SET privacy = 2 WHERE series IS NULL", "differs from it")]
    [InlineData("UPDATE appointment SET body = '{\"a\":1}' WHERE detached = 0 AND series IS NOT NULL", "differs from it")]
    [InlineData("UPDATE open_series SET stored_until = 5", "has another horizon than the series itself")]
    [InlineData("DELETE FROM open_series WHERE calendar = 2", "a series that goes on is not found on its calendar user:ben: 019ab0c2-0000-7000-8000-000000000001")]
    [InlineData("INSERT INTO open_series SELECT tenant, 3, id, stored_until FROM series", "a series is kept as going on where it does not")]
    [InlineData("DELETE FROM attendance WHERE start_at = (SELECT max(start_at) FROM attendance)", "an appointment lies on no calendar")]
    [InlineData("DELETE FROM attendance WHERE calendar = 2 AND start_at = (SELECT max(start_at) FROM attendance)", "lacks its attendance in calendar 2")]
    [InlineData("UPDATE attendance SET busy = 0", "that does not follow from it")]
    [InlineData(
        "DELETE FROM appointment WHERE series IS NOT NULL AND start_at = (SELECT min(start_at) FROM appointment); DELETE FROM attendance WHERE start_at < 1794000000",
        "lacks its occurrence of")]
    [InlineData("UPDATE series SET stored_until = stored_until + 700000; UPDATE open_series SET stored_until = stored_until + 700000", "lacks its occurrence of")]
    [InlineData("UPDATE series SET stored_until = stored_until - 700000; UPDATE open_series SET stored_until = stored_until - 700000", "has an occurrence at")]
    [InlineData("UPDATE appointment SET body = json_replace(body, '$.recurrence.rule', 'FREQ=WEEKLY;COUNT=4') WHERE series IS NULL", "is kept as going on, and has ended")]
    [InlineData("UPDATE appointment SET body = json_replace(body, '$.recurrence.rule', 'FREQ=WEEKLY;COUNT=2') WHERE series IS NULL", "has a changed occurrence of")]
    [InlineData("UPDATE appointment SET body = json_remove(body, '$.recurrence') WHERE series IS NULL", "does not recur, but is kept as a series")]
    [InlineData("UPDATE appointment SET title = 'x' WHERE detached = 1", "has columns that differ from what it says")]
    public async Task What_should_never_be_of_a_series_is_found(string damage, string sentence)
    {
        Assert.Empty(await Found());
        using (var connection = new SqliteConnection($"{file.ConnectionString};Pooling=False;Foreign Keys=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = damage;
            Assert.True(command.ExecuteNonQuery() > 0);
        }

        Assert.Contains(await Found(), finding => finding.Contains(sentence, StringComparison.Ordinal));
    }

    private async Task<List<string>> Found() =>
        [.. await store.FindBroken(Stopped).ToListAsync(Stopped), .. await Verification.Run(store, "acme", NodaTime.Instant.MinValue, stopped: Stopped).ToListAsync(Stopped)];
}
