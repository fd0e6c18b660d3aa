using System.Text;
using Kalends.Appointments;
using Kalends.Messages;
using Kalends.Storage;
using Kalends.Tests.Audit;
using Kalends.Tests.Postgres;
using Microsoft.Data.Sqlite;
using NodaTime;

namespace Kalends.Tests.Conversations;

/// <summary>What people wrote is erased from the trail, and everything else about it still holds.</summary>
public class ErasingTests
{
    private const string Written = """
        "title":"Secret \"title\":\" plan","description":"Long secret","location":"Secret place","metadata":{"title":"secret deal","x":"secret"},
        "links":[{"uri":"https://x.example/","title":"secret link"}],"attachments":[{"uri":"https://y.example/","title":"secret file","size":7}]
        """;

    private static readonly Caller Admin = Desk.As("user:ana", scopes: Scopes.Read | Scopes.Write | Scopes.Admin);

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Texts_are_erased_and_who_did_what_when_stays_whether_it_was_sealed_or_not(bool isSealed)
    {
        await using var desk = await Desk.Open();
        var id = await desk.Save(Meeting("2026-11-23T09:00:00"));
        await desk.Save($$"""{"id":"{{id}}",{{At("2026-11-24T09:00:00")}},{{Written.Replace("Secret", "Later secret", StringComparison.Ordinal)}}}""");
        var gone = await desk.Save(Meeting("2026-11-25T09:00:00"));
        await desk.Do("delete-appointments", $$"""{"appointments":[{"id":"{{gone}}"}]}""");
        var others = await desk.Save(
            $$"""{"owner":"user:ben",{{At("2026-11-23T10:00:00")}},"title":"Of Ben","attendees":[{"calendar":"user:ana"},{"calendar":"user:ben"}]}""", Desk.As("user:ben"));
        if (isSealed)
        {
            Assert.Equal(5, await Chain.Seal(desk.Store, "acme"));
        }

        var before = await Trail(desk, id, gone);
        Assert.Contains("secret", string.Join('\n', before), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(5, (int)(await desk.Do("erase-titles", """{"calendar":"user:ana"}""", Admin))["erased"]!);
        Assert.DoesNotContain("secret", string.Join('\n', await Trail(desk, id, gone)), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Of Ben", string.Join('\n', await Trail(desk, others)), StringComparison.Ordinal);
        Assert.Contains("https://x.example/", string.Join('\n', await Trail(desk, id)), StringComparison.Ordinal);
        Assert.All(await Trail(desk, id, gone), said => Assert.Contains("\"start\":\"2026-11-2", said, StringComparison.Ordinal));

        await IsSound(desk, unsealed: isSealed ? 1 : 6);
        await Chain.Seal(desk.Store, "acme");
        await IsSound(desk, unsealed: 0);
        Assert.Equal(0, (int)(await desk.Do("erase-titles", """{"calendar":"user:ana"}""", Admin))["erased"]!);
        Assert.Contains("Later secret", (await desk.Do("get-appointment", $$"""{"id":"{{id}}"}""")).ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_saved_afterwards_goes_on_from_what_was_erased()
    {
        await using var desk = await Desk.Open();
        var id = await desk.Save(Meeting("2026-11-23T09:00:00"));
        await desk.Do("erase-titles", """{"calendar":"user:ana"}""", Admin);
        await desk.Save($$"""{"id":"{{id}}",{{At("2026-11-24T09:00:00")}},"title":"Another secret"}""");
        await IsSound(desk, unsealed: 3);
        await desk.Do("delete-appointments", $$"""{"appointments":[{"id":"{{id}}"}]}""");
        await Chain.Seal(desk.Store, "acme");
        Assert.Equal(3, (int)(await desk.Do("erase-titles", """{"calendar":"user:ana"}""", Admin))["erased"]!);
        await IsSound(desk, unsealed: 1);
    }

    [Fact]
    public async Task Only_what_was_changed_before_a_moment_is_erased()
    {
        await using var desk = await Desk.Open();
        await desk.Save(Meeting("2026-11-23T09:00:00"));
        desk.Clock.Now += Duration.FromDays(1);
        var later = await desk.Save(Meeting("2026-11-24T09:00:00"));
        var cut = desk.Clock.Now.ToString("uuuu-MM-dd'T'HH:mm:ss'Z'", null);
        Assert.Equal(1, (int)(await desk.Do("erase-titles", $$"""{"calendar":"user:ana","before":"{{cut}}"}""", Admin))["erased"]!);
        Assert.Contains("secret", string.Join('\n', await Trail(desk, later)), StringComparison.OrdinalIgnoreCase);
        await IsSound(desk, unsealed: 3);
    }

    [Fact]
    public async Task What_a_later_change_found_is_erased_with_what_was_written_before_and_what_it_left_is_not()
    {
        await using var desk = await Desk.Open();
        var one = await desk.Save(Meeting("2026-11-23T09:00:00"));
        var series = await desk.Save($$"""{{{At("2026-11-23T12:00:00")}},{{Written}},"recurrence":{"rule":"FREQ=WEEKLY;COUNT=5"} }""");
        desk.Clock.Now += Duration.FromDays(1);
        var cut = desk.Clock.Now;
        await desk.Save($$"""{"id":"{{one}}",{{At("2026-11-24T09:00:00")}},"title":"Kept one"}""");
        var entries = await desk.Do("get-appointments", """{"timespan":{"from":"2026-11-29T00:00:00Z","to":"2026-12-02T00:00:00Z"},"attendees":["user:ana"]}""");
        var occurrence = (string)entries["entries"]![0]!["appointment"]!;
        await desk.Save($$"""{"id":"{{occurrence}}",{{At("2026-12-01T09:00:00")}},"title":"Kept two"}""");
        desk.Clock.Now += Duration.FromDays(1);
        await desk.Save($$"""{"id":"{{one}}",{{At("2026-11-24T09:00:00")}},"title":"Kept three"}""");
        Assert.Equal(4, (int)(await desk.Do("erase-titles", $$"""{"calendar":"user:ana","before":"{{cut}}"}""", Admin))["erased"]!);
        var told = (await desk.Do("get-history", """{"person":"user:ana"}""", Admin)).ToJsonString();
        Assert.DoesNotContain("secret", told, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Kept one", told, StringComparison.Ordinal);
        Assert.Contains("Kept two", told, StringComparison.Ordinal);
        Assert.Contains("Kept three", told, StringComparison.Ordinal);
        Assert.NotEqual(series, occurrence);
        await IsSound(desk, unsealed: 6);
    }

    [Fact]
    public async Task Many_are_erased_in_parts_and_a_dry_run_erases_none()
    {
        await using var desk = await Desk.Open();
        desk.WatchesVersions = false;
        var meetings = string.Join(',', Enumerable.Range(0, 600).Select(number => Meeting($"2026-12-{1 + (number % 28):00}T{number % 24:00}:00:00")));
        await desk.Do("save-appointments", $$"""{"appointments":[{{meetings}}]}""");
        var tried = await desk.Do("erase-titles", """{"calendar":"user:ana"}""", Admin, new() { DryRun = true });
        Assert.Equal((500, 100), ((int)tried["erased"]!, (int)tried["left"]!));
        var parts = new List<(long Done, long Left)>();
        var done = await desk.Do("erase-titles", """{"calendar":"user:ana"}""", Admin, new() { Progress = (first, left) => parts.Add((first, left)) });
        Assert.Equal((600, 0), ((int)done["erased"]!, (int)done["left"]!));
        Assert.Equal([(500, 100)], parts);
        await IsSound(desk, unsealed: 602);
    }

    [Fact]
    public async Task A_series_and_what_was_changed_of_it_are_erased()
    {
        await using var desk = await Desk.Open();
        var series = await desk.Save($$"""{{{At("2026-11-23T09:00:00")}},{{Written}},"recurrence":{"rule":"FREQ=WEEKLY;COUNT=5"} }""");
        var entries = await desk.Do("get-appointments", """{"timespan":{"from":"2026-11-29T00:00:00Z","to":"2026-12-02T00:00:00Z"},"attendees":["user:ana"]}""");
        var one = (string)entries["entries"]![0]!["appointment"]!;
        await desk.Save($$"""{"id":"{{one}}",{{At("2026-12-01T09:00:00")}},"title":"Secret too"}""");
        Assert.True((int)(await desk.Do("erase-titles", """{"calendar":"user:ana"}""", Admin))["erased"]! >= 2);
        Assert.DoesNotContain("secret", string.Join('\n', await Trail(desk, series, one)), StringComparison.OrdinalIgnoreCase);
        await IsSound(desk, unsealed: 3);
    }

    [Theory]
    [InlineData("UPDATE trail SET after = '{\"title\":\"Put in\"}' WHERE seq = 1", "left of the trail entries it erased is not what is there")]
    [InlineData("UPDATE trail SET after = NULL WHERE seq = 1", "left of the trail entries it erased is not what is there")]
    [InlineData("DELETE FROM trail_erasure WHERE seq = 1", "trail entry 1 is not what seal 1 was made of")]
    [InlineData("DELETE FROM trail_erasure WHERE seq = 2", "left of the trail entries it erased is not what is there")]
    [InlineData("INSERT INTO trail_erasure (seq, tenant, is_after, command, said) SELECT 3, 1, SIDE, command, (SELECT hash FROM trail_seal) FROM trail WHERE seq = 4", "left of the trail")]
    [InlineData("UPDATE command SET data = '{}' WHERE name = 'erase-titles'", "trail entry 3 is not what seal 1 was made of")]
    public async Task What_is_changed_by_hand_after_it_was_erased_is_found(string damage, string sentence)
    {
        await using var desk = await Desk.Open();
        var id = await desk.Save(Meeting("2026-11-23T09:00:00"));
        await desk.Do("delete-appointments", $$"""{"appointments":[{"id":"{{id}}"}]}""");
        await desk.Do("erase-titles", """{"calendar":"user:ana"}""", Admin);
        await Chain.Seal(desk.Store, "acme");
        await desk.Save(Meeting("2026-11-24T09:00:00"));
        await IsSound(desk, unsealed: 1);
        await Damage(desk, damage);
        Assert.Contains((await Chain.Of(desk.Store, "acme")).Findings, finding => finding.Contains(sentence, StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_is_for_administrators_and_for_calendars_that_there_are()
    {
        await using var desk = await Desk.Open();
        await desk.Save(Meeting("2026-11-23T09:00:00"));
        Assert.Equal(RefusalCode.Forbidden, (await desk.Refused("erase-titles", """{"calendar":"user:ana"}""")).Code);
        Assert.Equal(RefusalCode.NotFound, (await desk.Refused("erase-titles", """{"calendar":"user:nobody"}""", Admin)).Code);
        Assert.Equal(RefusalCode.Invalid, (await desk.Refused("erase-titles", """{"calendar":"user:ana","before":"yesterday"}""", Admin)).Code);
    }

    private static string Meeting(string start) => $$"""{{{At(start)}},{{Written}}}""";

    private static string At(string start) => $"\"start\":\"{start}\",\"timeZone\":\"UTC\",\"duration\":\"PT1H\"";

    private static async Task IsSound(Desk desk, long unsealed)
    {
        Assert.Empty(await desk.FindBroken());
        var chain = await Chain.Of(desk.Store, "acme");
        Assert.Empty(chain.Findings);
        Assert.Equal(unsealed, chain.Unsealed);
    }

    /// <summary>All that the trail says these appointments came to.</summary>
    private static async Task<List<string>> Trail(Desk desk, params string[] ids)
    {
        await using var session = await desk.Store.Read("acme", Stopped);
        var ana = (await session.Rows<ICalendarRows>().Find([new("user:ana")]))[new("user:ana")].Key;
        return [.. (await session.Rows<IChangeRows>().Between([.. ids.Select(Guid.Parse)], ana, 0, long.MaxValue)).Select(one => Encoding.UTF8.GetString(one.Said))];
    }

    private static async Task Damage(Desk desk, string sql)
    {
        if (desk.Store is Kalends.Storage.Postgres.PostgresStore)
        {
            await PrivateCluster.Execute(desk.ConnectionString, sql.Replace("SIDE", "true", StringComparison.Ordinal));
            return;
        }

        await using var connection = new SqliteConnection($"{desk.ConnectionString};Pooling=False;Foreign Keys=False");
        await connection.OpenAsync(Stopped);
        await using var command = connection.CreateCommand();
        command.CommandText = sql.Replace("SIDE", "1", StringComparison.Ordinal);
        await command.ExecuteNonQueryAsync(Stopped);
    }
}
