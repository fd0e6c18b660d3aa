using System.Text;
using Kalends.Appointments;
using Kalends.Messages;
using Kalends.Permissions;
using Kalends.Storage;
using Kalends.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace Kalends.Tests.Conversations;

/// <summary>What clients carry from a store is refused, with what to do, by one that was restored from an older copy.</summary>
public sealed class RestoredTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("kalends-restored-").FullName;
    private readonly List<SqliteStore> stores = [];
    private Desk desk = null!;

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => desk = await Desk.Open();

    public async ValueTask DisposeAsync()
    {
        await desk.DisposeAsync();
        foreach (var store in stores)
        {
            await store.DisposeAsync();
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Tokens_cursors_and_positions_from_after_the_copy_are_refused_and_those_from_before_go_on()
    {
        var before = await Carry(1);
        Copy();
        var after = await Carry(4);

        var restored = Open();
        Assert.Null((await Ask(restored, "get-changes", before.Token)).Refusal);
        Assert.Null((await Ask(restored, "get-calendars", before.Cursor)).Refusal);
        Assert.Null((await Ask(restored, "get-calendars", "{}", before.Position)).Refusal);

        Refused(RefusalCode.SyncTokenExpired, "synchronise again without a token", await Ask(restored, "get-changes", after.Token));
        Refused(RefusalCode.CursorExpired, "ask the query again without a cursor", await Ask(restored, "get-calendars", after.Cursor));
        Refused(RefusalCode.Invalid, "Kalends-Position names what this store has not come to", await Ask(restored, "get-calendars", "{}", after.Position));
    }

    /// <summary>Where as much has been saved anew as was lost, numbers alone do not tell.</summary>
    [Fact]
    public async Task Once_it_is_marked_as_restored_no_token_and_no_cursor_from_before_go_on_and_new_ones_do()
    {
        var before = await Carry(1);
        Copy();
        await Open().MarkRestored(Stopped);
        await Open().MarkRestored(Stopped);
        var restored = Open();
        Refused(RefusalCode.SyncTokenExpired, "synchronise again without a token", await Ask(restored, "get-changes", before.Token));
        Refused(RefusalCode.CursorExpired, "ask the query again without a cursor", await Ask(restored, "get-calendars", before.Cursor));
        Refused(RefusalCode.Invalid, "is not a token", await Ask(restored, "get-changes", before.Token.Replace("user:ana", "user:ben", StringComparison.Ordinal)));

        var anew = (Changes)(await Ask(restored, "get-changes", """{"calendar":"user:ana"}""")).Result!;
        Assert.Null((await Ask(restored, "get-changes", $$"""{"calendar":"user:ana","since":"{{anew.Token}}"}""")).Refusal);
    }

    [Fact]
    public async Task However_often_a_store_is_restored_it_keeps_a_handful_of_keys()
    {
        var before = await Carry(1);
        Copy();
        for (var restore = 1; restore <= 8; restore++)
        {
            await Open().MarkRestored(Stopped);
        }

        Refused(RefusalCode.Invalid, "is not a token", await Ask(Open(), "get-changes", before.Token));
        Assert.Null((await Ask(Open(), "get-changes", """{"calendar":"user:ana"}""")).Refusal);
    }

    /// <summary>Saves, and gives queries with a token and a cursor made then, and the save's position.</summary>
    private async Task<(string Token, string Cursor, Position Position)> Carry(int day)
    {
        var saved = await desk.Run("save-appointments", $$"""
            {"appointments":[{"start":"2026-11-0{{day}}T09:00:00","duration":"PT1H","attendees":[{"calendar":"user:ana"},{"calendar":"user:ben"}]}]}
            """);
        var token = (string)(await desk.Do("get-changes", """{"calendar":"user:ana"}"""))["token"]!;
        var cursor = (string)(await desk.Do("get-calendars", """{"limit":1}"""))["cursor"]!;
        return ($$"""{"calendar":"user:ana","since":"{{token}}"}""", $$"""{"limit":1,"cursor":"{{cursor}}"}""", saved.Position!.Value);
    }

    private ValueTask<Reply> Ask(SqliteStore store, string query, string json, Position? atLeast = null) => Catalogue.Entries
        .Single(entry => entry.Name == query).Run(
            new(store, new RelationPermissions(), desk.Clock), Encoding.UTF8.GetBytes(json), Desk.As("user:ana"), new() { AtLeast = atLeast }, Stopped);

    private static void Refused(RefusalCode code, string sentence, Reply reply)
    {
        Assert.Equal(code, reply.Refusal?.Code);
        Assert.Contains(sentence, reply.Refusal!.Detail, StringComparison.Ordinal);
    }

    /// <summary>The copy, as a process that starts on it has it.</summary>
    private SqliteStore Open()
    {
        stores.Add(new($"Data Source={folder}/copy.db"));
        return stores[^1];
    }

    private void Copy()
    {
        using var source = new SqliteConnection($"Data Source={desk.File};Pooling=false");
        using var copy = new SqliteConnection($"Data Source={folder}/copy.db;Pooling=false");
        source.Open();
        copy.Open();
        source.BackupDatabase(copy);
    }
}
