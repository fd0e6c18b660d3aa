using Kalends.Tests.CommandLine;
using Microsoft.Data.Sqlite;

namespace Kalends.Tests.Processes;

/// <summary>Rezoning thousands, killed without warning in the middle and run again, comes to what one undisturbed run comes to.</summary>
[Collection(nameof(WholeServers))]
public sealed class RezoneKillTests : IDisposable
{
    private const int Appointments = 5_000;
    private const int Rooms = 25;

    /// <summary>Back to back from eight to four: whoever moves by an hour lands where the next one stood.</summary>
    private const int PerDay = 8;

    private const string Changed = "SELECT count(*) FROM trail WHERE kind = 'modified'";

    /// <summary>All but when it was changed, which no two runs share.</summary>
    private const string Rows = """
        SELECT hex(id), version, start_at, end_at, json_remove(body, '$.updatedAt') FROM appointment ORDER BY id
        """;

    private const string Attendances = "SELECT calendar, start_at, end_at, hex(appointment), busy FROM attendance ORDER BY calendar, start_at, appointment";

    private const string Published = "SELECT type, subject, data FROM outbox ORDER BY seq";

    private readonly OlderZones zones = new();

    public void Dispose() => zones.Dispose();

    [Fact]
    public async Task Killed_in_the_middle_and_run_again_is_the_same_as_one_run()
    {
        await zones.Saved("save-appointments", $$"""{"appointments":[{{string.Join(',', Enumerable.Range(0, Appointments).Select(Appointment))}}]}""");
        var undisturbed = zones.PathOf("undisturbed.db");
        File.Copy(zones.Store, undisturbed);
        Assert.Equal(0, (await zones.NowOn(undisturbed, "rezone")).Code);
        Assert.Equal([$"{Appointments}"], zones.Rows(Changed, undisturbed));
        // Each landed where the next one in its room stood, and none was in another's way.
        Assert.Equal(["0"], zones.Rows("SELECT count(*) FROM attendance WHERE busy = 0", undisturbed));

        await KillInTheMiddle();
        var kept = long.Parse(Assert.Single(zones.Rows(Changed)), null);
        Assert.InRange(kept, 1, Appointments - 1);
        Assert.Equal([OlderZones.Release], zones.Rows("SELECT value FROM meta WHERE name = 'time-zones'"));
        Assert.Equal(0, (await zones.Now("rezone")).Code);

        foreach (var sql in new[] { Rows, Attendances, Published, Changed, "SELECT id, version FROM calendar ORDER BY id", "SELECT count(*) FROM command" })
        {
            Assert.Equal(zones.Rows(sql, undisturbed), zones.Rows(sql));
        }

        var verified = await zones.Now("verify");
        Assert.True(verified.Code == 0, verified.Out);
    }

    private static string Appointment(int number)
    {
        var (room, slot) = (number % Rooms, number / Rooms);
        var start = new NodaTime.LocalDateTime(2047, 6, 1, 8, 0).PlusDays(slot / PerDay).PlusHours(slot % PerDay);
        return $$"""
            {"title":"{{number}}","start":"{{start:uuuu-MM-dd'T'HH:mm:ss}}","timeZone":"America/Mexico_City","duration":"PT1H",
             "attendees":[{"calendar":"user:u{{number % 100}}"},{"calendar":"room:r{{room}}"}]}
            """;
    }

    private async Task KillInTheMiddle()
    {
        using var process = zones.Begin(zones.Store, "rezone");
        using var connection = new SqliteConnection($"Data Source={zones.Store};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = Changed;
        while (!process.HasExited && (long)command.ExecuteScalar()! == 0)
        {
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        // SIGKILL: no handler, no flush, no farewell.
        process.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }
}
