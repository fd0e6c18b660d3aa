using DuckDB.NET.Data;
using Kalends.Messages;
using Kalends.Tests.Conversations;
using Kalends.Tests.Copying;
using NodaTime;

namespace Kalends.Tests.CommandLine;

/// <summary>What is exported is read back by a program that has nothing to do with ours.</summary>
public class ExportEventsTests
{
    private static readonly Caller Globex = Desk.As("user:zoe", tenant: "globex");

    [Fact]
    public async Task Trail_and_publications_are_there_by_day_and_mean_what_the_store_says()
    {
        await using var desk = await Desk.Open();
        using var terminal = new Terminal();
        var folder = terminal.File("events");
        var id = await desk.Save(Meeting("2026-11-23T09:00:00", "Fünf ☕ \"quoted\""));
        desk.Clock.Now += Duration.FromDays(1);
        await desk.Save($$"""{"id":"{{id}}",{{At("2026-11-24T09:00:00")}},"title":"Moved"}""");
        await desk.Save(Meeting("2026-11-23T09:00:00", "Theirs"), Globex);
        await desk.Save("""{"start":"2026-12-24","allDay":true,"duration":"P1D"}""");
        await desk.Do("delete-appointments", $$"""{"appointments":[{"id":"{{id}}"}]}""");
        await desk.Do("set-open-hours", """{"calendar":"user:ana","openHours":[{"rule":"FREQ=DAILY","start":"08:00","end":"17:00"}],"timeZone":"UTC"}""");

        var said = await CopyCommand.Run("export-events", "--to", folder, "--store", desk.ConnectionString);
        Assert.True(said.Code == 0, said.Error);
        Assert.Contains("11 trail entries and publications written to 6 files", said.Error, StringComparison.Ordinal);
        Assert.True(File.Exists($"{folder}/trail/day=2026-11-01/part-0.parquet"));
        Assert.True(File.Exists($"{folder}/trail/day=2026-11-02/part-1.parquet"));
        Assert.Equal(
            [
                $"acme|user:ana|web|save-appointments|{id}|created|1|user:ana|2026-11-23 09:00:00+00|2026-11-23 10:00:00+00|null|Fünf ☕ \"quoted\"",
                $"acme|user:ana|web|save-appointments|{id}|modified|2|user:ana|2026-11-24 09:00:00+00|2026-11-24 10:00:00+00|Fünf ☕ \"quoted\"|Moved",
                $"acme|user:ana|web|delete-appointments|{id}|deleted|2|user:ana|2026-11-24 09:00:00+00|2026-11-24 10:00:00+00|Moved|null",
            ],
            Ask($$"""
                SELECT tenant, "by", app, command, appointment, kind, version, owner, span_from, span_to, before->>'title', after->>'title'
                FROM '{{folder}}/trail/*/*.parquet' WHERE appointment = '{{id}}' ORDER BY entry
                """));
        Assert.Equal(["2026-11-01|1|1", "2026-11-02|5|4"], Ask($"SELECT day, count(*), count(appointment) FROM '{folder}/trail/*/*.parquet' GROUP BY day ORDER BY day"));
        Assert.Equal(["2026-11-01 10:00:00+00|2026-11-02 10:00:00+00"], Ask($"SELECT min(\"at\"), max(\"at\") FROM '{folder}/trail/*/*.parquet'"));
        Assert.Equal(
            ["kalends.appointment.created.v1|3|1.0", "kalends.appointment.deleted.v1|1|1.0", "kalends.appointment.modified.v1|1|1.0"],
            Ask($"SELECT type, count(DISTINCT id), min(specversion) FROM '{folder}/publications/*/*.parquet' GROUP BY type ORDER BY type"));
        Assert.Equal([$"{id}|{id}"], Ask($"SELECT DISTINCT subject, data->>'id' FROM '{folder}/publications/*/*.parquet' WHERE subject = '{id}'"));
    }

    [Fact]
    public async Task A_time_and_a_tenant_are_exported_alone_and_a_day_that_is_exported_again_is_there_once()
    {
        await using var desk = await Desk.Open();
        using var terminal = new Terminal();
        var folder = terminal.File("events");
        await desk.Save(Meeting("2026-11-23T09:00:00", "First"));
        desk.Clock.Now += Duration.FromDays(1);
        await desk.Save(Meeting("2026-11-23T10:00:00", "Second"));
        await desk.Save(Meeting("2026-11-23T10:00:00", "Theirs"), Globex);
        Assert.Equal(0, (await Export("--since", "2026-11-02", "--until", "2026-11-03", "--tenant", "acme")).Code);
        Assert.Equal(["Second"], Titles());
        Assert.Equal(0, (await Export("--since", "2026-11-02")).Code);
        Assert.Equal(["Second", "Theirs"], Titles());
        Assert.Equal(0, (await Export("--until", "2026-11-02")).Code);
        Assert.Equal(["First", "Second", "Theirs"], Titles());
        Assert.Equal(1, (await Export("--tenant", "nobody")).Code);
        Assert.Equal(2, (await Export("--since", "yesterday")).Code);

        Task<Said> Export(params string[] more) => CopyCommand.Run(["export-events", "--to", folder, "--store", desk.ConnectionString, .. more]);

        List<string> Titles() => Ask($"SELECT after->>'title' FROM '{folder}/trail/*/*.parquet' ORDER BY 1");
    }

    private static string Meeting(string start, string title) =>
        $$"""{{{At(start)}},"title":{{System.Text.Json.JsonSerializer.Serialize(title)}}}""";

    private static string At(string start) => $"\"start\":\"{start}\",\"timeZone\":\"UTC\",\"duration\":\"PT1H\"";

    private static List<string> Ask(string sql)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SET TimeZone = 'UTC'";
        command.ExecuteNonQuery();
        command.CommandText = $"SELECT concat_ws('|', {Columns(sql)}) FROM ({sql})";
        using var rows = command.ExecuteReader();
        var found = new List<string>();
        while (rows.Read())
        {
            found.Add(rows.GetString(0));
        }

        return found;

        string Columns(string asked)
        {
            command.CommandText = $"DESCRIBE {asked}";
            using var columns = command.ExecuteReader();
            var names = new List<string>();
            while (columns.Read())
            {
                names.Add($"coalesce(\"{columns.GetString(0).Replace("\"", "\"\"", StringComparison.Ordinal)}\"::text, 'null')");
            }

            return string.Join(", ", names);
        }
    }
}

[Trait(Desk.OnPostgres, "")]
public sealed class ExportEventsOnPostgresTests : ExportEventsTests;
