using System.Collections.Concurrent;
using Kalends.Appointments;
using Kalends.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace Kalends.Tests.Processes;

/// <summary>The process is killed without warning while four writers save; what was acknowledged must be there, whole, once.</summary>
[Collection(nameof(WholeServers))]
public sealed class KillTests
{
    private const int Rounds = 20;
    private const int Writers = 4;

    [Fact]
    public async Task Nothing_acknowledged_is_lost_when_the_process_is_killed()
    {
        using var folder = new KalendsFolder();
        var acknowledged = new ConcurrentDictionary<string, int>();
        for (var round = 0; round < Rounds; round++)
        {
            await using var server = await KalendsProcess.Start(folder);
            var writers = Enumerable.Range(0, Writers).Select(writer => Write(server, $"user:w{writer}", round, acknowledged)).ToList();
            // In the middle of many saves; every fifth time before it has answered its first one.
            for (var (before, attempt) = (acknowledged.Count, 0); round % 5 != 0 && acknowledged.Count == before && attempt < 200; attempt++)
            {
                await Task.Delay(10, TestContext.Current.CancellationToken);
            }

            await Task.Delay(round * 20, TestContext.Current.CancellationToken);
            server.Kill();
            await Task.WhenAll(writers);
        }

        Assert.True(acknowledged.Count >= Rounds * 3, $"only {acknowledged.Count} saves were acknowledged in {Rounds} rounds");
        await Check(folder, acknowledged);
    }

    [Fact]
    public async Task An_idempotency_key_is_remembered_by_the_process_that_comes_after()
    {
        using var folder = new KalendsFolder();
        const string Save = """{"appointments":[{"start":"2026-11-23T09:00:00","duration":"PT1H"}]}""";
        string id;
        await using (var first = await KalendsProcess.Start(folder))
        {
            id = (string)(await first.Post("commands/save-appointments", Save, key: "once")).Body!["saved"]![0]!["id"]!;
            first.Kill();
        }

        await using var second = await KalendsProcess.Start(folder);
        Assert.Equal(id, (string)(await second.Post("commands/save-appointments", Save, key: "once")).Body!["saved"]![0]!["id"]!);
    }

    /// <summary>Saves three appointments a call, so that a half-done call would show, until the server is gone.</summary>
    private static async Task Write(KalendsProcess server, string person, int round, ConcurrentDictionary<string, int> acknowledged)
    {
        for (var number = 0; ; number++)
        {
            var three = string.Join(',', Enumerable.Range(0, 3).Select(part =>
                $$"""
                {"title":"{{round}}/{{number}}/{{part}}","start":"2026-11-23T09:00:00","duration":"PT1H",
                 "metadata":{"call":"{{person}} {{round}} {{number}}" } }
                """));
            try
            {
                var (status, body) = await server.Post("commands/save-appointments", $$"""{"appointments":[{{three}}]}""", person);
                if (status == System.Net.HttpStatusCode.OK)
                {
                    foreach (var saved in body!["saved"]!.AsArray())
                    {
                        acknowledged[(string)saved!["id"]!] = number;
                    }
                }
            }
            catch (Exception gone) when (gone is HttpRequestException or IOException or System.Text.Json.JsonException)
            {
                return;
            }
        }
    }

    private static async Task Check(KalendsFolder folder, ConcurrentDictionary<string, int> acknowledged)
    {
        await using var store = new SqliteStore($"Data Source={folder.File}");
        var stopped = TestContext.Current.CancellationToken;
        await foreach (var finding in store.FindBroken(stopped))
        {
            Assert.Fail(finding);
        }

        await foreach (var finding in Verification.Run(store, "acme", NodaTime.SystemClock.Instance.GetCurrentInstant(), stopped: stopped))
        {
            Assert.Fail(finding);
        }

        using var connection = new SqliteConnection($"Data Source={folder.File};Pooling=False");
        connection.Open();
        var stored = Strings(connection, "SELECT lower(hex(id)) FROM appointment");
        Assert.Empty(acknowledged.Keys.Select(id => id.Replace("-", "", StringComparison.Ordinal)).Except(stored));
        var published = Strings(connection, "SELECT subject FROM outbox");
        Assert.Equal(stored.Count, published.Count);
        Assert.Empty(acknowledged.Keys.Except(published));
        // A call is whole or not there: each call's three appointments are stored together.
        Assert.Empty(Strings(connection, "SELECT json_extract(body, '$.metadata.call') FROM appointment GROUP BY 1 HAVING count(*) <> 3"));
    }

    private static HashSet<string> Strings(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var found = new HashSet<string>();
        while (reader.Read())
        {
            Assert.True(found.Add(reader.GetString(0)), $"{reader.GetString(0)} stands twice in: {sql}");
        }

        return found;
    }
}
