using Kalends.Storage.Sqlite;

namespace Kalends.Tests.Processes;

public sealed class ZoneNoticeTests
{
    [Fact]
    public async Task Serve_says_when_the_store_was_written_with_other_time_zones_and_serves()
    {
        using var folder = new KalendsFolder();
        await using (var store = new SqliteStore($"Data Source={folder.File}"))
        {
            await store.Migrate(TestContext.Current.CancellationToken);
            await store.SetZoneRelease("2019c", TestContext.Current.CancellationToken);
        }

        await using var server = await KalendsProcess.Start(folder);
        Assert.Contains($"time zones of 2019c, this program has {Time.Zones.Release}: run kalends rezone", $"{server.Log}", StringComparison.Ordinal);
    }
}
