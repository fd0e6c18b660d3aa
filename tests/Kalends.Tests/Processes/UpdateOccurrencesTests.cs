using System.Globalization;
using Kalends.Appointments;
using Kalends.Messages;
using Kalends.Permissions;
using Kalends.Storage.Sqlite;
using Kalends.Tests.CommandLine;
using Kalends.Tests.Conversations;
using Kalends.Tests.Storage;
using Microsoft.Data.Sqlite;
using NodaTime;

namespace Kalends.Tests.Processes;

/// <summary>Ten thousand series that go on are stored further: killed in the middle and run again it comes to the same, and memory stays flat.</summary>
[Collection(nameof(WholeServers))]
public sealed class UpdateOccurrencesTests : IDisposable
{
    private const int Series = 10_000;

    private const string Rows = "SELECT hex(id), start_at, end_at, detached, version FROM appointment ORDER BY id";

    private const string Horizons = "SELECT hex(id), stored_until FROM series ORDER BY id";

    private const string Attendances = "SELECT calendar, start_at, hex(appointment), busy FROM attendance ORDER BY calendar, start_at, appointment";

    private readonly Terminal terminal = new();

    public void Dispose() => terminal.Dispose();

    [Fact]
    public async Task Killed_in_the_middle_and_run_again_is_the_same_as_one_run()
    {
        await Seed(terminal.Store, Series);
        var undisturbed = terminal.File("undisturbed.db");
        File.Copy(terminal.Store, undisturbed);
        var (_, most) = await Update(undisturbed);
        Assert.Equal(["1"], StoredRows.Of(undisturbed, "SELECT count(DISTINCT stored_until) FROM series"));

        var before = StoredRows.Of(terminal.Store, "SELECT count(*) FROM appointment")[0];
        using (var process = terminal.Begin(Environment(terminal.Store), "update-occurrences", "--tenant", "acme"))
        {
            while (!process.HasExited && StoredRows.Of(terminal.Store, "SELECT count(*) FROM appointment")[0] == before)
            {
                await Task.Delay(1, TestContext.Current.CancellationToken);
            }

            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        var partly = StoredRows.Of(terminal.Store, Rows).Count;
        Assert.InRange(partly, long.Parse(before, CultureInfo.InvariantCulture) + 1, StoredRows.Of(undisturbed, Rows).Count - 1);
        await Update(terminal.Store);
        foreach (var sql in new[] { Rows, Horizons, Attendances })
        {
            Assert.Equal(StoredRows.Of(undisturbed, sql), StoredRows.Of(terminal.Store, sql));
        }

        await using var store = new SqliteStore($"Data Source={terminal.Store}");
        Assert.Empty(await store.FindBroken(TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken));
        var findings = Verification.Run(store, "acme", SystemClock.Instance.GetCurrentInstant(), stopped: TestContext.Current.CancellationToken);
        Assert.Empty(await findings.ToListAsync(TestContext.Current.CancellationToken));
        await CheckMemory(most);
    }

    /// <summary>Of a tenth of the series: what it needs does not grow with them.</summary>
    private async Task CheckMemory(long mostOfAll)
    {
        var few = terminal.File("few.db");
        await Seed(few, Series / 10);
        var (_, most) = await Update(few);
        TestContext.Current.TestOutputHelper?.WriteLine($"peak memory: {most / 1024} MB for {Series / 10} series, {mostOfAll / 1024} MB for {Series}");
        Assert.True(mostOfAll < most + (40 * 1024), $"{mostOfAll} kB for {Series} series, {most} kB for a tenth of them");
    }

    private async Task<(Said Said, long PeakKilobytes)> Update(string store)
    {
        var began = System.Diagnostics.Stopwatch.StartNew();
        using var process = terminal.Begin(Environment(store), "update-occurrences", "--tenant", "acme");
        var (said, complained) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        var peak = 0L;
        while (!process.HasExited)
        {
            peak = Math.Max(peak, Peak(process.Id));
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        Assert.True(process.ExitCode == 0, await complained);
        TestContext.Current.TestOutputHelper?.WriteLine($"{Path.GetFileName(store)}: {began.Elapsed.TotalSeconds:0.0} s");
        return (new(process.ExitCode, await said, await complained), peak);
    }

    /// <summary>VmHWM: the most memory it ever had, in kB.</summary>
    private static long Peak(int process)
    {
        try
        {
            var line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(line => line.StartsWith("VmHWM", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(new string([.. line.Where(char.IsDigit)]), CultureInfo.InvariantCulture);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    private static Dictionary<string, string> Environment(string store) => new() { ["ConnectionStrings__Kalends"] = $"Data Source={store}" };

    /// <summary>Monthly series, as they were stored seventy days ago: two or three occurrences are due of each.</summary>
    private static async Task Seed(string file, int series)
    {
        await using var store = new SqliteStore($"Data Source={file}");
        await store.Migrate(TestContext.Current.CancellationToken);
        var clock = new StandingClock(SystemClock.Instance.GetCurrentInstant() - Duration.FromDays(70));
        var dispatcher = new Dispatcher(store, new RelationPermissions(), clock);
        var save = Catalogue.Entries.Single(entry => entry.Name == "save-appointments");
        var start = clock.Now.InUtc().Date;
        for (var call = 0; call < series; call += 1_000)
        {
            var all = string.Join(',', Enumerable.Range(call, 1_000).Select(number => $$"""
                {"title":"{{number}}","start":"{{start.PlusDays(number % 20):uuuu-MM-dd}}T{{8 + (number % 9):00}}:00:00","timeZone":"Europe/Paris","duration":"PT30M",
                 "recurrence":{"rule":"FREQ=WEEKLY;INTERVAL=4"},"attendees":[{"calendar":"user:u{{number % 300}}"},{"calendar":"user:v{{number % 70}}"}]}
                """));
            var reply = await save.Run(
                dispatcher, System.Text.Encoding.UTF8.GetBytes($$"""{"appointments":[{{all}}]}"""), Desk.As("user:ana"), new(), TestContext.Current.CancellationToken);
            Assert.Null(reply.Refusal);
        }

        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
        command.ExecuteNonQuery();
    }
}
