using System.Text;
using Kalends.Messages;
using Kalends.Permissions;
using Kalends.Storage;
using Kalends.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace Kalends.Tests.Conversations;

/// <summary>What clients carry from a store is refused, with what to do, by one that was restored from an older copy.</summary>
public sealed class RestoredTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("kalends-restored-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Tokens_cursors_and_positions_from_after_the_copy_are_refused_and_those_from_before_go_on()
    {
        await using var desk = await Desk.Open();
        var before = await Carried(desk, 1);
        Copy(desk.File, Path.Combine(folder, "copy.db"));
        var after = await Carried(desk, 4);

        await using var store = new SqliteStore($"Data Source={folder}/copy.db");
        var restored = new Dispatcher(store, new OwnCalendarOnly(), desk.Clock);
        Assert.Null((await Ask("get-changes", before.Token)).Refusal);
        Assert.Null((await Ask("get-calendars", before.Cursor)).Refusal);
        Assert.Null((await Ask("get-calendars", "{}", before.Position)).Refusal);

        Refused(RefusalCode.SyncTokenExpired, "synchronise again without a token", await Ask("get-changes", after.Token));
        Refused(RefusalCode.CursorExpired, "ask the query again without a cursor", await Ask("get-calendars", after.Cursor));
        Refused(RefusalCode.Invalid, "Kalends-Position names what this store has not come to", await Ask("get-calendars", "{}", after.Position));

        ValueTask<Reply> Ask(string query, string json, Position? atLeast = null) => Catalogue.Entries.Single(entry => entry.Name == query)
            .Run(restored, Encoding.UTF8.GetBytes(json), Desk.As("user:ana"), new() { AtLeast = atLeast }, TestContext.Current.CancellationToken);
    }

    /// <summary>Saves, and gives queries with a token and a cursor made then, and the save's position.</summary>
    private static async Task<(string Token, string Cursor, Position Position)> Carried(Desk desk, int day)
    {
        var saved = await desk.Run("save-appointments", $$"""
            {"appointments":[{"start":"2026-11-0{{day}}T09:00:00","duration":"PT1H","attendees":[{"calendar":"user:ana"},{"calendar":"user:ben"}]}]}
            """);
        var token = (string)(await desk.Do("get-changes", """{"calendar":"user:ana"}"""))["token"]!;
        var cursor = (string)(await desk.Do("get-calendars", """{"limit":1}"""))["cursor"]!;
        return ($$"""{"calendar":"user:ana","since":"{{token}}"}""", $$"""{"limit":1,"cursor":"{{cursor}}"}""", saved.Position!.Value);
    }

    private static void Refused(RefusalCode code, string sentence, Reply reply)
    {
        Assert.Equal(code, reply.Refusal?.Code);
        Assert.Contains(sentence, reply.Refusal!.Detail, StringComparison.Ordinal);
    }

    private static void Copy(string from, string to)
    {
        using var source = new SqliteConnection($"Data Source={from};Pooling=false");
        using var copy = new SqliteConnection($"Data Source={to};Pooling=false");
        source.Open();
        copy.Open();
        source.BackupDatabase(copy);
    }
}
